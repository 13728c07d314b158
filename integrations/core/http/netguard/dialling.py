"""Connecting: a name is resolved once, all its addresses are judged, and one of those is dialled."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from typing import Any

from integrations.core.http.netguard.allowed import is_allowed
from integrations.core.http.netguard.hosts import IPAddress, is_public, literal
from integrations.core.http.netguard.target import Target, check_target, not_public

MAX_ADDRESSES = 4  # of one name that are tried; the connect timeout is shared among them


def dial(target: Target, timeout: float, options: list[tuple[int, int, int | bytes]] | None = None) -> socket.socket:
    """Connect to a target within `timeout` seconds: resolved once, every address checked, the checked one connected.

    Raises ConfigurationError for a refused target, else what the socket raises: gaierror, TimeoutError, OSError.
    """
    check_target(target)
    until = time.monotonic() + timeout
    found = _resolve(target.host, target.port, timeout)
    if not is_allowed(target.host, target.port) and not all(is_public(_address_of(info)) for info in found):
        raise not_public(target.host)
    found = found[:MAX_ADDRESSES]
    error: OSError = OSError("the name has no address")
    for left, (family, kind, protocol, _name, address) in zip(range(len(found), 0, -1), found, strict=True):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            sock.settimeout(max(0.001, (until - time.monotonic()) / left))
            sock.connect(address)
            # The rest of the connect timeout is the TLS handshake's; OpenSSL's handshake keeps it as a total.
            sock.settimeout(max(0.001, until - time.monotonic()))
            return sock
        except OSError as problem:
            sock.close()
            error = problem
    try:
        raise error
    finally:
        del error  # else the frame and its exception keep each other alive


def _address_of(info: tuple[Any, ...]) -> IPAddress:
    return ipaddress.ip_address(info[4][0])


def _resolve(host: str, port: int, timeout: float) -> list[tuple[Any, ...]]:
    """getaddrinfo within a time limit: it has none of its own, so it runs in a thread that is left behind."""
    if literal(host) is not None:
        return _lookup(host, port)
    answers: queue.SimpleQueue[list[tuple[Any, ...]] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_lookup(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "not a host name"))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM)
