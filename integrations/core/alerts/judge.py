"""What runs that have ended say about their job. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.core.models.alert import AlertKind
from integrations.core.models.journal import RunStatus

MOST_FAILED = 0.3
# Live changes come a few at a time: one that fails is all of its run, and no news.
LEAST_LIVE = 3
IN_A_ROW = 5


@dataclass(frozen=True)
class Ended:
    """A run that is over. `broke`: it was given up; its records may be fine. `live`: it is no job's."""

    pk: int
    status: str
    read: int
    failed: int
    broke: bool = False
    live: bool = False

    @property
    def failing(self) -> bool:
        return self.status in (RunStatus.FAILURE, RunStatus.UNBALANCED)


def is_broken(run: Ended) -> bool:
    """It failed itself, rather than some of its records."""
    return run.status == RunStatus.UNBALANCED or (run.failing and (run.broke or not run.failed))


def is_mostly_bad(run: Ended) -> bool:
    return run.failed > MOST_FAILED * run.read


def has_many_failed(run: Ended) -> bool:
    return is_mostly_bad(run) and (not run.live or run.failed >= LEAST_LIVE)


def troubles(fresh: Sequence[Ended], history: Sequence[Ended]) -> dict[AlertKind, Ended]:
    """What is wrong, and the run that shows it.

    `fresh` are the runs of one job that ended since somebody looked, `history` its last IN_A_ROW; both newest first.
    """
    found: dict[AlertKind, Ended] = {}
    for kind, is_bad in ((AlertKind.RUN_FAILED, is_broken), (AlertKind.MANY_FAILED, has_many_failed)):
        if bad := [run for run in fresh if is_bad(run)]:
            found[kind] = bad[0]
    if fresh and len(history) >= IN_A_ROW and all(run.failing for run in history[:IN_A_ROW]):
        found[AlertKind.FIVE_IN_A_ROW] = history[0]
    return found


def is_over(kind: str, newest: Ended) -> bool:
    """Whether the newest run says that this trouble has gone."""
    if kind == AlertKind.RUN_FAILED:
        return not is_broken(newest)
    return not (is_mostly_bad(newest) if kind == AlertKind.MANY_FAILED else newest.failing)
