"""What happens in the shop and on the list, and what the portal makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from integrations.connectors.flexpos.customers import customers
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.connector import Record
from integrations.core.engine import collect
from integrations.core.engine import drain as engine
from integrations.core.engine.capture import capture
from integrations.core.models import Connection, Delivery, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from tests.connectors.flexpos.rows import mette

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def email(number: int) -> str:
    return f"n{number}@example.test"


def customer(number: int = 1, **values: Any) -> dict[str, Any]:
    """A row of FlexPOS, changed a minute after the one before of the same number if `minute` says so."""
    changed = datetime.datetime(2026, 3, 9, 10) + datetime.timedelta(minutes=values.pop("minute", 0))
    named = {"CustomerId": 50_000 + number, "Email": email(number), "Mobile": f"20{number:06d}"}
    return mette(**{**named, "ModifiedDate": changed.isoformat(), **values})


def arrive(connection: Connection, *rows: dict[str, Any], **mark: Any) -> None:
    """Rows of customers are queued; `mark` are the choices of an initial import."""
    queue(connection, customers(rows).records, **mark)


def queue(connection: Connection, records: Iterable[Record], **mark: Any) -> None:
    run = Run.objects.create(connection_id=connection.pk, trigger=Run.Trigger.SCHEDULE, complete=True)
    found = list(records)
    for record in found:
        record.payload.update({"_import": mark} if mark else {})
    capture(connection, found, run=run)


def drain(connection: Connection) -> list[Event]:
    """Everything that waits is sent; all events, oldest first."""
    Event.objects.filter(due_at__isnull=False).update(due_at=LONG_AGO)
    Lease.objects.update(not_before=EPOCH)
    engine.drain(connection.pk)
    return list(Event.objects.filter(connection_id=connection.pk).order_by("pk"))


def deliver(connection: Connection, *rows: dict[str, Any], **mark: Any) -> list[tuple[str, str]]:
    """Outcome and code of what these customers became."""
    before = Event.objects.count()
    arrive(connection, *rows, **mark)
    return [(event.outcome, event.code) for event in drain(connection)[before:]]


def pull(connection: FlexPOSConnection, job: str = "import", trigger: str = Run.Trigger.SCHEDULE) -> Run:
    """Start a job, read it to its end, and send what it found."""
    run = collect.start(connection, job, trigger)
    assert run is not None
    collect.collect(run.pk)
    drain(connection)
    run.refresh_from_db()
    return run


def webhook(connection: Connection, body: bytes) -> Delivery:
    """A call of the list's webhook, stored and worked off."""
    call = Delivery.objects.create(connection_id=connection.pk, content_type="application/json", body=body)
    drain(connection)
    call.refresh_from_db()
    return call
