"""Faults on request: what a vendor, a proxy or a network does on a bad day, scripted per account.

A fault matches calls whose path contains `path` (empty: all). It strikes the next `times` matching calls, or those
numbered in `at` (1 is the first matching call after it was set), or every one until cleared (`times` null, no `at`).
With `applied` the vendor does its work first and only the answer is spoilt.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from werkzeug.http import http_date
from werkzeug.wrappers import Response

from integrations.sandbox.wire import Wire, WireResponse

MEBIBYTE = 1024 * 1024
BOMB_MEMBER = 16 * MEBIBYTE
LEVELS = 100_000

Answer = Callable[[], Response]


class Voice(Protocol):
    """What a fault needs of the vendor whose answer it spoils."""

    content_type: str
    huge: tuple[bytes, bytes]
    deep: tuple[bytes, bytes]

    def refusal(self, kind: str) -> Response: ...

    def written_sample(self) -> str: ...


@dataclass(slots=True)
class Fault:
    """One scripted fault; see the module text for path, times, at and applied."""

    kind: str
    path: str = ""
    times: int | None = 1
    at: list[int] = field(default_factory=list)
    applied: bool = False
    seconds: float = 0.0
    """slow, hang: how long; drips: pause after each byte."""
    retry_after: int | None = None
    """too_many: seconds to name in Retry-After; None sends no such header."""
    as_date: bool = False
    """too_many: write Retry-After as an HTTP date."""
    size_mb: int = 0
    """huge_body, gzip_bomb: size as the client would see it, decompressed."""
    location: str = "http://127.0.0.1:9/elsewhere"
    """redirect: where to."""
    id: int = 0
    seen: int = 0
    struck: int = 0

    def strikes(self, path: str) -> bool:
        """Counts a call; true when this fault is for it."""
        if self.spent or self.path.lower() not in path.lower():
            return False
        self.seen += 1
        hit = self.seen in self.at if self.at else True
        self.struck += hit
        return hit

    @property
    def spent(self) -> bool:
        if self.at:
            return self.seen >= max(self.at)
        return self.times is not None and self.struck >= self.times


class FaultBoard:
    """The faults set on an account; the first that matches a call wins it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._next_id = 1

    def set(self, **options: Any) -> Fault:
        """Adds a fault. Raises ValueError for an unknown kind or option."""
        try:
            fault = Fault(**options)
        except TypeError as error:
            raise ValueError(str(error).replace("Fault.__init__() ", "")) from error
        if fault.kind not in KINDS:
            raise ValueError(f"no fault called {fault.kind!r}; there are: {', '.join(KINDS)}")
        with self._lock:
            fault.id, self._next_id = self._next_id, self._next_id + 1
            self._faults.append(fault)
        return fault

    def clear(self, kind: str = "") -> None:
        with self._lock:
            self._faults = [fault for fault in self._faults if kind and fault.kind != kind]

    def take(self, path: str) -> Fault | None:
        """The fault for this call, if any; spent ones are removed."""
        if not self._faults:
            return None
        with self._lock:
            struck = next((fault for fault in self._faults if fault.strikes(path)), None)
            self._faults = [fault for fault in self._faults if not fault.spent]
        return struck

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]


def play(fault: Fault, answer: Answer, vendor: Voice, stopping: threading.Event) -> Response:
    """The spoilt answer. `answer()` does the vendor's work; it is called at most once."""
    kind = KINDS[fault.kind]
    if kind.work == "never" and fault.applied:
        answer()
    if fault.kind == "slow":
        stopping.wait(fault.seconds or 5.0)
    return kind.make(fault, answer, vendor)


def refused(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return vendor.refusal(fault.kind)


def too_many(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    response = vendor.refusal("too_many")
    if fault.retry_after is not None:
        when = datetime.now(UTC) + timedelta(seconds=fault.retry_after)
        response.headers["Retry-After"] = http_date(when) if fault.as_date else str(fault.retry_after)
    return response


def system_error(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return Response("The server encountered an error processing the request.", 500, mimetype="text/plain")


def bad_gateway(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return Response("<html><h1>502 Bad Gateway</h1><hr>nginx</html>", 502, mimetype="text/html")


def unavailable(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    response = Response("Service Unavailable", 503, mimetype="text/plain")
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def html_200(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return Response("<!doctype html><title>Maintenance</title><p>We will be back soon.", 200, mimetype="text/html")


def truncated_json(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    text = vendor.written_sample()
    return Response(text[: len(text) // 2], 200, mimetype=plain_type(vendor))


def wrong_charset(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    body = vendor.written_sample().encode("latin-1")
    return Response(body, 200, content_type=f"{plain_type(vendor)}; charset=utf-8")


def huge_body(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return Response(padded(vendor.huge, (fault.size_mb or 200) * MEBIBYTE), 200, mimetype=plain_type(vendor))


def padded(around: tuple[bytes, bytes], size: int) -> Iterator[bytes]:
    chunk = b"x" * 65536
    yield around[0]
    for _ in range(size // len(chunk)):
        yield chunk
    yield around[1]


def gzip_bomb(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    members = max(1, (fault.size_mb or 1024) * MEBIBYTE // BOMB_MEMBER)
    body = bomb_member() * members
    return Response(body, 200, mimetype=plain_type(vendor), headers={"Content-Encoding": "gzip"})


@lru_cache(maxsize=1)
def bomb_member() -> bytes:
    """16 MiB of blanks in 16 KiB. A gzip file may have many members, so a gigabyte is this, repeated."""
    return gzip.compress(b" " * BOMB_MEMBER)


def deep_json(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    opening, closing = vendor.deep
    return Response(opening * LEVELS + closing * LEVELS, 200, mimetype=plain_type(vendor))


def plain_type(vendor: Voice) -> str:
    """The media type of the vendor's answers, without a charset."""
    return vendor.content_type.partition(";")[0]


def redirect(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return Response("", 302, headers={"Location": fault.location})


def slow(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    return answer()


def on_the_wire(manner: str, seconds: float) -> Callable[[Fault, Answer, Voice], Response]:
    """A fault below HTTP; `seconds` is the default of the fault's own."""

    def make(fault: Fault, answer: Answer, vendor: Voice) -> Response:
        wire = Wire(manner, fault.seconds or seconds)
        if not manner.startswith("drip"):
            response = WireResponse()
        else:
            real = answer()
            response = WireResponse(real.get_data(), real.status_code, real.headers)
        response.wire = wire
        return response

    return make


def applied_unanswered(fault: Fault, answer: Answer, vendor: Voice) -> Response:
    answer()
    return on_the_wire("hang" if fault.seconds else "drop", fault.seconds)(fault, answer, vendor)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault is called on the page, who does the vendor's `work` (never unless asked, or the fault itself)."""

    label: str
    make: Callable[[Fault, Answer, Voice], Response]
    work: str = "never"
    answered: bool = True


KINDS: dict[str, Kind] = {
    "unauthorized": Kind("401: keys refused", refused),
    "too_many": Kind("429: over the limit", too_many),
    "limit_in_200": Kind("Over the limit, said in a 200", refused),
    "app_error": Kind("500: application error in the vendor's envelope", refused),
    "refused": Kind("The record is refused, in the vendor's own words", refused),
    "system_error": Kind("500: system error, plain text", system_error),
    "bad_gateway": Kind("502: HTML from a proxy", bad_gateway),
    "unavailable": Kind("503: unavailable", unavailable),
    "html_200": Kind("200: a maintenance page in HTML", html_200),
    "truncated_json": Kind("200: the answer cut off", truncated_json),
    "wrong_charset": Kind("200: Latin-1 that claims to be UTF-8", wrong_charset),
    "huge_body": Kind("200: a huge body (200 MB)", huge_body),
    "gzip_bomb": Kind("200: a gzip bomb (1 GB)", gzip_bomb),
    "deep_json": Kind("200: nested 100,000 deep", deep_json),
    "redirect": Kind("302: redirect elsewhere", redirect),
    "slow": Kind("Slow: waits, then answers", slow, work="fault"),
    "drip_headers": Kind("Headers dripping, a byte a second", on_the_wire("drip_headers", 1.0), work="fault"),
    "drip_body": Kind("Body dripping, a byte a second", on_the_wire("drip_body", 1.0), work="fault"),
    "dropped": Kind("Connection dropped, nothing applied", on_the_wire("drop", 0), answered=False),
    "hang": Kind("No answer, nothing applied", on_the_wire("hang", 30.0), answered=False),
    "applied_unanswered": Kind("Applied, but never answered", applied_unanswered, work="fault", answered=False),
}
