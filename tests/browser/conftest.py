"""The demo as a user starts it, and the system's Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from integrations.core.demo.environment import free_port
from tests.test_demo import OWN, ROOT, start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Demo:
    portal: str
    practice: str
    passwords: dict[str, str]
    folder: Path

    def run(self, code: str) -> None:
        """What another system or a worker would do, inside the demo's installation."""
        secrets = dict(line.split("=", 1) for line in (self.folder / "env").read_text().splitlines())
        environment = {name: os.environ[name] for name in OWN if name in os.environ} | secrets
        database = f"sqlite:///{self.folder / 'portal.sqlite3'}"
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
        subprocess.run(command, cwd=ROOT, env=environment | {"DATABASE_URL": database}, check=True)


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    process = start("--port", str(free_port()), "--practice-port", str(free_port()), DEMO_DIR=str(folder))
    try:
        yield _printed(process, folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def _printed(process: subprocess.Popen[str], folder: Path) -> Demo:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if "Ctrl-C" in line:
            break
    portal, practice = re.findall(r"(http://\S+?)/\n", text)
    return Demo(portal, practice, dict(re.findall(r"user (\w+)\s+password (\S+)", text)), folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open, Django takes this thread for an asynchronous one."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: install your system's package, for example apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """A new window; anything the browser complains about fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Page, demo: Demo, user: str) -> None:
    page.goto(f"{demo.portal}/admin/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", demo.passwords[user])
    page.click("[type=submit]")
    page.wait_for_url(f"{demo.portal}/admin/")


def reload_until(page: Page, shown: Locator) -> None:
    """For what a worker does meanwhile, on a page that doesn't follow it by itself."""
    for _ in range(300):
        if shown.count():
            return
        page.wait_for_timeout(200)
        page.reload()
    expect(shown).to_be_visible()
