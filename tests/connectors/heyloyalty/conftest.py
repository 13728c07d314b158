from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core import newcomer
from integrations.core.models import Connection
from tests.connectors.heyloyalty import cdp
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

MakeClient = Callable[..., HeyloyaltyClient]
MakeActivation = Callable[..., ActivationConnection]


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    """The practice account; imports start at once."""
    account = sandbox.heyloyalty()
    account.settings(import_delay_s=0)
    return account


@pytest.fixture
def make_client(practice: HeyloyaltyAccount) -> Iterator[MakeClient]:
    """A client of the practice account, without limits; state only what differs."""
    made: list[HeyloyaltyClient] = []

    def make(address: str = "", **overrides: Any) -> HeyloyaltyClient:
        values = {
            "api_address": address or practice.url,
            "tracking_address": address or practice.url,
            "api_key": practice.api_key,
            "api_secret": practice.api_secret,
            "now": lambda: datetime.datetime.now(datetime.UTC),
        }
        made.append(HeyloyaltyClient(**values | overrides))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> HeyloyaltyClient:
    return make_client()


@pytest.fixture
def customers(client: HeyloyaltyClient) -> MemberList:
    return client.list_of(CUSTOMERS)


# -- the activation ------------------------------------------------------------------------------


@pytest.fixture
def make_activation(db: None, practice: HeyloyaltyAccount) -> MakeActivation:
    """An enabled activation of the practice list; state only what differs."""

    def make(**overrides: Any) -> ActivationConnection:
        values = {
            "connector": "heyloyalty",
            "name": "Activation",
            "state": Connection.State.ENABLED,
            "identifier_type": cdp.email_type(),
            "api_key": practice.api_key,
            "api_secret": practice.api_secret,
            "api_address": practice.url,
            "calls_per_second": 0,
            "list_id": str(CUSTOMERS),
        }
        connection = ActivationConnection.objects.create(**values | overrides)
        newcomer.complete(connection, by="tests")
        return connection

    return make


@pytest.fixture
def activation(make_activation: MakeActivation) -> ActivationConnection:
    return make_activation()
