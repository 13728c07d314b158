from __future__ import annotations

import pytest

from integrations.core.models import Connection
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.connectors.heyloyalty.list_contract import ListContract
from tests.sandbox_heyloyalty import HeyloyaltyAccount

CANARIES = {
    "api_key": "canary0key0a1b2c3",
    "api_secret": "canary0secret0d4e5f6",
    "client_secret": "canary0till0g7h8i9",
    "attraction_client_secret": "canary0show0j1k2l3",
}


class TestFlexPOS(ListContract):
    """With automations and webhooks, so that members travel by calls: imports have tests of their own."""

    @pytest.fixture
    def connection(self, make_flexpos: MakeConnection, practice: HeyloyaltyAccount) -> Connection:
        self.account = practice
        self.number = 0
        heyloyalty = {name: CANARIES[name] for name in ("api_key", "api_secret")}
        practice.settings(**heyloyalty)
        connection = make_flexpos(name="Zebra 7", send_automations=True, send_webhooks=True, **CANARIES)
        self.before = practice.call_count()
        return connection

    def arrive(self, connection: Connection, number: int = 1) -> None:
        rows = [till.customer(self.number + one) for one in range(1, number + 1)]
        self.number += number
        till.arrive(connection, *rows)
