from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.connectors.contactsend.hub import HubClient, rate_limits
from integrations.connectors.contactsend.send import SendClient
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount
from tests.sandbox_server import Sandbox

MakeHubClient = Callable[..., HubClient]
MakeSend = Callable[..., SendClient]


@pytest.fixture
def hub(sandbox: Sandbox) -> ContacthubAccount:
    """The practice workspace."""
    return sandbox.contacthub()


@pytest.fixture
def make_hub_client(hub: ContacthubAccount) -> Iterator[MakeHubClient]:
    """A client of the practice workspace, without limits; state only what differs."""
    made: list[HubClient] = []

    def make(**overrides: Any) -> HubClient:
        values = {
            "base_url": hub.api_address,
            "workspace": hub.workspace_id,
            "token": hub.token,
            "limits": rate_limits(0),
        }
        made.append(HubClient(**values | overrides))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def hub_client(make_hub_client: MakeHubClient) -> HubClient:
    return make_hub_client()


@pytest.fixture
def send(sandbox: Sandbox) -> ContactsendAccount:
    """The practice account."""
    return sandbox.contactsend()


@pytest.fixture
def make_send(send: ContactsendAccount) -> Iterator[MakeSend]:
    """A client of the practice account, without limits; state only what differs."""
    made: list[SendClient] = []

    def make(address: str = "", **overrides: Any) -> SendClient:
        user_key, api_key = send.keys
        values = {"address": address or send.address, "user_key": user_key, "api_key": api_key}
        made.append(SendClient(**values | overrides))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_send: MakeSend) -> SendClient:
    return make_send()
