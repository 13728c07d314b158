from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox_server import LeadSquaredAccount, Sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> LeadSquaredAccount:
    """The destination account, without limits."""
    destination = sandbox.leadsquared("destination")
    destination.limits()
    return destination


@pytest.fixture
def source(sandbox: Sandbox) -> LeadSquaredAccount:
    """The source account, without limits and with a short pause between the tries of a webhook."""
    source = sandbox.leadsquared("source")
    source.limits()
    source.settings(retry_pause_s=0.01)
    return source


def lead(search_by: str = "", **values: Any) -> list[dict[str, Any]]:
    """A lead payload as the API takes it."""
    pairs = [{"Attribute": name, "Value": value} for name, value in values.items()]
    return [*pairs, *([{"Attribute": "SearchBy", "Value": search_by}] if search_by else [])]


class Receiver:
    """A webhook endpoint of ours: what arrived, and the statuses it answers with (then 200)."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def do_HEAD(self) -> None:
                receiver.take(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=t"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        is_json = "json" in handler.headers.get("Content-Type", "")
        self.received.append(
            {
                "method": handler.command,
                "query": {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()},
                "headers": dict(handler.headers),
                "body": json.loads(raw) if is_json else {name: v[0] for name, v in parse_qs(raw.decode()).items()},
            }
        )
        handler.send_response(self.statuses.pop(0) if self.statuses else 200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}" if handler.command == "POST" else b"")

    @property
    def bodies(self) -> list[Any]:
        return [request["body"] for request in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
