"""Nightly: payloads and bodies older than RETENTION_DAYS are deleted, in chunks. Open work and failures keep theirs.

The dashboard's counters are checked on the way.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django_q.models import Task

from integrations.core.engine import counts
from integrations.core.models import Alert, Attempt, Delivery, Event, EventPayload, Exchange

CHUNK = 1000
OPEN = Q(settled_at__isnull=True) | Q(outcome=Event.Outcome.FAILED)


def retain(now: datetime.datetime | None = None) -> None:
    """Delete what is past its time. Counts, outcomes and the fact that an exchange took place stay."""
    now = now or timezone.now()
    limit = now - datetime.timedelta(days=settings.RETENTION_DAYS)
    _in_chunks(EventPayload.objects.filter(event__created_at__lt=limit).exclude(event__in=Event.objects.filter(OPEN)))
    _in_chunks(
        Event.objects.filter(created_at__lt=limit).exclude(OPEN).exclude(label=""),
        label="",
    )
    needed = Attempt.objects.filter(Q(event__settled_at__isnull=True) | Q(event__outcome=Event.Outcome.FAILED))
    bodies = Exchange.objects.filter(created_at__lt=limit, request_body__isnull=False)
    _in_chunks(
        bodies.exclude(Exists(needed.filter(exchange=OuterRef("pk")))),
        request_body=None,
        response_body=None,
        response_headers={},
    )
    read = (Delivery.Status.CAPTURED, Delivery.Status.DUPLICATE, Delivery.Status.REJECTED)
    _in_chunks(Delivery.objects.filter(received_at__lt=limit, status__in=read, body__isnull=False), body=None)
    Task.objects.filter(stopped__lt=limit).delete()
    # What stopped a connection stays in its history.
    Alert.objects.filter(recovered_at__lt=limit).exclude(kind=Alert.Kind.STOPPED).delete()
    counts.forget_old_hours(now)
    counts.recount()


def _in_chunks(rows: Any, **changes: Any) -> None:
    """Update (or, without changes, delete) a chunk a statement, so that nobody waits long for a lock."""
    last = 0
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        last = ids[-1]
        chunk = rows.model.objects.filter(pk__in=ids)
        if changes:
            chunk.update(**changes)
        else:
            chunk._raw_delete(chunk.db)
