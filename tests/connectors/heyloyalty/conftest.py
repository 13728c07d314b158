from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import MemberList
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

MakeClient = Callable[..., HeyloyaltyClient]


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
