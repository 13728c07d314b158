"""A source between the practice accounts, and its two directions by hand instead of by the clock."""

from __future__ import annotations

from typing import Any

from integrations.connectors.contactsend.jobs import FIRST, FROM_HUB, FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection, SubscriptionRow
from integrations.core import newcomer
from integrations.core.engine import collect
from integrations.core.engine.drain import drain
from integrations.core.models import Connection, Event, Run
from integrations.core.models.journal import OPEN
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import CUSTOMERS, NEWS, ContactsendAccount

NEWSLETTER = "newsletter-it"


def connect(hub: ContacthubAccount, send: ContactsendAccount, **overrides: Any) -> ContactsendConnection:
    """An enabled source between Shop and the userdb of customers, limits lifted; state only what differs."""
    user_key, api_key = send.keys
    values = {
        "connector": "contactsend",
        "name": "Shop",
        "state": Connection.State.ENABLED,
        "hub_address": hub.api_address,
        "workspace": hub.workspace_id,
        "hub_token": hub.token,
        "node_id": hub.shop,
        "send_address": send.address,
        "user_key": user_key,
        "api_key": api_key,
        "userdb_id": str(CUSTOMERS),
        "hub_calls_per_second": 0,
        "send_calls_per_second": 0,
    }
    connection = ContactsendConnection.objects.create(**values | overrides)
    newcomer.complete(connection, by="tests")
    return connection


def subscribe_to(connection: ContactsendConnection, hub_id: str = NEWSLETTER, code: str = NEWS) -> SubscriptionRow:
    return SubscriptionRow.objects.create(
        connection=connection, hub_subscription_id=hub_id, registration_field="__cls1", webform_code=code
    )


def pull(connection: ContactsendConnection, job: str, trigger: str = Run.Trigger.SCHEDULE) -> Run | None:
    """One poll and what follows from it; the run, if it found something."""
    run = collect.start(connection, job, trigger)
    if run is None:
        # One that was interrupted goes on, and one whose records wait looks again.
        run = Run.objects.get(connection=connection, job=job, status__in=OPEN)
        collect.look_again(run)
    collect.collect(run.pk)
    drain(connection.pk)
    return Run.objects.filter(pk=run.pk).first()


def from_hub(connection: ContactsendConnection) -> Run | None:
    return pull(connection, FROM_HUB)


def from_send(connection: ContactsendConnection) -> Run | None:
    return pull(connection, FROM_SEND)


def first_sync(connection: ContactsendConnection) -> Run:
    """Both directions: between them it waits for the first to be done."""
    run = pull(connection, FIRST, Run.Trigger.IMPORT)
    assert run is not None
    collect.collect(run.pk)
    drain(connection.pk)
    run.refresh_from_db()
    return run


def switched_on(hub: ContacthubAccount, send: ContactsendAccount) -> ContactsendConnection:
    """A source that is on, with nobody on either side yet."""
    connection = connect(hub, send)
    subscribe_to(connection)
    settle(connection, 1)
    return connection


def settle(connection: ContactsendConnection, rounds: int = 3) -> None:
    """Until neither side has news."""
    for _ in range(rounds):
        from_hub(connection)
        from_send(connection)


def events(connection: ContactsendConnection) -> list[tuple[str, str, str]]:
    """Key, outcome and code or message of each, oldest first."""
    found = Event.objects.filter(connection_id=connection.pk).order_by("pk")
    return [(event.key.split()[0], event.outcome, event.code or event.message) for event in found]
