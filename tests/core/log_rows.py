"""Rows for the log's pages: connections, runs and events, with only what differs stated."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.models import Attempt, Connection, Event, EventPayload, Exchange, Run
from integrations.core.setup import MARKETING, SUPPORT
from integrations.core.versions import record_version

OPEN = (Event.Outcome.PENDING, Event.Outcome.WAITING)


def make_connection(name: str = "Shop", **values: Any) -> LeadSquaredConnection:
    defaults = {"connector": "leadsquared", "name": name, "state": Connection.State.ENABLED}
    return LeadSquaredConnection.objects.create(**defaults | values)


def make_run(connection: Connection, **values: Any) -> Run:
    defaults = {"trigger": Run.Trigger.WEBHOOK, "status": Run.Status.SUCCESS, "complete": True}
    return Run.objects.create(connection_id=connection.pk, **defaults | values)


def make_event(connection: Connection, outcome: str = "new", *, payload: Any = None, **values: Any) -> Event:
    run = values.pop("run", None) or make_run(connection)
    now = values.get("created_at") or timezone.now()
    settled = {"due_at": now, "settled_at": None} if outcome in OPEN else {"due_at": None, "settled_at": now}
    defaults = {"record_type": "lead", "key": "s-1", "label": "anna@example.test", "created_at": now, **settled}
    event = Event.objects.create(connection_id=connection.pk, run=run, outcome=outcome, **defaults | values)
    if payload is not None:
        EventPayload.objects.create(event=event, body=json.dumps(payload))
    return event


def make_attempt(event: Event, **exchange: Any) -> Attempt:
    row = exchange.pop("row", None)
    defaults = {"method": "POST", "url": "https://api.example.test/Lead", "status": 200}
    sent = Exchange.objects.create(connection_id=event.connection_id, **defaults | exchange)
    return Attempt.objects.create(event=event, run_id=event.run_id, exchange=sent, row=row, outcome=event.outcome)


def with_version(event: Event) -> Event:
    event.version = record_version(event.connection.specific)
    event.save()
    return event


def log_in(group: str | None, *connections: LeadSquaredConnection) -> Client:
    """A browser of somebody with this role (None: an administrator), who has access to these connections."""
    if group is None:
        user = User.objects.create_superuser(f"admin{User.objects.count()}")
    else:
        user = User.objects.create_user(f"user{User.objects.count()}", is_staff=True)
        role = Group.objects.get(name=group)
        user.groups.add(role)
        for connection in connections:
            connection.access_roles.add(role)
    client = Client()
    client.force_login(user)
    return client


__all__ = [
    "MARKETING",
    "SUPPORT",
    "log_in",
    "make_attempt",
    "make_connection",
    "make_event",
    "make_run",
    "with_version",
]
