"""What `manage.py demo` needs before Django's settings can be read: secrets and addresses of its own."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import tempfile
from pathlib import Path

DEMO_DIR = Path(__file__).resolve().parents[3] / "var" / "demo"
PORT, PRACTICE_PORT = 8000, 8010


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="walk through every journey without a browser, then stop")
    parser.add_argument("--port", type=int, default=PORT, help="of the portal")
    parser.add_argument("--practice-port", type=int, default=PRACTICE_PORT, help="of the practice vendors")


def prepare_environment(arguments: list[str]) -> None:
    """Set the environment for the demo. What is set already stays: the demo also runs on PostgreSQL and Redis."""
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    options, _ = parser.parse_known_args(arguments)
    # --once deletes its folder in the end: it is never one that was there before.
    folder = Path(tempfile.mkdtemp(prefix="portal-demo-") if options.once else os.environ.get("DEMO_DIR", DEMO_DIR))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DEMO_DIR"] = str(folder)
    port = free_port() if options.once else options.port
    practice_port = free_port() if options.once else options.practice_port
    own = {
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PRACTICE_URL": f"http://127.0.0.1:{practice_port}",
        "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
        "OUTBOUND_ALLOW": f"127.0.0.1:{practice_port}",
        "SERVE_STATIC_UNCOLLECTED": "true",
        "PHONE_COUNTRY": "DK",
        "EMAIL_URL": f"filemail:///{folder / 'mail'}",
        "LOG_LEVEL": "WARNING",
        **_secrets(folder / "env"),
    }
    for name, value in own.items():
        os.environ.setdefault(name, value)


def _secrets(path: Path) -> dict[str, str]:
    """The demo's own keys, made on its first start and kept in an ignored file that only its owner can read."""
    if not path.exists():
        text = f"SECRET_KEY={secrets.token_urlsafe(50)}\nFERNET_KEYS={secrets.token_urlsafe(32)}\n"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
