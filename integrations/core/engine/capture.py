"""Intake of records into the queue: bulk, once per dedupe key, in the caller's transaction."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.core.causes import cause_of
from integrations.core.connector import Record
from integrations.core.engine import counts
from integrations.core.engine.rows import insert
from integrations.core.engine.wake import wake
from integrations.core.models import Connection, Event, EventPayload, Run

CHUNK = 1000
KEY_LENGTH = 191
REFUSED = "refused"
EVENT_COLUMNS = (
    "record_type", "key", "label", "source_time", "dedupe_key", "due_at", "settled_at", "outcome", "code", "message",
    "cause",
)  # fmt: skip
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
KEY = EVENT_COLUMNS.index("key")


def to_text(payload: Any) -> str:
    return encodable(COMPACT.encode(payload))


def encodable(text: str) -> str:
    """Without halves of surrogate pairs: JSON may hold them, no database and no cipher takes them."""
    return text.encode("utf-8", "replace").decode()


def storable(text: str, length: int) -> str:
    """A key or label as a column takes it. PostgreSQL refuses NUL, and with it the whole page of records."""
    return encodable(text).replace("\0", "�")[:length]


def capture(
    connection: Connection, records: Sequence[Record], *, run: Run, priority: int = Event.Priority.LIVE
) -> list[Record]:
    """Queue records as events of `run`; returns those that were new. The run's `read` counts them.

    Events, payloads and count commit together, or with the caller's transaction (a page's cursor, a delivery's
    status). A live record pulls older waiting work of the same key into the live lane: order per key holds, and
    a live change doesn't wait behind an import.
    """
    fresh = _once(connection.pk, records)
    now = timezone.now()
    broken: list[counts.Failure] = []
    with transaction.atomic():
        for start in range(0, len(fresh), CHUNK):
            chunk = fresh[start : start + CHUNK]
            rows = [_event(record, now) for record in chunk]
            same = {"connection_id": connection.pk, "run_id": run.pk, "priority": int(priority), "created_at": now}
            ids = insert(Event, EVENT_COLUMNS, rows, same=same)
            payloads = zip(ids, (to_text(record.payload) for record in chunk), strict=True)
            insert(EventPayload, ("event_id", "body"), payloads)
            broken += _failures(ids, chunk)
            if priority == Event.Priority.LIVE:
                _promote(connection.pk, [row[KEY] for row in rows])
        Run.objects.filter(pk=run.pk).update(read=F("read") + len(fresh), failed=F("failed") + len(broken))
        counts.add_failures(connection.pk, broken, now)
        counts.count_hour(connection.pk, [Event.Outcome.FAILED] * len(broken), now)
        if len(fresh) > len(broken):
            wake(connection.pk)
    return fresh


def _event(record: Record, now: datetime.datetime) -> tuple[Any, ...]:
    """Values of EVENT_COLUMNS. A record with a problem is settled as it comes."""
    what = (record.record_type, storable(record.key, KEY_LENGTH), storable(record.label, KEY_LENGTH))
    once = (record.source_time, record.dedupe_key)
    if record.problem:
        cause = cause_of(REFUSED, record.problem).digest
        return *what, *once, None, now, Event.Outcome.FAILED, REFUSED, record.problem, cause
    return *what, *once, now, None, Event.Outcome.PENDING, "", "", None


def _failures(ids: Sequence[int], records: Sequence[Record]) -> list[counts.Failure]:
    """Those that failed as they came."""
    return [
        counts.Failure(pk, record.record_type, cause_of(REFUSED, record.problem))
        for pk, record in zip(ids, records, strict=True)
        if record.problem
    ]


def _once(connection_id: int, records: Sequence[Record]) -> list[Record]:
    """Without those whose dedupe key was taken before, here or in the table."""
    wanted = {record.dedupe_key for record in records if record.dedupe_key}
    seen: set[str | None] = set()
    if wanted:
        taken = Event.objects.filter(connection_id=connection_id, dedupe_key__in=wanted)
        seen.update(taken.values_list("dedupe_key", flat=True))
    fresh = []
    for record in records:
        if record.dedupe_key is None or record.dedupe_key not in seen:
            fresh.append(record)
            seen.add(record.dedupe_key)
    return fresh


def _promote(connection_id: int, keys: list[str]) -> None:
    waiting = Event.objects.filter(connection_id=connection_id, due_at__isnull=False, key__in=keys)
    waiting.filter(priority__gt=Event.Priority.LIVE).update(priority=Event.Priority.LIVE)
