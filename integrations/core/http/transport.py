"""The connections under `HttpClient`: dialled through the guard, held by the deadline, kept alive per client."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import certifi
import requests
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

from integrations.core.errors import NotSent
from integrations.core.http.deadline import current
from integrations.core.http.netguard import Target, dial

CHUNK = 64 * 1024

# urllib3 writes whole addresses, with the keys in their query, to its debug and warning logs.
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class AnswerRefused(Exception):
    """The answer is too large or encoded. Its text completes "<Vendor> answered …"."""


class _GuardedConnection(HTTPConnection):
    """Connects to an address the guard has checked, and shows its socket to the call's deadline."""

    guarded_scheme = "http"
    requests_sent = 0  # on the present socket

    def _new_conn(self) -> socket.socket:
        try:
            target = Target(self.guarded_scheme, self._dns_host.strip("[]"), self.port or self.default_port)
            return dial(target, float(self.timeout or 5), self.socket_options)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connect timeout") from error
        except OSError as error:
            raise NewConnectionError(self, "not connected") from error

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as error:  # of the TLS handshake: urllib3 would call it a read timeout
            raise ConnectTimeoutError(self, "connect timeout") from error
        if current.ticket is not None and self.sock is not None:
            # Until now the socket had the connect timeout; sending the body may take longer.
            self.sock.settimeout(max(0.001, current.ticket.deadline - time.monotonic()))
            current.ticket.hold(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if (ticket := current.ticket) is not None:
            ticket.reused = self.requests_sent > 0
            if self.sock is not None:
                ticket.hold(self.sock)
        self.requests_sent += 1
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        """Headers and body leave one after the other. The process may be frozen at any moment before, and a worker that
        was away for too long must not send: it is asked as late as can be, once the other side is reached."""
        if self.sock is None:
            self.connect()
        if current.ticket is not None and not current.ticket.alive():
            raise NotSent(_("Not sent: this worker was away for too long, so another one has taken over."))
        super().send(data)

    def close(self) -> None:
        self.requests_sent = 0
        super().close()


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    guarded_scheme = "https"


class _Releasing:
    """A pool that takes a connection out of its call's deadline before another call can have it."""

    def _put_conn(self, conn: Any) -> None:
        if current.ticket is not None:
            current.ticket.detach()
        super()._put_conn(conn)  # type: ignore[misc]


class _Pool(_Releasing, HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _TLSPool(_Releasing, HTTPSConnectionPool):
    ConnectionCls = _GuardedTLSConnection


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """The one TLS context: certificates and names always verified. Costs ~20 ms, hence shared.

    Trusts certifi's authorities and the machine's own (SSL_CERT_FILE), which is where an operator puts a private one.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    context.load_verify_locations(certifi.where())
    context.load_default_certs()
    return context


class GuardedAdapter(HTTPAdapter):
    """An adapter with the one pool of its target: whatever the address of a request, the bytes go there."""

    def __init__(self, target: Target, pool_size: int) -> None:
        super().__init__()
        if target.scheme == "https":
            self._pool: HTTPConnectionPool = _TLSPool(
                target.host, target.port, maxsize=pool_size, ssl_context=tls_context(), cert_reqs="CERT_REQUIRED"
            )
        else:
            self._pool = _Pool(target.host, target.port, maxsize=pool_size)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """The pool's context verifies; nothing can switch it off."""

    def close(self) -> None:
        self._pool.close()
        super().close()


class _NoCookies(RequestsCookieJar):
    """Keeps nothing: a vendor's session must not leak from one call into another."""

    def extract_cookies(self, *args: Any, **kwargs: Any) -> None: ...

    def set_cookie(self, *args: Any, **kwargs: Any) -> None: ...


class _Session(requests.Session):
    """A session without redirects: even when told not to follow one, `requests` reads its body without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def new_session(target: Target, pool_size: int) -> requests.Session:
    """A session that can reach one target only: no proxies or .netrc from the environment, no cookies."""
    session = _Session()
    session.trust_env = False
    session.cookies = _NoCookies()
    session.adapters.clear()
    session.mount(f"{target.scheme}://", GuardedAdapter(target, pool_size))
    return session


def prepared(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> requests.PreparedRequest:
    """A request ready to be sent. `requests` would take 0.2 ms to check again what has been checked."""
    request = requests.PreparedRequest()
    request.method = method
    request.url = url
    request.headers = requests.structures.CaseInsensitiveDict(headers)
    if body is not None:
        request.headers["Content-Length"] = str(len(body))
    elif method in ("POST", "PUT", "PATCH"):
        request.headers["Content-Length"] = "0"
    request.body = body
    request.hooks = {"response": []}
    return request


def read_body(raw: HTTPResponse, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The body of an answer. Raises AnswerRefused before more than `max_bytes` (plus one chunk) are held."""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise AnswerRefused(_("with a compressed body, although it was asked not to"))
    text = _("with more than the %(limit)s KiB that are read of one answer")
    too_large = AnswerRefused(text % {"limit": f"{max_bytes // 1024:,}"})
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large
    chunks, size = [], 0
    while chunk := raw.read(CHUNK, decode_content=False):
        size += len(chunk)
        if size > max_bytes:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)
