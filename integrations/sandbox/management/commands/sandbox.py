"""`manage.py sandbox`: the practice vendors on a port of their own, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from integrations.sandbox.server import PracticeServer


class Command(BaseCommand):
    help = "Serves the practice vendors: an emulator of each vendor's API, with pages to play the other side."
    # It has no tables and no URLs of the project.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8010, help="0 picks a free one")
        parser.add_argument("--host", default="127.0.0.1", help="other hosts than loopback open it to your network")
        parser.add_argument("--state", type=Path, help="a JSON file that keeps leads, activities, ledger and settings")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        server = PracticeServer(options["host"], options["port"], options["state"])
        server.start()
        self.stdout.write(f"Practice vendors at {server.url}/")
        self.stdout.flush()
        # A wait without end would not notice signals on every platform.
        while not stop.wait(1.0):
            pass
        server.stop()
