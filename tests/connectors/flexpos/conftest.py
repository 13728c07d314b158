from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.connectors.flexpos.client import AttractionsClient, FlexPOSClient, rate_limits
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.windows import Window
from tests.connectors.flexpos import till
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

MakeConnection = Callable[..., FlexPOSConnection]

NOON = datetime(2026, 3, 9, 11, tzinfo=UTC)
MONTH = Window(NOON - timedelta(days=30), NOON)


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    """The practice account, without limits; it is noon of 9 March in Denmark."""
    shop = sandbox.flexpos()
    shop.unlimited()
    shop.at(NOON)
    return shop


@pytest.fixture
def make_client(shop: FlexPOSAccount) -> Iterator[Callable[..., FlexPOSClient]]:
    """A client of the main API; state only what differs."""
    made: list[FlexPOSClient] = []

    def make(page_size: int = 500, calls_per_minute: int = 0, **overrides: str) -> FlexPOSClient:
        client_id, client_secret = shop.client
        pair = {"base_url": shop.api_url, "client_id": client_id, "client_secret": client_secret} | overrides
        made.append(FlexPOSClient(**pair, limits=rate_limits(calls_per_minute), page_size=page_size))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., FlexPOSClient]) -> FlexPOSClient:
    return make_client()


@pytest.fixture
def attractions(shop: FlexPOSAccount) -> Iterator[AttractionsClient]:
    client = AttractionsClient(shop.attraction_api_url, *shop.attraction_client)
    yield client
    client.close()


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    """The Heyloyalty account that members arrive in; imports start at once, no limits."""
    account = sandbox.heyloyalty()
    account.settings(import_delay_s=0, calls_per_s=0)
    return account


@pytest.fixture
def make_flexpos(db: None, shop: FlexPOSAccount, practice: HeyloyaltyAccount) -> MakeConnection:
    """A connection from the practice shop, with tracking and attractions, to the practice list; state what differs."""

    def make(**overrides: Any) -> FlexPOSConnection:
        attraction_client_id, attraction_client_secret = shop.attraction_client
        values = {
            "name": "Shop",
            "tracking_id": practice.tracking_id,
            "attraction_api_url": shop.attraction_api_url,
            "attraction_client_id": attraction_client_id,
            "attraction_client_secret": attraction_client_secret,
        }
        return till.connect(shop, practice, **values | overrides)

    return make


@pytest.fixture
def connection(make_flexpos: MakeConnection) -> FlexPOSConnection:
    return make_flexpos()
