"""Taking due events: in order, never past an older unsettled event of the same key."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations.core.connector import Connector, Item
from integrations.core.models import Event, Link


class GuardExists(Exists):
    """EXISTS that keeps LIMIT 1 OFFSET 0: PostgreSQL then can't turn it into a join whose plan flips (ENGINE)."""

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        sql, params = super().as_sql(compiler, connection, **extra)
        return (f"{sql[:-1]} OFFSET 0)" if connection.vendor == "postgresql" else sql), params


OLDER_UNSETTLED = Event.objects.filter(
    connection_id=OuterRef("connection_id"),
    record_type=OuterRef("record_type"),
    key=OuterRef("key"),
    id__lt=OuterRef("id"),
    settled_at__isnull=True,
)


# An event that was taken so often and never settled: its worker may have stopped because of it.
SUSPECT_AFTER = 3
SUSPECT = Q(outcome=Event.Outcome.PENDING, attempts__gte=SUSPECT_AFTER)
COLUMNS = ("id", "run_id", "record_type", "key", "payload__body", "attempts", "source_time", "retried")


def takeable(connection_id: int) -> Any:
    """Events of a connection that a worker may send now."""
    due = Event.objects.filter(connection_id=connection_id, due_at__lte=timezone.now())
    return due.filter(~GuardExists(OLDER_UNSETTLED))


def take(connector: Connector, *, urgent: bool, limit: int, flying: Collection[int]) -> list[Item]:
    """The next due events of one lane, all of the first one's record type, with payload and link.

    Their attempts are counted before anything is sent: that names every record a crash may have sent twice. An event
    that may be what stops workers is taken last and alone, so that it takes no other down with it.
    """
    lane = Q(priority=Event.Priority.LIVE) if urgent else Q(priority__gt=Event.Priority.LIVE)
    free = takeable(connector.connection.pk).filter(lane).exclude(pk__among=flying)
    found = free.values_list(*COLUMNS)
    rows = list(found.filter(~SUSPECT).order_by("priority", "id")[:limit])
    if not rows and not flying:
        rows = list(found.filter(SUSPECT).order_by("attempts", "id")[:1])
    items = _of_one_type([_item(*row, urgent=urgent) for row in rows])
    if items:
        Event.objects.filter(pk__among=[item.event_id for item in items]).update(attempts=F("attempts") + 1)
        _attach_links(connector, items)
    return items


def _item(
    event_id: int,
    run_id: int,
    record_type: str,
    key: str,
    payload: str | None,
    attempts: int,
    source_time: datetime.datetime | None,
    retried: bool,
    *,
    urgent: bool,
) -> Item:
    """A row of COLUMNS, its attempts with the one that begins now. Retention may have deleted the payload."""
    body = {} if payload is None else json.loads(payload)
    return Item(event_id, run_id, record_type, key, body, attempts + 1, urgent, source_time, retried, link=None)


def _of_one_type(items: list[Item]) -> list[Item]:
    """Those of the first one's type, one a key. The database's guard sees to the keys; what slips through between two
    statements must not fly twice."""
    first: dict[str, Item] = {}
    for item in items:
        if item.record_type == items[0].record_type:
            first.setdefault(item.key, item)
    return list(first.values())


def _attach_links(connector: Connector, items: list[Item]) -> None:
    wanted: dict[str, set[str]] = {}
    for item in items:
        wanted.setdefault(item.record_type, set()).add(item.key)
        if parent := connector.parent(item):
            wanted.setdefault(parent[0], set()).add(parent[1])
    links = {
        (link.record_type, link.key): link
        for record_type, keys in wanted.items()
        for link in Link.objects.filter(
            connection_id=connector.connection.pk, record_type=record_type, key__among=keys
        )
    }
    for item in items:
        item.link = links.get((item.record_type, item.key))
        parent = connector.parent(item)
        item.parent = links.get(parent) if parent else None


def release(items: Iterable[Item]) -> None:
    """Put back what was taken and not sent: it doesn't count as an attempt."""
    ids = [item.event_id for item in items]
    if ids:
        Event.objects.filter(pk__among=ids, attempts__gt=0).update(attempts=F("attempts") - 1)


def next_due(connection_id: int, *, before: datetime.datetime | None = None) -> datetime.datetime | None:
    """When the next event of a connection that waits for no older one becomes due; None: none (before that time)."""
    queued = Event.objects.filter(connection_id=connection_id, due_at__isnull=False)
    soon = queued.filter(due_at__lte=before) if before else queued
    return soon.filter(~GuardExists(OLDER_UNSETTLED)).order_by("due_at").values_list("due_at", flat=True).first()
