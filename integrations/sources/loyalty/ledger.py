"""The arithmetic of points: which are spent, which expire, what is left. No database, no clock.

An account's balance is always the sum of what is left of its earnings. A date of expiry is the first day on which the
points can't be used.
"""

from __future__ import annotations

import datetime
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar


class Earning(Protocol):
    """Points as they were earned, and what is left of them. None: they never expire."""

    moved_at: datetime.datetime
    expires_on: datetime.date | None
    remaining: int


E = TypeVar("E", bound=Earning)


class NotEnough(Exception):
    """More was to be spent than there is on that day: `available`."""

    def __init__(self, available: int) -> None:
        super().__init__(available)
        self.available = available


class Ledger(Generic[E]):
    """The unused earnings of one account. `remaining` of the earnings themselves is what changes."""

    def __init__(self, earnings: Iterable[E] = ()) -> None:
        """`earnings` in the order in which they came."""
        self._earnings = sorted(earnings, key=_use_order)

    @property
    def balance(self) -> int:
        return sum(earning.remaining for earning in self._earnings)

    @property
    def next_expiry(self) -> tuple[datetime.date, int] | None:
        """When points expire next, and how many."""
        dates = Counter[datetime.date]()
        for earning in self._earnings:
            if earning.expires_on is not None:
                dates[earning.expires_on] += earning.remaining
        return min(((date, points) for date, points in dates.items() if points), default=None)

    def earn(self, earning: E) -> None:
        insort(self._earnings, earning, key=_use_order)

    def spend(self, points: int, on: datetime.date) -> list[E]:
        """Use what expires first, the older earning first; returns the earnings that were used.

        Raises NotEnough, having changed nothing, when fewer points can be used on that day.
        """
        usable = [earning for earning in self._usable(on) if earning.remaining]
        available = sum(earning.remaining for earning in usable)
        if points > available:
            raise NotEnough(available)
        used = []
        for earning in usable:
            if not points:
                break
            taken = min(points, earning.remaining)
            earning.remaining -= taken
            points -= taken
            used.append(earning)
        return used

    def expire(self, today: datetime.date) -> tuple[dict[datetime.date, int], list[E]]:
        """Drop what can't be used any more: points by date of expiry, earliest first, and the earnings they were of."""
        lost = Counter[datetime.date]()
        dropped = []
        for earning in self._earnings:
            if earning.expires_on is not None and earning.expires_on <= today and earning.remaining:
                lost[earning.expires_on] += earning.remaining
                earning.remaining = 0
                dropped.append(earning)
        return dict(lost), dropped

    def _usable(self, on: datetime.date) -> Iterator[E]:
        return (earning for earning in self._earnings if earning.expires_on is None or earning.expires_on > on)


def _use_order(earning: Earning) -> tuple[datetime.date, datetime.datetime]:
    """What expires first, then the older earning; Python keeps the order in which the rest came."""
    return earning.expires_on or datetime.date.max, earning.moved_at
