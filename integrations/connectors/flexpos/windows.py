"""What to ask FlexPOS for next, and what its times mean. Pure: instants in, instants and local times out.

FlexPOS takes and writes local Danish time without a zone. In October the hour from 02:00 comes twice, so that a time in
it says nothing about which of the two is meant: no window is asked for with such a time, its edges are moved outwards.
March's missing hour needs nothing: no instant is ever written as a time in it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Copenhagen")
WIRE_FORMAT = "%Y-%m-%dT%H:%M:%S"
# Read again each time: changes that FlexPOS showed late, and clocks that differ.
OVERLAP = datetime.timedelta(minutes=10)
# Longer spans are read in portions, so that a broken run starts again near where it was.
PORTION = datetime.timedelta(days=7)
# How far back FlexPOS answers, less an hour for the time a run takes and for a clock that differs.
REACH = datetime.timedelta(days=365)
SECOND, HOUR = datetime.timedelta(seconds=1), datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """Changes from instant `start` to before instant `end`, both in UTC and whole seconds.

    Once it is read, `end` is the stream's cursor. What FlexPOS is asked for may be wider.
    """

    start: datetime.datetime
    end: datetime.datetime

    @property
    def modified_from(self) -> str:
        """ModifiedFrom (inclusive): from before the first 02:00 when `start` is in the repeated hour."""
        local = self.start.astimezone(ZONE)
        return written(_hour_of(local, first=True) - SECOND if _is_repeated(local) else self.start)

    @property
    def modified_to(self) -> str:
        """ModifiedTo (exclusive): 03:00, once that is unmistakable, when `end` is in the repeated hour."""
        local = self.end.astimezone(ZONE)
        return written(_hour_of(local, first=False) + HOUR if _is_repeated(local) else self.end)


def since(cursor: datetime.datetime, now: datetime.datetime) -> list[Window]:
    """What changed since everything up to `cursor` was read, oldest first. A cursor in the future counts as now."""
    return between(min(cursor, now) - OVERLAP, now, now)


def between(start: datetime.datetime, end: datetime.datetime, now: datetime.datetime) -> list[Window]:
    """Windows without a gap from `start` to `end`, as far as FlexPOS answers and time has come; [] if none is left."""
    at, last = max(_whole(start), oldest(now)), min(_whole(end), _whole(now))
    windows = []
    while at < last:
        windows.append(Window(at, min(at + PORTION, last)))
        at = windows[-1].end
    return windows


def oldest(now: datetime.datetime) -> datetime.datetime:
    """The first instant that may be asked for: a year ago and an hour, by the clock on the wall."""
    # Also in the hour before March's change, when that clock is about to jump.
    wall = max(_whole(now).astimezone(ZONE) + HOUR, (_whole(now) + HOUR).astimezone(ZONE))
    instant = (wall - REACH).astimezone(datetime.UTC)
    local = instant.astimezone(ZONE)
    # Not from before the first 02:00, as elsewhere: that may be more than a year ago.
    return _hour_of(local, first=False) + HOUR if _is_repeated(local) else instant


def written(instant: datetime.datetime) -> str:
    """`2024-03-09T00:03:11`, as FlexPOS takes it."""
    return instant.astimezone(ZONE).strftime(WIRE_FORMAT)


def instant_of(text: Any) -> datetime.datetime | None:
    """The instant of a time FlexPOS wrote, in UTC; the later one in the repeated hour; None for what is no time."""
    local = _local(text)
    return None if local is None else local.astimezone(datetime.UTC)


def version_of(text: Any) -> datetime.datetime | None:
    """The instant to compare versions of a record by: never earlier for a change that came later.

    Taking either instant for a time in the repeated hour would call what was saved at the second 02:10 older than what
    was saved at the first 02:30. So all of it counts as its last second: equal, and the order of arrival decides.
    """
    local = _local(text)
    if local is None:
        return None
    return (_hour_of(local, first=False) + HOUR - SECOND) if _is_repeated(local) else local.astimezone(datetime.UTC)


def _local(text: Any) -> datetime.datetime | None:
    try:
        read = datetime.datetime.fromisoformat(text)
        local = read.replace(tzinfo=ZONE, fold=1) if read.tzinfo is None else read.astimezone(ZONE)
        local.astimezone(datetime.UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return local


def _is_repeated(local: datetime.datetime) -> bool:
    """Whether this time of day comes twice on its date."""
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


def _hour_of(local: datetime.datetime, *, first: bool) -> datetime.datetime:
    """The instant at which the hour of this time begins, for the first or the second time."""
    begins = local.replace(minute=0, second=0, microsecond=0, fold=0 if first else 1)
    return begins.astimezone(datetime.UTC)


def _whole(instant: datetime.datetime) -> datetime.datetime:
    return instant.astimezone(datetime.UTC).replace(microsecond=0)
