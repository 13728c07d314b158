from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core import newcomer
from integrations.core.models import Connection
from tests.sandbox_leadhub import LeadHubAccount
from tests.sandbox_server import Sandbox


@pytest.fixture
def leadhub(sandbox: Sandbox) -> LeadHubAccount:
    """The practice account, without limits and delays."""
    account = sandbox.leadhub()
    account.limits()
    account.settings(visibility_delay_s=0)
    return account


@pytest.fixture
def make_leadhub(db: None, leadhub: LeadHubAccount) -> Callable[..., LeadHubConnection]:
    """An enabled connection to the practice account; state only what differs."""

    def make(**overrides: object) -> LeadHubConnection:
        values = {
            "connector": "leadhub",
            "name": "LeadHub",
            "state": Connection.State.ENABLED,
            "api_address": leadhub.url,
            "api_key": leadhub.token,
            "time_zone": "Europe/Prague",
            "calls_per_minute": 0,
        }
        connection = LeadHubConnection.objects.create(**values | overrides)
        newcomer.complete(connection, by="tests")
        return connection

    return make


@pytest.fixture
def connection(make_leadhub: Callable[..., LeadHubConnection]) -> LeadHubConnection:
    return make_leadhub()
