"""Pictures of the main pages for the README, from a demo with some life in it: `python -m tests.screenshots`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Demo, running_demo, sign_in
from tests.browser.life import REFUSED, email_of, enliven, start_export
from tests.browser.test_lead_sync import CONNECTION, edit_mapping
from tests.test_demo import ROOT

FOLDER = Path(__file__).parent
MOST_BYTES = 200_000
DESK, WIDE, PHONE = ({"width": width, "height": height} for width, height in ((1280, 800), (1920, 800), (390, 844)))


def dashboard(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/")


def marketplace(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/core/connection/marketplace/")


def settings(page: Page, demo: Demo) -> None:
    dashboard(page, demo)
    page.get_by_role("link", name=CONNECTION).first.click()
    step(page, "Basic Settings")


def mapping(page: Page, demo: Demo) -> None:
    """Its rows, and beside them what they would do to somebody who failed."""
    edit_mapping(page, demo)
    page.get_by_label("One found by key").check()
    page.get_by_label("E-mail, phone with country code or record key").fill(email_of(REFUSED[0]))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#try-said")).to_be_visible()
    page.locator(".set-frame").scroll_into_view_if_needed()


def log(page: Page, demo: Demo) -> None:
    dashboard(page, demo)
    rows = page.get_by_role("region", name="Connections").get_by_role("row").filter(has_text=CONNECTION)
    rows.get_by_role("link", name="Log", exact=True).click()


def event(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/core/event/?tab=failed")
    page.get_by_role("link", name=re.compile(r"^R\d+$")).first.click()
    expect(page.locator("#log-panel")).to_be_visible()


def person(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/core/event/person/")
    page.get_by_label("E-mail, phone number or id").fill(email_of(REFUSED[0]))
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="How they stand")).to_be_visible()


def export(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/core/run/")
    page.get_by_role("row").filter(has_text="Running").get_by_role("link").first.click()
    expect(page.get_by_text(re.compile(r"^\d.* a minute"))).to_be_visible(timeout=30_000)


def history(page: Page, demo: Demo) -> None:
    settings(page, demo)
    page.locator("summary", has_text="More Actions").click()
    page.get_by_role("link", name="History").click()


def step(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=name).click()


# Name, how to get there, dark, at a desk or on a phone.
PICTURES: tuple[tuple[str, Callable[[Page, Demo], None], str, dict[str, int]], ...] = (
    ("dashboard", dashboard, "light", DESK),
    ("dashboard-dark", dashboard, "dark", DESK),
    ("dashboard-phone", dashboard, "light", PHONE),
    ("marketplace", marketplace, "light", DESK),
    ("settings", settings, "light", DESK),
    ("mapping", mapping, "light", WIDE),
    ("log", log, "light", DESK),
    ("event", event, "light", DESK),
    ("person", person, "light", DESK),
    ("history", history, "light", DESK),
    ("export", export, "light", DESK),
)


def take(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    for name, go, scheme, size in PICTURES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        go(page, demo)
        path = FOLDER / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size <= MOST_BYTES, f"{name} is too big: {path.stat().st_size} bytes"
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        enliven(demo)
        start_export(demo)
        take(browser.new_page(), demo)
        browser.close()


if __name__ == "__main__":
    main()
