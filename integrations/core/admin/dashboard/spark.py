"""A connection's last 24 hours as bars: drawn by the server, told in words. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

HOURS = 24
STEP, BAR, HEIGHT = 7, 5, 32
# The least height of a failure beside many successes.
LEAST = 3


@dataclass(frozen=True)
class Box:
    """A bar in the drawing's units."""

    x: int
    y: int
    height: int
    failed: bool


@dataclass(frozen=True)
class Spark:
    boxes: list[Box]
    # Where settings were changed.
    marks: list[int]
    label: str
    frame: str = f"0 0 {HOURS * STEP} {HEIGHT}"

    # Each as one path: a page has dozens of these drawings.

    @property
    def done(self) -> str:
        return _path(box for box in self.boxes if not box.failed)

    @property
    def failed(self) -> str:
        return _path(box for box in self.boxes if box.failed)

    @property
    def flags(self) -> str:
        """A pole with a flag at each change."""
        return "".join(f"M{x} 0V{HEIGHT}M{x} 0l4 3l-4 3z" for x in self.marks)


def _path(boxes: Iterable[Box]) -> str:
    return "".join(f"M{box.x} {box.y}h{BAR}v{box.height}h-{BAR}z" for box in boxes)


def spark(
    counts: Mapping[datetime.datetime, tuple[int, int]], changes: Sequence[datetime.datetime], now: datetime.datetime
) -> Spark:
    """`counts` are (done, failed) by hour, `changes` the times at which settings were saved."""
    first = now.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=HOURS - 1)
    hours = [counts.get(first + datetime.timedelta(hours=number), (0, 0)) for number in range(HOURS)]
    most = max(done + failed for done, failed in hours)
    boxes = [box for number, (done, failed) in enumerate(hours) for box in _boxes(number, done, failed, most)]
    since = [moment for moment in changes if first <= moment <= now]
    marks = sorted({int((moment - first).total_seconds() * STEP / 3600) for moment in since})
    return Spark(boxes, marks, _label(hours, since))


def _boxes(number: int, done: int, failed: int, most: int) -> list[Box]:
    """Successes below, failures on top of them."""
    low = max(1, round(done / most * HEIGHT)) if done else 0
    high = max(LEAST, round(failed / most * HEIGHT)) if failed else 0
    low = min(low, HEIGHT - high)
    x = number * STEP + (STEP - BAR) // 2
    found = [Box(x, HEIGHT - low, low, failed=False)] if low else []
    return [*found, Box(x, HEIGHT - low - high, high, failed=True)] if high else found


def _label(hours: Sequence[tuple[int, int]], changes: Sequence[datetime.datetime]) -> str:
    done, failed = sum(hour[0] for hour in hours), sum(hour[1] for hour in hours)
    text = _("Last 24 hours: %(done)s synced, %(failed)s failed.") % {"done": f"{done:,}", "failed": f"{failed:,}"}
    if not changes:
        return text
    times = ", ".join(time_format(timezone.localtime(moment), "H:i") for moment in changes)
    changed = _("Settings changed at %(times)s.") % {"times": times}
    return f"{text} {changed}"
