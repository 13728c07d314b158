"""The only way out: every call to a vendor goes through an `HttpClient`, is bounded, judged and written down.

A vendor's `client.py` adds authentication and endpoints; sessions, timeouts, size limits, rate limits, Retry-After,
the guard against internal addresses and the masking of secrets live here and below.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests
from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError, NotSent, RecordError, SyncError, TemporaryError
from integrations.core.http import transport
from integrations.core.http.answer import Answer, Call
from integrations.core.http.deadline import Ticket, deadline
from integrations.core.http.failures import (
    NETWORK_ERRORS,
    deadline_failure,
    network_failure,
    status_failure,
    was_dropped,
)
from integrations.core.http.listening import tell
from integrations.core.http.netguard import parse_target
from integrations.core.http.parts import Params, checked_headers, encoded, with_query
from integrations.core.http.ratelimit import Lane, RateLimits, lane
from integrations.core.http.reading import refuse_writing
from integrations.core.redact import Redactor, is_secret_name

USER_AGENT = "integration-portal/1"
MAX_BYTES = 8 * 1024 * 1024
WAIT_OUTSIDE_LANE = 30.0  # seconds a call that belongs to no batch (Test connection) waits for the rate limit
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|//|\\\\")
_PATH_SAFE = "/?%&=:+,;@!$'()*~-._[]"
_DOT_SEGMENT = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)", re.IGNORECASE)


class HttpClient:
    """Calls one vendor's API at one address. Usable from many threads; survives a fork; close it after use.

    `base_url` may hold a path, to which relative paths are appended. `secrets` are masked wherever they appear; values
    of headers that have a secret's name are, too. Times are in seconds; `total_timeout` bounds a call from its first
    packet to the last byte of the answer. `classify` sees every answer first and raises its own SyncError, or returns
    to leave the judgement to the status.
    """

    def __init__(
        self,
        base_url: str,
        *,
        vendor: str,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        limits: RateLimits | None = None,
        classify: Callable[[Answer], None] | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        total_timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
        pool_size: int = 16,
        user_agent: str = USER_AGENT,
    ) -> None:
        self.vendor = vendor
        self.limits = limits or RateLimits()
        self._target = parse_target(base_url)
        self._base = self._target.origin + _base_path(base_url)
        self._classify = classify
        self._timeouts = (connect_timeout, read_timeout)
        self._total_timeout = total_timeout
        self._max_bytes = max_bytes
        self._pool_size = pool_size
        self._headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._headers |= checked_headers(vendor, headers or {})
        self._secrets = {*secrets, *(value for name, value in self._headers.items() if is_secret_name(name))}
        self._redactor = Redactor(self._secrets)
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._session = transport.new_session(self._target, pool_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._session.close()

    def hide(self, *secrets: str) -> None:
        """Mask these values from now on, too: a token that was only just fetched."""
        with self._lock:
            self._secrets |= set(secrets)
            self._redactor = Redactor(self._secrets)

    def get(self, path: str, **kwargs: Any) -> Answer:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Answer:
        return self.request("POST", path, **kwargs)

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Params | None = None,
        json: Any = None,
        data: Params | bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        limit: str = "default",
        idempotent: bool | None = None,
        reads: bool | None = None,
    ) -> Answer:
        """Make one call and return its answer when it is a success.

        A full address (the next page, as the vendor links it) must be on the client's own host. `limit` names the
        rate limit the call counts for. An `idempotent` call (by default by its method) is sent a second time at once
        when a kept-alive connection turns out to be closed. One that `reads` (by default by its method) only looks
        something up: a preview makes no others.

        Raises NotSent (rate limit), TemporaryError, RecordError or ConfigurationError; `.call` is set if one was made.
        """
        refuse_writing(method, reads)
        url = self._url(path_or_url, params)
        body, content_type = encoded(json, data)
        all_headers = {**self._headers, **content_type, **checked_headers(self.vendor, headers or {})}
        prepared = transport.prepared(method, url, all_headers, body)
        repeatable = method in SAFE_TO_REPEAT if idempotent is None else idempotent
        queue = lane.get() or Lane(deadline=time.monotonic() + WAIT_OUTSIDE_LANE)
        self.limits.acquire(limit, urgent=queue.urgent, deadline=queue.deadline)
        shown, cut = self._redactor.body(body or b"")
        call = Call(method, self._redactor.url(url), shown, cut, started_at=datetime.now(UTC))
        started = time.perf_counter()
        try:
            return self._judged(self._exchange(prepared, call, repeatable, queue.alive))
        except SyncError as error:
            self._note(error, call)
            raise
        finally:
            call.duration_ms = call.duration_ms or round((time.perf_counter() - started) * 1000)
            tell(self.vendor, self._target.origin, call)

    def _exchange(
        self, request: requests.PreparedRequest, call: Call, repeatable: bool, alive: Callable[[], bool]
    ) -> Answer:
        started = time.perf_counter()
        with deadline(self._total_timeout, alive) as ticket:
            result = self._sent(request, call)
            if not isinstance(result, Answer) and repeatable and self._was_stale(result, ticket):
                result = self._sent(request, call)
            expired = ticket.expired
        call.duration_ms = round((time.perf_counter() - started) * 1000)
        # Raised outside of any `except`: the original holds the address, and would hang on as __context__.
        if expired:
            raise deadline_failure(self.vendor, self._total_timeout)
        if not isinstance(result, Answer):
            raise network_failure(self.vendor, result, *self._timeouts)
        return result

    def _sent(self, request: requests.PreparedRequest, call: Call) -> Answer | BaseException:
        """The answer, or what went wrong on the way."""
        try:
            response = self._own_session().send(
                request, stream=True, timeout=self._timeouts, allow_redirects=False, proxies={}, verify=True, cert=None
            )
        except (SyncError, *NETWORK_ERRORS) as error:
            return error
        try:
            call.status = response.status_code
            call.response_headers = self._redactor.headers(response.headers)
            body = transport.read_body(response.raw, response.headers, self._max_bytes)
        except (transport.AnswerRefused, *NETWORK_ERRORS) as error:
            response.raw.close()
            return error
        answer = Answer(response.status_code, response.headers, body, call, self.vendor)
        call.response_body, call.response_truncated = self._redactor.body(answer.utf8)
        return answer

    def _was_stale(self, error: BaseException, ticket: Ticket) -> bool:
        return ticket.reused and not ticket.expired and was_dropped(error)

    def _judged(self, answer: Answer) -> Answer:
        if self._classify is not None:
            self._classify(answer)
        failure = status_failure(self.vendor, answer.status, answer.headers)
        if failure is not None:
            raise failure
        return answer

    def _note(self, error: SyncError, call: Call) -> None:
        """Tie an error to its call, and close the gate for all threads when the vendor named a time."""
        error.message = self._redactor.text(error.message)
        error.args = (error.message,)
        error.call = error.call or call
        call.error = error.message
        if isinstance(error, TemporaryError) and not isinstance(error, NotSent):
            self.limits.pause(error.retry_after or 0.0)

    def _own_session(self) -> requests.Session:
        """This process's session: connections inherited through a fork belong to the parent."""
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._session = transport.new_session(self._target, self._pool_size)
                    self._pid = os.getpid()
        return self._session

    def _url(self, path: str, params: Params | None) -> str:
        if _ABSOLUTE.match(path):
            url = self._same_host(path)
        else:
            if _DOT_SEGMENT.search(path.partition("?")[0]):
                text = _("A value that %(vendor)s is to be asked for is “.” or “..”. Correct the record.")
                raise RecordError(text % {"vendor": self.vendor})
            url = f"{self._base}/{quote(path.lstrip('/'), safe=_PATH_SAFE)}" if path else self._base
        return with_query(url, params)

    def _same_host(self, url: str) -> str:
        full = f"{self._target.scheme}:{url}" if url.startswith("//") else url
        try:
            same = parse_target(full) == self._target
        except ConfigurationError:
            same = False
        if not same:
            text = _(
                "%(vendor)s sent a link that leads away from %(origin)s. It was not followed, as it would carry keys "
                "to somebody else. Check the address in the settings."
            )
            raise ConfigurationError(text % {"vendor": self.vendor, "origin": self._target.origin})
        return full.partition("#")[0]


def _base_path(base_url: str) -> str:
    path = base_url.partition("://")[2].partition("?")[0].partition("#")[0].partition("/")[2]
    return f"/{quote(path, safe=_PATH_SAFE)}".rstrip("/")
