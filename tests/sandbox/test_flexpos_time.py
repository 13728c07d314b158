"""Windows in local Danish time, also in the two nights that have another number of hours, and the vendor's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_server import Sandbox


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    shop = sandbox.flexpos()
    shop.unlimited()
    return shop


def saved_at(shop: FlexPOSAccount, *instants: str) -> list[int]:
    """A customer saved at each instant."""
    numbers = []
    for instant in instants:
        shop.at(instant)
        numbers.append(shop.customer(FirstName="Mette"))
    return numbers


def found(shop: FlexPOSAccount, **window: str) -> list[int]:
    reply = shop.api("Customers", shop.token(), **window)
    assert reply.status_code == 200, reply.text
    return [row["CustomerId"] for row in reply.json()["Data"]]


def dates(shop: FlexPOSAccount) -> list[str]:
    return [row["ModifiedDate"] for row in shop.api("Customers", shop.token()).json()["Data"]]


def test_a_window_includes_its_start_and_not_its_end(shop: FlexPOSAccount) -> None:
    _, first, second, _ = saved_at(
        shop, "2026-07-01T09:59:59Z", "2026-07-01T10:00:00Z", "2026-07-01T10:04:59Z", "2026-07-01T10:05:00Z"
    )
    assert found(shop, ModifiedFrom="2026-07-01T12:00:00", ModifiedTo="2026-07-01T12:05:00") == [first, second]


def test_an_instant_is_written_in_local_time_of_summer_and_winter(shop: FlexPOSAccount) -> None:
    saved_at(shop, "2026-01-15T23:30:00Z", "2026-07-01T10:00:00Z")
    assert dates(shop) == ["2026-01-16T00:30:00", "2026-07-01T12:00:00"]


def test_in_the_repeated_hour_two_instants_are_written_alike(shop: FlexPOSAccount) -> None:
    saved_at(shop, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    assert dates(shop) == ["2026-10-25T02:30:00", "2026-10-25T02:30:00"]


@pytest.mark.parametrize(("first", "seen"), [(False, 1), (True, 2)])
def test_a_time_in_the_repeated_hour_means_one_of_two_instants(shop: FlexPOSAccount, first: bool, seen: int) -> None:
    numbers = saved_at(shop, "2026-10-24T23:59:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    shop.settings(repeated_hour_is_first=first)
    assert found(shop, ModifiedFrom="2026-10-25T02:30:00") == numbers[-seen:]
    assert found(shop, ModifiedFrom="2026-10-25T01:59:00") == numbers
    assert found(shop, ModifiedTo="2026-10-25T03:00:00") == numbers


def test_no_instant_is_written_in_the_missing_hour_and_none_can_be_asked_for(shop: FlexPOSAccount) -> None:
    numbers = saved_at(shop, "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z")
    assert dates(shop) == ["2026-03-29T01:59:59", "2026-03-29T03:00:00"]
    reply = shop.api("Customers", shop.token(), ModifiedFrom="2026-03-29T02:30:00")
    assert (reply.status_code, reply.json()) == (
        400,
        {"Message": "ModifiedFrom is in the hour that is skipped in March"},
    )
    assert found(shop, ModifiedFrom="2026-03-29T03:00:00") == numbers[1:]


def test_the_year_is_counted_by_the_calendar_also_from_a_leap_day(shop: FlexPOSAccount) -> None:
    shop.at("2028-02-29T11:00:00Z")
    assert found(shop, ModifiedFrom="2027-02-28T12:00:00") == []
    assert shop.api("Customers", shop.token(), ModifiedFrom="2027-02-28T11:59:59").status_code == 400


def test_the_clock_stands_still_or_runs_on(shop: FlexPOSAccount) -> None:
    assert shop.at("2026-10-25T00:30:00Z") == "2026-10-25T02:30:00"
    assert shop.forward(hours=1) == "2026-10-25T02:30:00"
    assert shop.now() == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    shop.at("2020-01-01T00:00:00Z", runs=True)
    assert (shop.now() - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() < 60
    shop.real_time()
    assert abs((shop.now() - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("now", ["2026-10-25T00:30:00", "tomorrow"])
def test_a_time_without_zone_sets_no_clock(shop: FlexPOSAccount, now: str) -> None:
    before: Any = shop.at("2026-01-01T00:00:00Z")
    with pytest.raises(AssertionError, match="ValueError"):
        shop.at(now)
    assert shop.call("GET", "clock")["local"] == before
