"""What happens in the shop and on the list, and what the portal makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from integrations.connectors.flexpos.customers import customers
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core import newcomer
from integrations.core.connector import Record
from integrations.core.engine import collect
from integrations.core.engine import drain as engine
from integrations.core.engine.capture import capture
from integrations.core.models import Connection, Delivery, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from tests.connectors.flexpos.rows import mette
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def email(number: int) -> str:
    return f"n{number}@example.test"


def customer(number: int = 1, **values: Any) -> dict[str, Any]:
    """A row of FlexPOS, changed a minute after the one before of the same number if `minute` says so."""
    changed = datetime.datetime(2026, 3, 9, 10) + datetime.timedelta(minutes=values.pop("minute", 0))
    named = {"CustomerId": 50_000 + number, "Email": email(number), "Mobile": f"20{number:06d}"}
    return mette(**{**named, "ModifiedDate": changed.isoformat(), **values})


def connect(shop: FlexPOSAccount, practice: HeyloyaltyAccount, **overrides: Any) -> FlexPOSConnection:
    """An enabled connection from the shop to the list, without limits; state only what differs."""
    client_id, client_secret = shop.client
    values = {
        "connector": "flexpos",
        "name": shop.name,
        "state": Connection.State.ENABLED,
        "api_key": practice.api_key,
        "api_secret": practice.api_secret,
        "api_address": practice.url,
        "tracking_address": practice.url,
        "calls_per_second": 0,
        "list_id": str(CUSTOMERS),
        "api_url": shop.api_url,
        "client_id": client_id,
        "client_secret": client_secret,
        "calls_per_minute": 0,
    }
    connection = FlexPOSConnection.objects.create(**values | overrides)
    newcomer.complete(connection, by="tests")
    return connection


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
