"""What a connector answers to those who set it up: its schedules, its tests, what a job or a record would come to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """A schedule: every so often, or once a day at a local time of the connection's zone.

    While a run of this job or of one in `gives_way_to` is open, its time passes without one, and the log says so –
    unless the job is a `poll`, which leaves no trace when it didn't run or found nothing, and looks again while some of
    what it found waits. `every`: half a minute or more.
    """

    every: datetime.timedelta | None = None
    at: datetime.time | None = None
    gives_way_to: tuple[str, ...] = ()
    # Many records at a time: they let live changes overtake them.
    bulk: bool = False
    poll: bool = False


@dataclass(frozen=True)
class Estimate:
    """How much a bulk job has before it: records, and seconds at the vendor's allowed rate."""

    records: int
    seconds: float


@dataclass(frozen=True)
class CheckStep:
    """One step of Test connection, in plain words."""

    label: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Standing:
    """How a record stands at the vendor now, looked up for a preview. Values are by target field.

    `sent`: as they would be written. `there`: those of the record that is there already; None when there is none.
    `by`: the target field it was found by, if by one. `changed`: which of `sent` differ from `there` (None: all whose
    text does). `calls` it takes to write it. `blind` says why nobody can tell what is there.
    """

    sent: Mapping[str, Any]
    there: Mapping[str, Any] | None = None
    by: str = ""
    changed: frozenset[str] | None = None
    calls: int = 1
    blind: str = ""
