from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.models import Connection
from tests.connectors.contract import ConnectorContract
from tests.connectors.leadhub import shop
from tests.sandbox_leadhub import LeadHubAccount

CANARY = "canary0api0key0" + "0a1b2c3d" * 14


class TestLeadHub(ConnectorContract):
    @pytest.fixture
    def connection(self, make_leadhub: Callable[..., LeadHubConnection], leadhub: LeadHubAccount) -> Connection:
        self.account = leadhub
        self.number = 0
        leadhub.settings(token=CANARY)
        connection = make_leadhub(name="Zebra 7", api_key=CANARY)
        self.before = leadhub.call_count()
        return connection

    def arrive(self, connection: Connection, number: int = 1) -> None:
        for _ in range(number):
            self.number += 1
            shop.customer(self.number)

    def make_vendor(self, state: str) -> None:
        self.account.clear_faults()
        if state == "troubled":
            self.account.fault("system_error", path="profiles/tags")
        elif state == "refusing":
            self.account.fault("refused", path="profiles/tags")
        elif state == "closed":
            self.account.fault("unauthorized", times=None)
        elif state == "silent":
            self.account.fault("applied_unanswered", path="profiles/tags")

    def created(self) -> list[str]:
        return [entry["user_id"] for entry in self.account.ledger(kind="tag")]

    def calls(self) -> int:
        return self.account.call_count() - self.before
