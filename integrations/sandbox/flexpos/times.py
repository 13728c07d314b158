"""FlexPOS time: local Danish time without a zone, as it is written and as it is read, and the account's own clock.

What happened is kept as an instant (whole seconds since 1970, UTC) and written as local time, so that in October's
repeated hour two instants are written alike, and no instant is ever written as March's missing hour.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Copenhagen")
FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def local_time(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, ZONE)


def local(instant: float) -> str:
    """`2024-03-09T00:03:11`, as FlexPOS writes it."""
    return local_time(instant).strftime("%Y-%m-%dT%H:%M:%S")


def utc(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()


def instant_of_local(text: str, first: bool) -> int:
    """`first` decides which of the two instants a time in the repeated hour means.

    Raises ValueError for another form and for a time that no clock in Denmark showed.
    """
    if not FORM.fullmatch(text):
        raise ValueError("must be of the form yyyy-MM-ddTHH:mm:ss")
    try:
        read = datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=0 if first else 1)
        instant = int(read.timestamp())
    except (ValueError, OverflowError):
        raise ValueError("is not a date that exists") from None
    if local(instant) != text:
        raise ValueError("is in the hour that is skipped in March")
    return instant


def instant_of(text: str) -> int:
    """The instant of an ISO time with its zone. Raises ValueError when it has none."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text!r} doesn't say its time zone; write 2024-10-27T00:30:00Z")
    return int(read.timestamp())


def year_before(instant: float) -> int:
    """The same local time a year ago."""
    now = local_time(instant)
    day = 28 if (now.month, now.day) == (2, 29) else now.day
    return int(now.replace(year=now.year - 1, day=day).timestamp())


class Clock:
    """The real time unless it was set; from there it stands still or runs on."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.stopped_at: int | None = None
        self.ahead_s = 0.0

    def set(self, instant: int, runs: bool) -> None:
        self.stopped_at = None if runs else instant
        self.ahead_s = instant - time.time() if runs else 0.0

    def now(self) -> int:
        return int(time.time() + self.ahead_s) if self.stopped_at is None else self.stopped_at

    def dump(self) -> list[float | None]:
        return [self.stopped_at, self.ahead_s]

    def load(self, kept: list[float | None]) -> None:
        self.stopped_at = None if kept[0] is None else int(kept[0])
        self.ahead_s = kept[1] or 0.0
