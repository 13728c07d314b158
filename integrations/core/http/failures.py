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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http.ratelimit import LONGEST_PAUSE
from integrations.core.http.transport import AnswerRefused

RETRY_LATER = frozenset({408, 425, 429})
PAUSE_AFTER_429 = 5.0  # seconds, when the vendor names no time

# Everything `requests`, urllib3, http.client and the socket raise for a call that went wrong on its way.
NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)

_SLOW = gettext_noop("%(vendor)s did not answer within %(read)s s; what waits is tried again by itself.")
# The first that stands in the chain of an exception decides. `connect` and `read` are the vendor's timeouts.
_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (socket.gaierror, urllib3.exceptions.NameResolutionError),
        gettext_noop(
            "The address of %(vendor)s could not be found. "
            "Check it in the settings; what waits is tried again by itself."
        ),
    ),
    (
        (urllib3.exceptions.NewConnectionError,),  # before its base class, a timeout
        gettext_noop(
            "%(vendor)s could not be reached. Check its address in the settings; what waits is tried again by itself."
        ),
    ),
    (
        (requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
        gettext_noop(
            "%(vendor)s could not be reached within %(connect)s s. "
            "Check its address in the settings; what waits is tried again by itself."
        ),
    ),
    ((requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError), _SLOW),
    (
        (ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError),
        gettext_noop(
            "An encrypted connection to %(vendor)s could not be made. "
            "Check its address in the settings; what waits is tried again by itself."
        ),
    ),
    (
        (ConnectionError, EOFError),
        gettext_noop("%(vendor)s closed the connection before it had answered; what waits is tried again by itself."),
    ),
    (
        (urllib3.exceptions.IncompleteRead,),
        gettext_noop(
            "%(vendor)s closed the connection in the middle of its answer; what waits is tried again by itself."
        ),
    ),
    (
        (HTTPException, urllib3.exceptions.HTTPError),
        gettext_noop("%(vendor)s answered something that is not HTTP; what waits is tried again by itself."),
    ),
)
_ON_ITS_WAY = gettext_noop("The call to %(vendor)s failed on its way; what waits is tried again by itself.")
_DROPPED = (ConnectionError, urllib3.exceptions.ProtocolError)


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
        text = _(
            "The certificate of %(vendor)s is not valid for this address, so nothing was sent. Check the address; if "
            "it is right, the vendor must renew the certificate."
        )
        return ConfigurationError(text % {"vendor": vendor})
    if isinstance(error, AnswerRefused):
        text = _("%(vendor)s answered %(what)s; what waits is tried again by itself.")
        return TemporaryError(text % {"vendor": vendor, "what": error})
    sentence = next(
        (text for types, text in _SENTENCES if any(isinstance(cause, types) for cause in chain)), _ON_ITS_WAY
    )
    facts = {"vendor": vendor, "connect": f"{connect_timeout:g}", "read": f"{read_timeout:g}"}
    return TemporaryError(_(sentence) % facts)


def deadline_failure(vendor: str, seconds: float) -> TemporaryError:
    return TemporaryError(_(_SLOW) % {"vendor": vendor, "read": f"{seconds:g}"})


def status_failure(vendor: str, status: int, headers: Mapping[str, str]) -> SyncError | None:
    """The error for an answer of this status, or None for success (2xx)."""
    if 200 <= status < 300:
        return None
    facts = {"vendor": vendor, "said": f"{status} {phrase}" if (phrase := _phrase(status)) else str(status)}
    if 300 <= status < 400:
        where = _where(headers.get("Location", ""))
        return ConfigurationError(_redirect(where) % {**facts, "where": where})
    if status in (401, 403):
        text = _(
            "%(vendor)s refused the credentials (%(said)s). Check the keys and the address in the settings; what is "
            "waiting is kept and sent when they are right."
        )
        return ConfigurationError(text % facts)
    if status in RETRY_LATER or status >= 500:
        wait = parse_retry_after(headers.get("Retry-After"))
        if status == 429:
            text = _("%(vendor)s is asking for fewer calls (%(said)s); what waits is tried again by itself.")
            return Throttled(text % facts, retry_after=PAUSE_AFTER_429 if wait is None else wait)
        text = _("%(vendor)s could not answer (%(said)s); what waits is tried again by itself.")
        return TemporaryError(text % facts, retry_after=wait)
    if 400 <= status < 500:
        text = _(
            "%(vendor)s refused the request (%(said)s). Its answer below says why; correct the record or the "
            "settings, then press Retry."
        )
        return RecordError(text % facts)
    text = _("%(vendor)s answered with the unknown status %(status)s; what waits is tried again by itself.")
    return TemporaryError(text % {"vendor": vendor, "status": status})


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


def _redirect(where: str) -> str:
    """With gaps for `vendor`, `said` and, if it is known, `where`."""
    if not where:
        return _(
            "The address of %(vendor)s redirects (%(said)s). Redirects are not followed, as they could carry keys to "
            "somebody else. Enter the final address in the settings."
        )
    return _(
        "The address of %(vendor)s redirects to %(where)s (%(said)s). Redirects are not followed, as they could carry "
        "keys to somebody else. Enter the final address in the settings."
    )


def _where(location: str) -> str:
    """`https://host`, without the path and query, which may hold a token; nothing for a relative redirect."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}" if parts.scheme and re.fullmatch(r"[a-z0-9.-]{1,253}", host) else ""
