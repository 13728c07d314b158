"""Lead Sync as engine tests need it: connections to the practice account, work to queue, and ears for its drains."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from integrations.connectors.leadsquared.connector import LeadSync
from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
from integrations.core import newcomer
from integrations.core.connector import Connector, Item, Page, Record
from integrations.core.engine import retry
from integrations.core.engine.capture import capture
from integrations.core.engine.drain import drain
from integrations.core.models import Connection, Delivery, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from integrations.core.registry import register
from tests.sandbox_server import LeadSquaredAccount


def connect(account: LeadSquaredAccount, **overrides: Any) -> LeadSquaredConnection:
    """An enabled Lead Sync to this practice account, limits lifted on both sides; state only what differs."""
    account.limits()
    values = {
        "connector": "leadsquared",
        "name": f"Lead Sync to {account.name}",
        "state": Connection.State.ENABLED,
        "region": OTHER,
        "api_address": account.url,
        "access_key": account.access_key,
        "secret_key": account.secret_key,
        "calls_per_5s": 0,
        "bulk_calls_per_5s": 0,
    }
    connection = LeadSquaredConnection.objects.create(**values | overrides)
    newcomer.complete(connection, by="tests")
    return connection


@contextmanager
def toy(**parts: Any) -> Iterator[type[Connector]]:
    """Inside the block LeadSquared connections are served by a Lead Sync with these methods and attributes."""
    made: type[Connector] = type("Toy", (LeadSync,), parts)
    register(LeadSquaredConnection)(made)
    try:
        yield made
    finally:
        register(LeadSquaredConnection)(LeadSync)


def listening(heard: Callable[[Item], None]) -> Callable[[LeadSync, Item], Any]:
    """A `prepare` that first tells what is about to be prepared, in the drain's own thread."""

    def prepare(self: LeadSync, item: Item) -> Any:
        heard(item)
        return LeadSync.prepare(self, item)

    return prepare


def lead(number: int, **values: Any) -> Record:
    """Lead `number`; values set or (with None) leave out fields of its payload."""
    payload = {"ProspectID": f"s-{number}", "EmailAddress": email(number), "FirstName": f"Name {number}", **values}
    payload = {name: value for name, value in payload.items() if value is not None}
    return Record("lead", f"s-{number}", payload, email(number))


def email(number: int) -> str:
    return f"n{number}@example.test"


def leads(numbers: Iterable[int], **values: Any) -> list[Record]:
    return [lead(number, **values) for number in numbers]


def queue_up(connection: Connection, records: Sequence[Record], *, bulk: bool = False) -> Run:
    """Capture records into a run of their own."""
    trigger = Run.Trigger.IMPORT if bulk else Run.Trigger.CHANGE
    run = Run.objects.create(connection=connection, trigger=trigger, complete=True)
    capture(connection, records, run=run, priority=Event.Priority.BULK if bulk else Event.Priority.LIVE)
    return run


def webhook(connection: Connection, body: bytes, content_type: str = "application/json") -> Delivery:
    """A call as the hook stored it."""
    return Delivery.objects.create(connection=connection, body=body, content_type=content_type, size=len(body))


def deliver(connection: Connection, *records: Record, **options: Any) -> list[Event]:
    """Capture and drain; all events of the connection, oldest first."""
    queue_up(connection, records)
    drain(connection.pk, **options)
    return events(connection)


def events(connection: Connection) -> list[Event]:
    return list(Event.objects.filter(connection_id=connection.pk).order_by("pk"))


def outcomes(connection: Connection) -> list[str]:
    return [event.outcome for event in events(connection)]


def counts(run: Run) -> dict[str, int]:
    """The counts of a run that aren't zero."""
    run.refresh_from_db()
    named = {name: getattr(run, name) for name in ("read", "new", "updated", "unchanged", "skipped", "failed")}
    return {name: number for name, number in named.items() if number}


def its_time_comes(connection: Connection) -> None:
    """What waits for a later time is due: the clock, without waiting for it."""
    Event.objects.filter(connection_id=connection.pk, due_at__isnull=False).update(due_at=timezone.now())
    Lease.objects.filter(connection_id=connection.pk).update(not_before=EPOCH)


class Died(BaseException):
    """Stands for the end of the process: nothing after it runs, no lease is given back."""


def its_lease_runs_out(connection: Connection) -> None:
    """As after a crash, when the lease's seconds are over."""
    Lease.objects.filter(connection_id=connection.pk).update(until=EPOCH)


def retry_failed(connection: Connection, *, all_of_them: bool = False) -> Run | None:
    ids = list(retry.failed(connection.pk).order_by("pk").values_list("pk", flat=True))
    return (retry.retry_all if all_of_them else retry.retry)(connection.pk, ids)


def pages_of(*pages: Page) -> Callable[[Any, str, Run], Iterator[Page]]:
    """A `collect` that goes on after the page its cursor names."""

    def collect(self: Any, job: str, run: Run) -> Iterator[Page]:
        yield from pages[self.cursor(job).get("page", 0) :]

    return collect


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime.datetime:
    """A moment in UTC."""
    return datetime.datetime(year, month, day, hour, minute, tzinfo=datetime.UTC)
