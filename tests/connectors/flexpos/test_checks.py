"""Test connection: the first thing that is wrong, in plain words, and what to do."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.connector import CheckStep
from integrations.core.models import FieldMapping
from integrations.core.registry import connector_for
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_heyloyalty import HeyloyaltyAccount


def steps(connection: FlexPOSConnection) -> list[CheckStep]:
    with closing(connector_for(connection)) as connector:
        return list(connector.check())


def test_a_whole_connection_passes_six_steps_and_writes_nothing(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    found = steps(connection)
    assert [step.ok for step in found] == 6 * [True]
    assert found[1].label.startswith("FlexPOS Attractions")
    practice.wait_for_imports()
    assert (practice.ledger(), practice.activities(), practice.mails()) == ([], [], [])


def test_without_attractions_theirs_is_left_out(make_flexpos: MakeConnection) -> None:
    connection = make_flexpos(attraction_api_url="", attraction_client_id="", attraction_client_secret="")
    assert [step.ok for step in steps(connection)] == 5 * [True]


@pytest.mark.parametrize(
    ("overrides", "number", "said"),
    [
        ({"client_id": "nobody"}, 1, "FlexPOS refused Client_id or Client_secret"),
        ({"attraction_client_secret": "wrong"}, 2, "FlexPOS Attractions refused Attraction Client_id"),
        ({"attraction_client_id": "practice-shop"}, 2, "FlexPOS Attractions refused Attraction Client_id"),
        ({"api_secret": "wrong"}, 3, "Check API key and API secret"),
        ({"list_id": ""}, 4, "Choose one under Settings"),
        ({"list_id": "77"}, 4, "Choose another under Settings"),
        ({"tracking_id": ""}, 6, "Enter it under Settings"),
        ({"tracking_id": "tracking-of-nobody"}, 6, "Check the Tracking ID"),
    ],
)
def test_the_first_step_that_fails_says_what_to_do(
    connection: FlexPOSConnection, overrides: dict[str, Any], number: int, said: str
) -> None:
    for name, value in overrides.items():
        setattr(connection, name, value)
    connection.save()
    found = steps(connection)
    assert [step.ok for step in found] == [*(number - 1) * [True], False]
    assert said in found[-1].detail


def test_a_field_the_list_lacks_is_named(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    practice.remove_field("city")
    [*_, last] = steps(connection)
    assert (last.ok, "no field city" in last.detail) == (False, True)
    FieldMapping.objects.filter(target="city").update(enabled=False)
    assert steps(connection)[-1].ok
