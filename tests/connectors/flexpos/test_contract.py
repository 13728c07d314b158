from __future__ import annotations

import pytest
from django.test import Client

from integrations.core.models import Connection
from tests.connectors.contract import ConnectorContract
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_heyloyalty import HeyloyaltyAccount

CANARIES = {
    "api_key": "canary0key0a1b2c3",
    "api_secret": "canary0secret0d4e5f6",
    "client_secret": "canary0till0g7h8i9",
    "attraction_client_secret": "canary0show0j1k2l3",
}


class TestFlexPOS(ConnectorContract):
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

    @pytest.fixture
    def client(self) -> Client:
        return Client()

    def arrive(self, connection: Connection, number: int = 1) -> None:
        rows = [till.customer(self.number + one) for one in range(1, number + 1)]
        self.number += number
        till.arrive(connection, *rows)

    def make_vendor(self, state: str) -> None:
        self.account.clear_faults()
        if state == "troubled":
            self.account.fault("system_error", path="upsert")
        elif state == "refusing":
            self.account.fault("refused", path="upsert")
        elif state == "closed":
            self.account.fault("unauthorized", times=None)
        elif state == "silent":
            self.account.fault("applied_unanswered", path="upsert")

    def created(self) -> list[str]:
        return [entry["id"] for entry in self.account.ledger() if entry["outcome"] == "created"]

    def calls(self) -> int:
        return self.account.call_count() - self.before
