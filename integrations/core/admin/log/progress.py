"""How far a sync job has come: what stands beside its bar."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.durations import about
from integrations.core.engine.control import worked_seconds
from integrations.core.models import Run
from integrations.core.models.journal import OPEN

# After so many seconds of work its rate says something about the rest.
WARM_UP = 10.0


@dataclass(frozen=True)
class Progress:
    """Records settled, of how many (what it expects, else what it has read); `rate` in records a minute, 0: unknown."""

    settled: int
    total: int
    rate: float = 0.0
    status: str = Run.Status.RUNNING

    @classmethod
    def of(cls, run: Run, now: datetime.datetime) -> Progress:
        seconds = worked_seconds(run, now)
        rate = run.settled * 60 / seconds if seconds >= WARM_UP else 0.0
        return cls(run.settled, _total(run, run.plan.get("expected")), rate, run.status)

    @property
    def percent(self) -> int:
        """Rounded down: 100 is reached by the last record only."""
        return 100 * self.settled // self.total if self.total else 0

    @property
    def remaining(self) -> int:
        return self.total - self.settled

    @property
    def speed(self) -> str:
        if not self.rate:
            return _("not known yet")
        number = f"{self.rate:,.0f}" if self.rate >= 10 else f"{self.rate:.1f}"
        return _("%(number)s a minute") % {"number": number}

    @property
    def left(self) -> str:
        """Time left, in words."""
        if self.status == Run.Status.STOPPING:
            return "–"
        if not self.rate:
            return _("not known yet")
        time = about(self.remaining / self.rate * 60)
        return _("%(time)s after Resume") % {"time": time} if self.status == Run.Status.PAUSED else time


def _total(run: Run, expected: int | None) -> int:
    """Until everything is read, what it said at its start counts; it may have read more meanwhile."""
    return run.read if run.complete else max(run.read, expected or 0)


def progress(run: Run) -> Progress | None:
    """None when it is over."""
    return Progress.of(run, timezone.now()) if run.status in OPEN else None


def percents(runs: Iterable[Run]) -> dict[int, int]:
    """By run id, of those that aren't over. One query: a plan may be long, so only its number is read."""
    opened = {run.pk: run for run in runs if run.status in OPEN}
    expected = Run.objects.filter(pk__in=opened).values_list("pk", "plan__expected") if opened else ()
    return {pk: Progress(opened[pk].settled, _total(opened[pk], number)).percent for pk, number in expected}
