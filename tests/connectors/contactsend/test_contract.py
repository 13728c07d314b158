from __future__ import annotations

import pytest
from django.test import Client

from integrations.connectors.contactsend.collect_hub import record
from integrations.core.engine.capture import capture
from integrations.core.models import Connection, Run
from tests.connectors.contactsend.pair import connect, from_hub
from tests.connectors.contract import ConnectorContract
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

CANARIES = {
    "hub_token": "canary0hub0token0a1b2c3d4",
    "user_key": "canary0user0key0" + "0a1b2c3d" * 3,
    "api_key": "canary0api0key00" + "4e5f6a7b" * 3,
}
WRITE = "addSubscriber"


class TestContactsend(ConnectorContract):
    """Customers of Contacthub become subscribers."""

    @pytest.fixture
    def connection(self, hub: ContacthubAccount, send: ContactsendAccount, db: None) -> Connection:
        self.hub, self.account = hub, send
        self.number = 0
        hub.source(hub.source_id, token=CANARIES["hub_token"])
        send.settings(user_key=CANARIES["user_key"], api_key=CANARIES["api_key"])
        connection = connect(hub, send, name="Zebra 7", **CANARIES)
        from_hub(connection)
        self.before = send.call_count()
        return connection

    @pytest.fixture
    def client(self) -> Client:
        return Client()

    def arrive(self, connection: Connection, number: int = 1) -> None:
        ids = self.hub.seed(number, start=self.number + 1)
        self.number += number
        made = [one for one in self.hub.customers() if one["id"] in ids]
        run = Run.objects.create(connection_id=connection.pk, trigger=Run.Trigger.SCHEDULE, complete=True)
        capture(connection, [record(one, one["base"]["contacts"]["email"]) for one in made], run=run)

    def make_vendor(self, state: str) -> None:
        self.account.clear_faults()
        if state == "troubled":
            self.account.fault("system_error", path=WRITE)
        elif state == "refusing":
            self.account.fault("refused", path=WRITE)
        elif state == "closed":
            self.account.fault("unauthorized", times=None)
        elif state == "silent":
            self.account.fault("applied_unanswered", path=WRITE)

    def created(self) -> list[str]:
        return [str(entry["id"]) for entry in self.account.ledger() if entry["operation"] == WRITE]

    def calls(self) -> int:
        return self.account.call_count() - self.before
