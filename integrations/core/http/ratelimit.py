"""How fast one vendor account may be called: sliding windows, a pause for all threads, and a lane for live changes.

A vendor counts per account, not per process or per run: `spent()` and `restore()` carry windows and pause over to the
next process.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.errors import NotSent

LONGEST_PAUSE = 6 * 3600.0  # seconds; a vendor that names a longer time is asked again after this
SLACK = 0.05  # seconds added to a window: calls don't arrive at the vendor exactly as they left


@dataclass(frozen=True)
class Limit:
    """At most `calls` in any `per` seconds. Zero calls means unlimited."""

    calls: int
    per: float = 1.0


@dataclass(frozen=True)
class Lane:
    """How the calls of a batch queue: `urgent` ones overtake the others; none waits beyond `deadline` (monotonic), and
    none is sent once `alive` says no: the work may be another process's by then."""

    urgent: bool = False
    deadline: float = float("inf")
    alive: Callable[[], bool] = lambda: True


lane: ContextVar[Lane | None] = ContextVar("lane", default=None)


@contextmanager
def in_lane(*, urgent: bool, deadline: float, alive: Callable[[], bool] = lambda: True) -> Iterator[Lane]:
    """Let every call inside the block, in this context, queue in that lane."""
    chosen = Lane(urgent, deadline, alive)
    token = lane.set(chosen)
    try:
        yield chosen
    finally:
        lane.reset(token)


class _Window:
    """The times (monotonic) of the last calls, and who waits: a heap of (not urgent, number)."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.span = limit.per + SLACK
        self.taken: deque[float] = deque(maxlen=limit.calls)
        self.waiting: list[tuple[bool, int]] = []

    def slot(self, place: int, now: float) -> float:
        """When the waiter at this place (0 = next) may go, if nobody overtakes it."""
        rounds, rest = divmod(place, self.limit.calls)
        free_at_once = self.limit.calls - len(self.taken)
        first = now if rest < free_at_once else max(now, self.taken[rest - free_at_once] + self.span)
        return first + rounds * self.span


class RateLimits:
    """The limits of one account by name; a name without one of its own falls under `default`. Thread-safe."""

    def __init__(self, limits: Mapping[str, Limit] | None = None) -> None:
        self._windows = {name: _Window(limit) for name, limit in (limits or {}).items() if limit.calls > 0}
        self._named = frozenset(limits or ())
        self._changed = threading.Condition(threading.Lock())
        self._paused_until = 0.0
        self._numbers = count()

    def acquire(self, name: str = "default", *, urgent: bool = False, deadline: float = float("inf")) -> None:
        """Wait for a free slot; urgent waiters go first.

        Raises NotSent at once when the slot would come after `deadline` (time.monotonic), or as soon as it turns out
        to; `retry_after` then says in how many seconds it would have come.
        """
        window = self._windows.get(name if name in self._named else "default")
        if window is None and time.monotonic() >= self._paused_until:
            return
        with self._changed:
            if window is None:
                self._wait_for_pause(deadline)
            else:
                self._wait_for_slot(window, urgent, deadline)

    def _wait_for_pause(self, deadline: float) -> None:
        while (now := time.monotonic()) < self._paused_until:
            _refuse_after(deadline, self._paused_until, now)
            self._changed.wait(self._paused_until - now)

    def _wait_for_slot(self, window: _Window, urgent: bool, deadline: float) -> None:
        me = (not urgent, next(self._numbers))
        heapq.heappush(window.waiting, me)
        try:
            while True:
                now = time.monotonic()
                place = sum(other < me for other in window.waiting)
                slot = max(window.slot(place, now), self._paused_until)
                _refuse_after(deadline, slot, now)
                if place == 0 and slot <= now:
                    window.taken.append(now)
                    return
                # Only the first waits for the clock; the others are woken when it has gone.
                self._changed.wait(slot - now if place == 0 else None)
        finally:
            window.waiting.remove(me)
            heapq.heapify(window.waiting)
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Let nobody go for `seconds` (at most six hours). A shorter pause does not end a longer one."""
        with self._changed:
            self._paused_until = max(self._paused_until, time.monotonic() + min(max(seconds, 0.0), LONGEST_PAUSE))
            self._changed.notify_all()

    def paused_for(self) -> float:
        """The seconds until the pause ends; 0.0 when there is none."""
        return max(0.0, self._paused_until - time.monotonic())

    def spent(self) -> dict[str, Any]:
        """What the next process must know: `{"windows": {name: [epoch seconds]}, "paused_until": epoch seconds}`."""
        with self._changed:
            now, epoch = time.monotonic(), time.time()
            windows = {
                name: [round(epoch - (now - taken), 3) for taken in window.taken if now - taken < window.span]
                for name, window in self._windows.items()
            }
            pause = self._paused_until - now
            return {"windows": windows, "paused_until": round(epoch + pause, 3) if pause > 0 else 0.0}

    def restore(self, spent: Mapping[str, Any]) -> None:
        """Take over what `spent` told in another process. Times no clock can have told are ignored."""
        with self._changed:
            now, epoch = time.monotonic(), time.time()
            for name, times in (spent.get("windows") or {}).items():
                if window := self._windows.get(name):
                    ages = sorted(
                        (max(0.0, epoch - taken) for taken in times if epoch - taken > -window.span), reverse=True
                    )
                    known = [now - age for age in ages if age < window.span]
                    window.taken = deque(sorted([*window.taken, *known]), maxlen=window.limit.calls)
            pause = min((spent.get("paused_until") or 0.0) - epoch, LONGEST_PAUSE)
            self._paused_until = max(self._paused_until, now + pause if pause > 0 else 0.0)
            self._changed.notify_all()


def _refuse_after(deadline: float, slot: float, now: float) -> None:
    if slot > deadline:
        text = _(
            "Not sent yet: the vendor's rate limit leaves no room before this run hands over. It will be sent later."
        )
        raise NotSent(text, retry_after=round(slot - now, 3))
