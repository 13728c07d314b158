"""Who calls: HMAC-SHA256 over the text of X-Request-Timestamp, in hex, as the password of Basic authentication.

Neither method nor path nor body is signed. The vendor's clients send the time as RFC 1123 or as ISO 8601.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

HEADER = "X-Request-Timestamp"


def password(secret: str, timestamp: str) -> str:
    digest = hmac.new(secret.encode(), timestamp.encode(), "sha256").hexdigest()
    return base64.b64encode(digest.encode()).decode()


def signed_headers(key: str, secret: str, timestamp: str) -> dict[str, str]:
    """The two headers of a call made at `timestamp`."""
    basic = base64.b64encode(f"{key}:{password(secret, timestamp)}".encode()).decode()
    return {"Authorization": f"Basic {basic}", HEADER: timestamp}


def is_signed(headers: Mapping[str, str], key: str, secret: str, window: float, now: datetime) -> bool:
    """Whether the headers are those of the key; `window` is how many seconds a time may be off, 0 for any."""
    timestamp = headers.get(HEADER, "")
    expected = signed_headers(key, secret, timestamp)["Authorization"]
    if not hmac.compare_digest(expected.encode(), headers.get("Authorization", "").encode()):
        return False
    signed_at = time_of(timestamp)
    return signed_at is not None and (not window or abs((now - signed_at).total_seconds()) <= window)


def time_of(timestamp: str) -> datetime | None:
    """An RFC 1123 or ISO 8601 time; None for anything else."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(timestamp)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
