"""The dashboard's counters, written in the transaction that settles, captures or retries (ENGINE: never per call).

Rows are locked in one order everywhere: events, runs, failure groups, hours.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, F, Max, Min
from django.utils import timezone

from integrations.core.causes import Cause, cause_of
from integrations.core.engine.rows import insert
from integrations.core.models import Event, FailureGroup, HourCount
from integrations.core.models.journal import ERASED, EventOutcome

CHUNK = 1000
# Hours are kept this long.
HOURS_KEPT = datetime.timedelta(days=8)
COLUMN = {
    EventOutcome.NEW: "done",
    EventOutcome.UPDATED: "done",
    EventOutcome.UNCHANGED: "done",
    EventOutcome.SKIPPED: "skipped",
    EventOutcome.FAILED: "failed",
}
HOUR = ("done", "skipped", "failed")
GROUP_KEY = ("record_type", "cause")
GROUP_COLUMNS = (*GROUP_KEY, "code", "text", "open", "example")
Key = tuple[str, str]


@dataclass(frozen=True)
class Failure:
    """A failed event as its group counts it."""

    event_id: int
    record_type: str
    cause: Cause


def hour_of(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)


def count_hour(connection_id: int, outcomes: Iterable[str], now: datetime.datetime) -> None:
    """Add to this hour's counts; one statement, none when nothing was settled."""
    counted = Counter(COLUMN[EventOutcome(outcome)] for outcome in outcomes if outcome in COLUMN)
    if counted:
        insert(
            HourCount,
            HOUR,
            [[counted[name] for name in HOUR]],
            same={"connection_id": connection_id, "hour": hour_of(now)},
            unique=("connection_id", "hour"),
            add=HOUR,
        )


def add_failures(connection_id: int, failures: Iterable[Failure], now: datetime.datetime) -> None:
    """Count events that have just failed; one statement, none when there are none."""
    groups: dict[Key, list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.record_type, failure.cause.digest), []).append(failure)
    insert(
        FailureGroup,
        GROUP_COLUMNS,
        (_group(key, found) for key, found in sorted(groups.items())),
        same={"connection_id": connection_id, "since": now, "last": now},
        unique=("connection_id", *GROUP_KEY),
        update=("last", "example"),
        add=("open",),
    )


def _group(key: Key, found: list[Failure]) -> tuple[object, ...]:
    """Values of GROUP_COLUMNS."""
    cause = found[0].cause
    return *key, cause.code, cause.text, len(found), max(failure.event_id for failure in found)


def take_off(connection_id: int, numbers: Counter[Key]) -> None:
    """Failed events were retried: so many of each group are not failed any more."""
    for (record_type, cause), number in sorted(numbers.items()):
        group = FailureGroup.objects.filter(connection_id=connection_id, record_type=record_type, cause=cause)
        group.update(open=F("open") - number)
        group.filter(open__lte=0).delete()


# -- from scratch -------------------------------------------------------------------------------------------


def recount() -> int:
    """Name the cause of failed events that have none, and count all groups again; returns how many were wrong.

    For upgrades, and to be sure: counters that are kept right by every transaction never differ.
    """
    for failed in _unnamed():
        with transaction.atomic():
            _name(failed)
    with transaction.atomic():
        _hold_still()
        return _correct()


def _unnamed() -> Iterator[list[int]]:
    last = 0
    failed = Event.objects.filter(outcome=EventOutcome.FAILED, cause__isnull=True).exclude(code=ERASED)
    unnamed = failed.order_by("pk")
    while ids := list(unnamed.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield ids
        last = ids[-1]


def _name(event_ids: list[int]) -> None:
    """Those that are still failed, as somebody may press Retry meanwhile."""
    failed = Event.objects.select_for_update().filter(pk__in=event_ids, outcome=EventOutcome.FAILED)
    named: dict[Cause, list[int]] = {}
    counted: dict[int, list[Failure]] = {}
    rows = failed.filter(cause__isnull=True).order_by("pk")
    for pk, connection_id, record_type, code, message in rows.values_list(
        "pk", "connection_id", "record_type", "code", "message"
    ):
        cause = cause_of(code, message)
        named.setdefault(cause, []).append(pk)
        counted.setdefault(connection_id, []).append(Failure(pk, record_type, cause))
    for cause, ids in named.items():
        Event.objects.filter(pk__in=ids).update(cause=cause.digest)
    for connection_id, failures in sorted(counted.items()):
        add_failures(connection_id, failures, timezone.now())


def _hold_still() -> None:
    """Nobody counts meanwhile. SQLite has one writer anyway."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            table = database.ops.quote_name(FailureGroup._meta.db_table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _correct() -> int:
    known = {(group.connection_id, group.record_type, group.cause): group for group in FailureGroup.objects.all()}
    failed = Event.objects.filter(outcome=EventOutcome.FAILED, cause__isnull=False)
    found = failed.order_by().values_list("connection_id", "record_type", "cause")
    wrong = 0
    for connection_id, record_type, cause, number, since, last, example in found.annotate(
        Count("pk"), Min("settled_at"), Max("settled_at"), Max("pk")
    ):
        group = known.pop((connection_id, record_type, cause), None)
        values = {"open": number, "since": since, "last": last, "example": example}
        if group is None:
            code, message = Event.objects.values_list("code", "message").get(pk=example)
            named = cause_of(code, message)
            values |= {"code": named.code, "text": named.text}
            FailureGroup.objects.create(connection_id=connection_id, record_type=record_type, cause=cause, **values)
        else:
            FailureGroup.objects.filter(pk=group.pk).update(**values)
        wrong += group is None or group.open != number
    FailureGroup.objects.filter(pk__in=[group.pk for group in known.values()]).delete()
    return wrong + len(known)


def forget_old_hours(now: datetime.datetime) -> None:
    HourCount.objects.filter(hour__lt=now - HOURS_KEPT).delete()
