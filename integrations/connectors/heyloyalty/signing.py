"""How Heyloyalty knows who calls: HMAC-SHA256 over the time, in hex, as the password of Basic authentication. Pure."""

from __future__ import annotations

import base64
import datetime
import hmac
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

TIMESTAMP_HEADER = "X-Request-Timestamp"
# Clocks that differ less are not worth a word; an answer took its time, too.
CLOCK_OFF_SECONDS = 90


@dataclass(frozen=True)
class Signature:
    """What proves one moment. `digest` is as good as the secret as long as that moment counts as now."""

    api_key: str
    timestamp: str
    digest: str = field(repr=False)

    @property
    def password(self) -> str:
        return _base64(self.digest)

    @property
    def headers(self) -> dict[str, str]:
        basic = _base64(f"{self.api_key}:{self.password}")
        return {"Authorization": f"Basic {basic}", TIMESTAMP_HEADER: self.timestamp}


BEHIND = gettext_lazy(
    "Heyloyalty refused the signature (%(status)s): the clock of this server is %(minutes)s minutes behind "
    "Heyloyalty's, and the time is part of the signature. Set the clock."
)
AHEAD = gettext_lazy(
    "Heyloyalty refused the signature (%(status)s): the clock of this server is %(minutes)s minutes ahead of "
    "Heyloyalty's, and the time is part of the signature. Set the clock."
)


def sign(api_key: str, api_secret: str, now: datetime.datetime) -> Signature:
    """The signature of an aware time. Neither method nor address nor body is part of it."""
    timestamp = format_datetime(now.astimezone(datetime.UTC), usegmt=True)
    digest = hmac.new(api_secret.encode(), timestamp.encode(), "sha256").hexdigest()
    return Signature(api_key, timestamp, digest)


def refusal(status: int, date: str, now: datetime.datetime) -> str:
    """Why a call was refused: Heyloyalty says the same of wrong keys and of a wrong clock, but its answer's `Date`
    tells its own clock."""
    off = _seconds_between(now, date)
    if abs(off) > CLOCK_OFF_SECONDS:
        return (BEHIND if off > 0 else AHEAD) % {"status": status, "minutes": round(abs(off) / 60)}
    return _(
        "Heyloyalty refused the keys (%(status)s). Check API key and API secret (in Heyloyalty: user "
        "menu › Account information). If they are right, check the clock of this server: the time is "
        "part of the signature."
    ) % {"status": status}


def _seconds_between(now: datetime.datetime, date: str) -> float:
    """Until an HTTP date; 0 when it is none."""
    try:
        return (parsedate_to_datetime(date) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
