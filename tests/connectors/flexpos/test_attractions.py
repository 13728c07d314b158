"""Attractions settings: tickets tell what they are for, and a wrong pair of keys is named as theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect
from integrations.core.models import Connection, Run
from integrations.core.registry import connector_for
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount


@pytest.fixture
def shop(shop: FlexPOSAccount) -> FlexPOSAccount:
    shop.at(timezone.now() - timedelta(minutes=2))
    return shop


def sell(connection: FlexPOSConnection, shop: FlexPOSAccount) -> Run:
    """A ticket, after the import has begun to follow the shop; what the next import makes of it."""
    till.pull(connection)
    shop.ticket(shop.customer(Email=till.email(1)))
    return till.pull(connection)


def test_a_ticket_has_its_attraction_to_map(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    connection.mappings.filter(record_type="ticket", target="zone").update(source="Attraction.Type")
    assert sell(connection, shop).status == Run.Status.SUCCESS
    [booking] = practice.activities()
    assert booking["values"]["zone"] == "Event"
    assert shop.counts()["attractions/v1/Attractions"] == 1
    fields = {field.name for field in connector_for(connection).describe("tickets")}
    assert {"Attraction.Name", "Attraction.IsMembership"} <= fields


def test_without_tickets_the_attractions_are_not_asked(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    till.pull(connection)
    shop.customer(Email=till.email(1))
    till.pull(connection)
    assert not [path for path in shop.counts() if path.startswith("attractions")]


def test_a_wrong_pair_is_named_as_that_of_attractions_and_no_ticket_is_lost(
    make_flexpos: MakeConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    connection = make_flexpos(attraction_client_secret="wrong")
    run = sell(connection, shop)
    assert run.status == Run.Status.RUNNING
    connection.refresh_from_db()
    assert connection.state == Connection.State.ATTENTION
    assert "refused Attraction Client_id or Attraction Client_secret" in connection.state_reason
    connection.attraction_client_secret = shop.attraction_client[1]
    connection.save()
    connection.set_state(Connection.State.ENABLED)
    collect.collect(run.pk)
    till.drain(connection)
    assert [booking["email"] for booking in practice.activities()] == [till.email(1)]
