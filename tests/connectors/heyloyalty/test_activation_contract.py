from __future__ import annotations

from itertools import count

import pytest

from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.models import Connection
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.connectors.heyloyalty.list_contract import ListContract
from tests.sandbox_heyloyalty import HeyloyaltyAccount

CANARIES = {"api_key": "canary0key0a1b2c3", "api_secret": "canary0secret0d4e5f6"}


class TestActivation(ListContract):
    """One that creates members; persons enter an audience one by one, so that calls tell of each."""

    @pytest.fixture
    def connection(self, make_activation: MakeActivation, practice: HeyloyaltyAccount) -> ActivationConnection:
        self.account = practice
        self.numbers = count(1)
        practice.settings(**CANARIES)
        connection = make_activation(name="Zebra 7", create_members=True, **CANARIES)
        self.audience = cdp.audience()
        portal.attach(connection, self.audience)
        self.before = practice.call_count()
        return connection

    def arrive(self, connection: Connection, number: int = 1) -> None:
        people = [cdp.person(cdp.email(next(self.numbers))) for _ in range(number)]
        cdp.enter(self.audience, *people)
