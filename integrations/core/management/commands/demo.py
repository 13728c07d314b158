"""`manage.py demo`: a whole working portal in one command, with practice vendors in place of real ones."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import autodiscover_modules
from django_q.tasks import async_task

from integrations.core.demo.children import Children
from integrations.core.demo.environment import add_options
from integrations.core.demo.journeys import Step, all_journeys
from integrations.core.setup import MARKETING, SUPPORT

START_SECONDS = 60.0
USERS = (("admin", None), ("marketing", MARKETING), ("support", SUPPORT))


class Command(BaseCommand):
    help = "Run the portal with practice vendors: set up, served and stopped by this one command."
    requires_migrations_checks = False

    def add_arguments(self, parser: Any) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if "DEMO_DIR" not in os.environ:
            raise CommandError("Start the demo as `manage.py demo`.")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.practice = os.environ["PRACTICE_URL"]
        self.stdout.write("Setting up …")
        call_command("migrate", verbosity=0, interactive=False)
        passwords = create_users()
        autodiscover_modules("journey")
        children = Children()
        try:
            self.start(children, stop)
            if stop.is_set():
                return
            for journey in all_journeys():
                journey.set_up(self.practice)
            # The minute clock starts half a minute after its cluster; the first sweep needn't wait for it.
            async_task("integrations.core.tasks.sweep")
            if options["once"]:
                self.walk()
            else:
                self.welcome(passwords)
                self.wait(children, stop)
        finally:
            self.stdout.write("Stopping …")
            children.stop()
            if options["once"]:
                shutil.rmtree(os.environ["DEMO_DIR"])

    def start(self, children: Children, stop: threading.Event) -> None:
        python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
        host, port = _host_port(self.practice)
        state = os.path.join(os.environ["DEMO_DIR"], "practice.json")  # noqa: PTH118
        children.start(
            "practice vendors", [python, manage, "sandbox", "--host", host, "--port", str(port), "--state", state]
        )
        host, port = _host_port(settings.PUBLIC_URL)
        server = ["--interface", "wsgi", "--host", host, "--port", str(port), "--blocking-threads", "4"]
        children.start("web server", [python, "-m", "granian", *server, "--no-ws", "config.wsgi:application"])
        children.start("workers", [python, manage, "qcluster", "--skip-checks"])
        for address in (self.practice, settings.PUBLIC_URL):
            wait_for(address, children, stop)

    def walk(self) -> None:
        steps = [step for journey in all_journeys() for step in journey.walk(self.practice)]
        self.table(steps)
        if not all(step.ok for step in steps):
            raise CommandError("Not every journey came to its end.")

    def table(self, steps: list[Step]) -> None:
        rows = [("journey", "expected", "seen", "ok")]
        rows += [(step.journey, step.expected, step.seen, "yes" if step.ok else "NO") for step in steps]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def welcome(self, passwords: dict[str, str]) -> None:
        lines = ["", f"The portal           {settings.PUBLIC_URL}/", f"The practice vendors {self.practice}/", ""]
        lines += [f"  user {name:<10} password {password}" for name, password in passwords.items()]
        lines.append("  (shown this once)" if passwords else "  Users and passwords: as printed on the first start.")
        lines += ["", "Press Ctrl-C to stop everything.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def wait(self, children: Children, stop: threading.Event) -> None:
        while not stop.wait(1):
            if name := children.ended():
                raise CommandError(f"The {name} ended unexpectedly; see the messages above.")


def create_users() -> dict[str, str]:
    """The demo's users that don't exist yet, with their new passwords."""
    created = {}
    for name, group in USERS:
        if User.objects.filter(username=name).exists():
            continue
        created[name] = secrets.token_urlsafe(9)
        user = User.objects.create_user(
            name, f"{name}@portal.example.test", created[name], is_staff=True, is_superuser=group is None
        )
        if group:
            user.groups.add(Group.objects.get(name=group))
    return created


def wait_for(address: str, children: Children, stop: threading.Event) -> None:
    """Wait until something answers there. Raises CommandError when a child ended or START_SECONDS passed."""
    deadline = time.monotonic() + START_SECONDS
    while not stop.is_set():
        if name := children.ended():
            raise CommandError(f"The {name} could not start. Is its port in use? (--port, --practice-port)")
        if time.monotonic() > deadline:
            raise CommandError(f"Nothing answered at {address} within {START_SECONDS:g} s.")
        try:
            socket.create_connection(_host_port(address), timeout=1).close()
            return
        except OSError:
            stop.wait(0.2)


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.partition("://")[2].partition(":")
    return host, int(port)
