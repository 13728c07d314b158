"""What happens in the shop, and what LeadHub has of it afterwards."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from integrations.core.batch import Outcome
from integrations.core.engine import collect
from integrations.core.engine import drain as engine
from integrations.core.models import Connection, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.movements import record_movements


def email(number: int = 1) -> str:
    return f"n{number}@example.test"


def customer(number: int = 1, **values: Any) -> int:
    """A customer, new or changed; the id."""
    [result] = save_customers([CustomerRow(**{"external_id": f"c{number}", "email": email(number)} | values)])
    assert result.id is not None, result.message
    return result.id


def customers(last: int, start: int = 1) -> None:
    rows = [CustomerRow(external_id=f"c{number}", email=email(number)) for number in range(start, last + 1)]
    assert {result.outcome for result in save_customers(rows)} == {Outcome.CREATED}


def moves(value: int, number: int = 1, **values: Any) -> None:
    [result] = record_movements([MovementRow(value=value, email=email(number), **values)])
    assert result.outcome == Outcome.CREATED, result.message


def new_pin(pin: str, number: int = 1) -> None:
    [result] = change_pins([PinRow(pin=pin, email=email(number))])
    assert result.outcome == Outcome.UPDATED, result.message


def drain(connection: Connection) -> list[Event]:
    """Everything that is due is sent; all events, oldest first."""
    Event.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    Lease.objects.update(not_before=EPOCH)
    engine.drain(connection.pk)
    return list(Event.objects.filter(connection_id=connection.pk).order_by("pk"))


def forget_events() -> None:
    Run.objects.all().delete()


def pull(connection: Connection, job: str, trigger: str = Run.Trigger.SCHEDULE) -> Run:
    """Start a job, read it to its end, and send what it found."""
    run = collect.start(connection, job, trigger)
    assert run is not None
    collect.collect(run.pk)
    drain(connection)
    run.refresh_from_db()
    return run


def today(connection: Connection) -> datetime.date:
    return timezone.now().astimezone(connection.zone).date()
