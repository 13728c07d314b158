"""Taking due events: in order, never past an older unsettled event of the same key."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations.core.connector import Connector, Item
from integrations.core.models import Event, Link
from integrations.core.models.engine import EPOCH


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
# More waiting changes of the keys in one take are merged in the next.
MERGED_AT_ONCE = 5000
SUSPECT = Q(outcome=Event.Outcome.PENDING, attempts__gte=SUSPECT_AFTER)
COLUMNS = ("id", "run_id", "record_type", "key", "payload__body", "attempts", "source_time", "retried")


def takeable(connection_id: int, paused: Collection[int] = ()) -> Any:
    """Events of a connection that a worker may send now: not the bulk work of `paused` runs."""
    due = Event.objects.filter(connection_id=connection_id, due_at__lte=timezone.now())
    return _unpaused(due, paused).filter(~GuardExists(OLDER_UNSETTLED))


def _unpaused(events: Any, paused: Collection[int]) -> Any:
    return events.exclude(priority__gt=Event.Priority.LIVE, run_id__in=paused) if paused else events


def take(
    connector: Connector, *, urgent: bool, limit: int, flying: Collection[Item], paused: Collection[int] = ()
) -> list[Item]:
    """The next due events of one lane, all of the first one's record type, with payload and link.

    `flying` are in the caller's hand: neither they nor others of their keys (an older one that is being retried) are
    taken.

    Their attempts are counted before anything is sent: that names every record a crash may have sent twice. An event
    that may be what stops workers is taken last and alone, so that it takes no other down with it.
    """
    lane = Q(priority=Event.Priority.LIVE) if urgent else Q(priority__gt=Event.Priority.LIVE)
    free = takeable(connector.connection.pk, paused).filter(lane).exclude(pk__among=[item.event_id for item in flying])
    found = free.values_list(*COLUMNS)
    rows = list(found.filter(~SUSPECT).order_by("priority", "id")[:limit])
    if not rows and not flying:
        rows = list(found.filter(SUSPECT).order_by("attempts", "id")[:1])
    busy = {(item.record_type, item.key) for item in flying}
    found_items = [_item(*row, urgent=urgent) for row in rows]
    items = _of_one_type([item for item in found_items if (item.record_type, item.key) not in busy])
    if items:
        Event.objects.filter(pk__among=[item.event_id for item in items]).update(attempts=F("attempts") + 1)
        attach_links(connector, items)
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


def attach_links(connector: Connector, items: list[Item]) -> None:
    """What each item and the record it hangs on became before; a query for each record type."""
    wanted: dict[str, set[str]] = {}
    for item in items:
        wanted.setdefault(item.record_type, set()).add(item.key)
        if parent := connector.parent(item):
            wanted.setdefault(parent[0], set()).add(parent[1])
    links = {
        (link.record_type, link.key): link
        for record_type, keys in wanted.items()
        for link in Link.objects.filter(connection_id=connector.connection.pk, record_type=record_type, key__among=keys)
    }
    for item in items:
        item.link = links.get((item.record_type, item.key))
        parent = connector.parent(item)
        item.parent = links.get(parent) if parent else None


def merge(connector: Connector, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """For taken items of a type that merges: what to send, and what that makes superfluous.

    Behind each item the newest waiting event of its key steps forward; the item and those between are superfluous.
    """
    if not items or not connector.record_type(items[0].record_type).merges:
        return list(items), []
    first = {item.key: item for item in items}
    waiting = Event.objects.filter(
        connection_id=connector.connection.pk,
        record_type=items[0].record_type,
        key__among=list(first),
        settled_at__isnull=True,
    )
    behind: dict[str, list[Item]] = {key: [item] for key, item in first.items()}
    rows = waiting.exclude(pk__among=[item.event_id for item in items]).order_by("id")
    for row in rows.values_list(*COLUMNS)[:MERGED_AT_ONCE]:
        item = _item(*row, urgent=items[0].urgent)
        behind[item.key].append(item)
    newest = {key: max(found, key=_version) for key, found in behind.items()}
    superfluous = [item for found in behind.values() for item in found if item is not newest[item.key]]
    if stepped := [item for item in newest.values() if item is not first[item.key]]:
        Event.objects.filter(pk__among=[item.event_id for item in stepped]).update(attempts=F("attempts") + 1)
        attach_links(connector, stepped)
    return list(newest.values()), superfluous


def _version(item: Item) -> tuple[datetime.datetime, int]:
    """By the source's clock where it tells, else by order of arrival."""
    return item.source_time or EPOCH, item.event_id


def release(items: Iterable[Item]) -> None:
    """Put back what was taken and not sent: it doesn't count as an attempt."""
    ids = [item.event_id for item in items]
    if ids:
        Event.objects.filter(pk__among=ids, attempts__gt=0).update(attempts=F("attempts") - 1)


def next_due(
    connection_id: int, *, before: datetime.datetime | None = None, paused: Collection[int] = ()
) -> datetime.datetime | None:
    """When the next event of a connection that waits for no older one becomes due; None: none (before that time)."""
    queued = _unpaused(Event.objects.filter(connection_id=connection_id, due_at__isnull=False), paused)
    soon = queued.filter(due_at__lte=before) if before else queued
    free = soon.filter(~GuardExists(OLDER_UNSETTLED)).order_by("due_at")
    due: datetime.datetime | None = free.values_list("due_at", flat=True).first()
    return due
