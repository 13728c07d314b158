from __future__ import annotations

import pytest
from django.test import Client

from tests.connectors.contract import ConnectorContract
from tests.sandbox_heyloyalty import HeyloyaltyAccount


class ListContract(ConnectorContract):
    """For a connector that writes to a list of Heyloyalty. Its fixture `connection` sets `account`, and `before`: the
    calls there were until then."""

    account: HeyloyaltyAccount
    before: int

    @pytest.fixture
    def client(self) -> Client:
        return Client()

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
