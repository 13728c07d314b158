from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.connectors.contactsend.send import SendClient
from tests.sandbox_contactsend import ContactsendAccount
from tests.sandbox_server import Sandbox

MakeSend = Callable[..., SendClient]


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
