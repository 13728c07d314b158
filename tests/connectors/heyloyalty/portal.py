"""What the portal does with an activation: attach, sync, send."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.utils import timezone

from integrations.connectors.heyloyalty import attached, sync
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core.engine import collect
from integrations.core.engine import drain as engine
from integrations.core.models import Connection, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from integrations.core.registry import connector_for


def attach(activation: ActivationConnection, *subjects: Any) -> list[AttachedField]:
    """As the last step of the page does, without syncing. Those with a problem."""
    attached.attach(activation, subjects)
    return ensured(activation)


def ensured(activation: ActivationConnection) -> list[AttachedField]:
    """Those with a problem."""
    with closing(connector_for(activation)) as connector:
        return attached.ensure(connector, timezone.now())  # type: ignore[arg-type]


def name_of(activation: ActivationConnection, subject: Any) -> str:
    """What the list calls the field of an audience or attribute."""
    kind = type(subject).__name__.lower()
    found: str = AttachedField.objects.get(connection=activation, **{kind: subject}).field_name
    return found


def drain(connection: Connection) -> list[Event]:
    """All events of the connection, oldest first, once those that wait were tried."""
    Event.objects.filter(connection_id=connection.pk, due_at__isnull=False).update(due_at=EPOCH)
    Lease.objects.filter(connection_id=connection.pk).update(not_before=EPOCH)
    engine.drain(connection.pk)
    return list(Event.objects.filter(connection_id=connection.pk).order_by("pk"))


def pull(connection: Connection, run: Run | None) -> Run:
    """The run, once it has read everything and sent it."""
    assert run is not None
    collect.collect(run.pk)
    drain(connection)
    run.refresh_from_db()
    return run


def synced(activation: ActivationConnection) -> Run:
    return pull(activation, sync.start(activation))
