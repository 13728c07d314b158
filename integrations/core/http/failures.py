"""What went wrong with a call, as a sentence for support staff and an error named by what to do next."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http.ratelimit import LONGEST_PAUSE
from integrations.core.http.transport import AnswerRefused

RETRY_LATER = frozenset({408, 425, 429})
PAUSE_AFTER_429 = 5.0  # seconds, when the vendor names no time

# Everything `requests`, urllib3, http.client and the socket raise for a call that went wrong on its way.
NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)

# The first that stands in the chain of an exception decides. {v} is the vendor, {c} and {r} are its timeouts.
_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, urllib3.exceptions.NameResolutionError), "The address of {v} could not be found"),
    ((urllib3.exceptions.NewConnectionError,), "{v} could not be reached"),  # before its base class, a timeout
    (
        (requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
        "{v} could not be reached within {c:g} s",
    ),
    (
        (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError),
        "{v} did not answer within {r:g} s",
    ),
    (
        (ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        "An encrypted connection to {v} could not be made",
    ),
    ((ConnectionError, EOFError), "{v} closed the connection before it had answered"),
    ((urllib3.exceptions.IncompleteRead,), "{v} closed the connection in the middle of its answer"),
    ((HTTPException, urllib3.exceptions.HTTPError), "{v} answered something that is not HTTP"),
)
_DROPPED = (ConnectionError, urllib3.exceptions.ProtocolError)
_AGAIN = "; it will be tried again."


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it wraps, the way `requests` and urllib3 wrap: in `reason`, first argument or cause."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting and len(seen) < 20:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        # Not __context__: a call made while another error is being handled would inherit that one.
        waiting += [getattr(found, "reason", None), *found.args[:2], found.__cause__]


def was_dropped(error: BaseException) -> bool:
    """Whether the connection ended, as opposed to being slow or not coming about."""
    return any(isinstance(cause, _DROPPED) for cause in causes(error)) and not any(
        isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError) for cause in causes(error)
    )


def network_failure(vendor: str, error: BaseException, connect_timeout: float, read_timeout: float) -> SyncError:
    """The error for a call that got no whole answer. Its text never comes from the exception, which holds the URL."""
    if isinstance(error, SyncError):  # the guard's
        return error
    chain = list(causes(error))
    if any(isinstance(cause, ssl.CertificateError) for cause in chain):
        return ConfigurationError(
            f"The certificate of {vendor} is not valid for this address, so nothing was sent. "
            "Check the address; if it is right, the vendor must renew the certificate."
        )
    if isinstance(error, AnswerRefused):
        return TemporaryError(f"{vendor} answered {error}{_AGAIN}")
    sentence = next(
        (text for types, text in _SENTENCES if any(isinstance(cause, types) for cause in chain)),
        "The call to {v} failed on its way",
    )
    return TemporaryError(sentence.format(v=vendor, c=connect_timeout, r=read_timeout) + _AGAIN)


def deadline_failure(vendor: str, seconds: float) -> TemporaryError:
    return TemporaryError(f"{vendor} did not answer within {seconds:g} s{_AGAIN}")


def status_failure(vendor: str, status: int, headers: Mapping[str, str]) -> SyncError | None:
    """The error for an answer of this status, or None for success (2xx)."""
    if 200 <= status < 300:
        return None
    said = f"{status} {phrase}" if (phrase := _phrase(status)) else str(status)
    if 300 <= status < 400:
        return ConfigurationError(
            f"The address of {vendor} redirects{_where(headers.get('Location', ''))} ({said}). Redirects are not "
            "followed, as they could carry keys to somebody else. Enter the final address in the settings."
        )
    if status in (401, 403):
        return ConfigurationError(
            f"{vendor} refused the credentials ({said}). Check the keys and the address in the settings; "
            "what is waiting is kept and sent when they are right."
        )
    if status in RETRY_LATER or status >= 500:
        wait = parse_retry_after(headers.get("Retry-After"))
        if status == 429:
            pause = PAUSE_AFTER_429 if wait is None else wait
            return Throttled(f"{vendor} is asking for fewer calls ({said}){_AGAIN}", retry_after=pause)
        return TemporaryError(f"{vendor} could not answer ({said}){_AGAIN}", retry_after=wait)
    if 400 <= status < 500:
        return RecordError(
            f"{vendor} refused the request ({said}). Its answer below says why; correct the record or the settings, "
            "then press Retry."
        )
    return TemporaryError(f"{vendor} answered with the unknown status {status}{_AGAIN}")


def parse_retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header (a number or a date), at most six hours; None when it says nothing useful."""
    value = (value or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(seconds, LONGEST_PAUSE) if seconds >= 0 else None


def _phrase(status: int) -> str:
    """Our own words for a status: the vendor's could hold anything."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _where(location: str) -> str:
    """` to https://host`, without the path and query, which may hold a token; nothing for a relative redirect."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    host = parts.hostname or ""
    return f" to {parts.scheme}://{host}" if parts.scheme and re.fullmatch(r"[a-z0-9.-]{1,253}", host) else ""
