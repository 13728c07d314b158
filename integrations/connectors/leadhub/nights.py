"""Which nights a notification is due for, and how far it has come. Pure.

The cursor is `{"done": date}` after a whole night, `{"night": date, "after": customer id}` within one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

ONE_DAY = datetime.timedelta(days=1)
# After a longer absence of the portal older nights are left alone.
MOST_NIGHTS = 31


def due(cursor: dict[str, Any], today: datetime.date) -> Iterator[datetime.date]:
    """Tonight, after those that were begun or missed; each local date once."""
    first = today
    if "night" in cursor:
        first = datetime.date.fromisoformat(cursor["night"])
    elif "done" in cursor:
        first = datetime.date.fromisoformat(cursor["done"]) + ONE_DAY
    night = max(first, today - MOST_NIGHTS * ONE_DAY)
    while night <= today:
        yield night
        night += ONE_DAY


def reached(cursor: dict[str, Any], night: datetime.date) -> int:
    """The last customer that was read for this night; 0 at its start."""
    return int(cursor["after"]) if cursor.get("night") == night.isoformat() else 0


def under_way(night: datetime.date, after: int) -> dict[str, Any]:
    return {"night": night.isoformat(), "after": after}


def done(night: datetime.date) -> dict[str, Any]:
    return {"done": night.isoformat()}


def pages(losses: Iterable[tuple[int, int]], size: int) -> Iterator[dict[int, int]]:
    """(customer id, points) in portions, by customer id."""
    rest = iter(losses)
    while portion := dict(islice(rest, size)):
        yield portion
