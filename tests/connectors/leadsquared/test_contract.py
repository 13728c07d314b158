from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.models import Connection, Delivery
from tests.connectors.contract import ConnectorContract

CANARIES = {"access_key": "u$rcanary0access0key0a1b2c3", "secret_key": "canary0secret0key0d4e5f6"}


class TestLeadSquared(ConnectorContract):
    @pytest.fixture
    def connection(self, make_leadsync: Callable[..., LeadSquaredConnection], destination: Any) -> Connection:
        self.account = destination
        self.number = 0
        destination.settings(**CANARIES)
        connection = make_leadsync(name="Zebra 7", **CANARIES)
        self.before = destination.call_count()
        return connection

    def arrive(self, connection: Connection, number: int = 1) -> None:
        leads = []
        for _ in range(number):
            self.number += 1
            leads.append({"ProspectID": f"s-{self.number}", "EmailAddress": f"n{self.number}@example.test"})
        Delivery.objects.create(
            connection_id=connection.pk, content_type="application/json", body=json.dumps(leads).encode()
        )

    def make_vendor(self, state: str) -> None:
        self.account.clear_faults()
        faults = {
            "troubled": ("system_error", {}),
            "refusing": ("refused", {}),
            "closed": ("unauthorized", {"times": None}),
            "silent": ("applied_unanswered", {"path": "Create"}),
        }
        if state in faults:
            kind, options = faults[state]
            self.account.fault(kind, **options)

    def created(self) -> list[str]:
        return [entry["id"] for entry in self.account.ledger() if entry["outcome"] == "created"]

    def calls(self) -> int:
        return self.account.call_count() - self.before
