"""Fetch data from FlexPOS, step by step, without a browser."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone

from integrations.connectors.flexpos.import_start import Planned, start_estimate, start_import
from integrations.connectors.flexpos.initial_import import Choices, today
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect
from integrations.core.models import Event, Run
from tests.connectors.flexpos import till

MONTH = datetime.timedelta(days=31)


def chosen(**changes: Any) -> Choices:
    """The last month's members; state only what differs."""
    now = timezone.now()
    return replace(Choices(today(now - MONTH), today(now), orders="none"), **changes)


def user() -> User:
    return User.objects.get_or_create(username="mia")[0]


def estimate(connection: FlexPOSConnection, **changes: Any) -> Run:
    """An estimate, made to its end."""
    run = start_estimate(connection, chosen(**changes), user())
    assert run is not None
    return finish(run)


def finish(run: Run) -> Run:
    """What its tasks do, one after the other."""
    for _ in range(100):
        collect.collect(run.pk)
        run.refresh_from_db()
        if run.complete:
            break
    return run


def result(run: Run) -> dict[str, Any]:
    found = Planned.of(run).result
    assert found is not None, run.message
    return found


def begin(connection: FlexPOSConnection, estimated: Run) -> Run:
    run, started = start_import(connection, estimated, user())
    assert run is not None and started
    return run


def send(run: Run) -> Run:
    """What an import that was started reads, and what becomes of it."""
    finish(run)
    till.drain(run.connection)
    run.refresh_from_db()
    return run


def fetch(connection: FlexPOSConnection, **changes: Any) -> Run:
    """The whole way: estimate, start, import."""
    return send(begin(connection, estimate(connection, **changes)))


def skips(run: Run) -> dict[str, int]:
    """By code."""
    return dict(_counted(run, Event.Outcome.SKIPPED, "code"))


def refusals(run: Run) -> dict[str, int]:
    """By sentence."""
    return dict(_counted(run, Event.Outcome.FAILED, "message"))


def _counted(run: Run, outcome: str, column: str) -> Any:
    events = Event.objects.filter(run_id=run.pk, outcome=outcome).values_list(column)
    return events.annotate(number=Count("pk")).order_by()
