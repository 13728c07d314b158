from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
from integrations.core import newcomer, versions
from integrations.core.models import Connection, FieldMapping
from tests.sandbox_server import Sandbox


@pytest.fixture
def destination(sandbox: Sandbox) -> Any:
    """The practice account that leads arrive in, its limits lifted."""
    account = sandbox.leadsquared("destination")
    account.limits(calls_per_5s=0, bulk_calls_per_5s=0)
    return account


@pytest.fixture
def make_leadsync(db: None, destination: Any) -> Callable[..., LeadSquaredConnection]:
    """An enabled Lead Sync to the practice destination; state only what differs."""

    def make(*, mapping: dict[str, dict[str, Any]] | None = None, **overrides: Any) -> LeadSquaredConnection:
        values = {
            "connector": "leadsquared",
            "name": "Lead Sync",
            "state": Connection.State.ENABLED,
            "region": OTHER,
            "api_address": destination.url,
            "access_key": destination.access_key,
            "secret_key": destination.secret_key,
            "time_zone": "Europe/Copenhagen",
            "calls_per_5s": 0,
            "bulk_calls_per_5s": 0,
        }
        connection = LeadSquaredConnection.objects.create(**values | overrides)
        newcomer.complete(connection, by="tests")
        for target, changes in (mapping or {}).items():
            FieldMapping.objects.update_or_create(
                connection=connection, record_type="lead", target=target, defaults=changes
            )
        versions.record_version(connection)
        return connection

    return make
