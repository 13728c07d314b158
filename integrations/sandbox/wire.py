"""The HTTP side of practice mode: keep-alive, and answers that misbehave below the level of HTTP.

werkzeug's own handler closes every connection after one answer; a real vendor doesn't, and connection set-up would
be most of what a benchmark measures. So this handler reads the whole body first and keeps the connection.
"""

from __future__ import annotations

import io
import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Response

BODY_LIMIT = 64 * 1024 * 1024
IDLE_SECONDS = 120
WIRE_KEY = "sandbox.wire"
# Set once the server stops, so that hanging and dripping answers don't hold it up.
STOPPING_KEY = "sandbox.stopping"


@dataclass(frozen=True, slots=True)
class Wire:
    """How bytes leave: `drop` nothing, `hang` nothing for some seconds, `drip_headers`/`drip_body` byte by byte."""

    manner: str
    seconds: float = 1.0


class WireResponse(Response):  # type: ignore[misc]  # werkzeug is untyped for mypy here
    """A Response that tells the handler below how to put it on the wire."""

    wire = Wire("normal")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[WIRE_KEY] = self.wire
        answer: Iterable[bytes] = super().__call__(environ, start_response)
        return answer


class KeepAliveHandler(WSGIRequestHandler):  # type: ignore[misc]
    """One thread a connection, many requests a connection, one send an answer."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        if not self.take_body(environ):
            self.close_connection = True
            return
        environ[STOPPING_KEY] = self.server.stopping
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers]

        chunks = self.server.app(environ, start_response)
        try:
            self.send_answer(environ, started[0], started[1], chunks)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def take_body(self, environ: dict[str, Any]) -> bool:
        """Reads the body off the socket, so that the next request starts where this one ended.

        False when the client went away half-way or announced more than anyone needs.
        """
        length = environ.get("CONTENT_LENGTH") or "0"
        if environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(BODY_LIMIT)
        elif length.isdigit() and int(length) <= BODY_LIMIT:
            body = self.rfile.read(int(length)) if length != "0" else b""
            if len(body) < int(length):
                return False
        else:
            return False
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input_terminated"] = True
        return True

    def send_answer(
        self, environ: dict[str, Any], status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]
    ) -> None:
        wire: Wire = environ.get(WIRE_KEY, Wire("normal"))
        if wire.manner in ("drop", "hang"):
            if wire.manner == "hang":
                hang(self.connection, wire.seconds, self.server.stopping)
            self.close_connection = True
            return
        head, chunked = self.head(status, headers, environ["REQUEST_METHOD"])
        if environ["REQUEST_METHOD"] == "HEAD":
            self.connection.sendall(head)
        elif chunked:
            self.connection.sendall(head)
            self.send_chunked(chunks)
        else:
            self.send_parts(wire, head, b"".join(chunks))

    def head(self, status: str, headers: list[tuple[str, str]], method: str) -> tuple[bytes, bool]:
        """The status line and headers, and whether the body must be sent in chunks for want of a length."""
        code = int(status.split(" ", 1)[0])
        bodiless = code in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        chunked = not bodiless and method != "HEAD" and all(name.lower() != "content-length" for name, _ in headers)
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}", *(f"{name}: {v}" for name, v in headers)]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), chunked

    def send_chunked(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            if chunk:
                self.connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.connection.sendall(b"0\r\n\r\n")

    def send_parts(self, wire: Wire, head: bytes, body: bytes) -> None:
        for part in PARTS.get(wire.manner, together)(head, body):
            self.connection.sendall(part)
            if wire.manner != "normal" and self.server.stopping.wait(wire.seconds):
                self.close_connection = True
                return

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet: the account's log of calls is the better place."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Quiet, too: a client that goes away is no news here."""


def together(head: bytes, body: bytes) -> Iterator[bytes]:
    yield head + body


def drip_headers(head: bytes, body: bytes) -> Iterator[bytes]:
    yield from (head[at : at + 1] for at in range(len(head)))
    yield body


def drip_body(head: bytes, body: bytes) -> Iterator[bytes]:
    yield head
    yield from (body[at : at + 1] for at in range(len(body)))


PARTS = {"drip_headers": drip_headers, "drip_body": drip_body}


def hang(connection: socket.socket, seconds: float, stopping: threading.Event) -> None:
    """Keeps silent until the time is over, the client gives up or the server stops."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        readable, _, _ = select.select([connection], [], [], 0.2)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            return
        if readable:
            stopping.wait(0.2)
