"""Reading the days of an import from the till, and going on after a break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from integrations.connectors.flexpos.client import FlexPOSClient
from integrations.connectors.flexpos.customers import EVERYBODY
from integrations.connectors.flexpos.import_reading import Part, Place, read
from integrations.connectors.flexpos.initial_import import Choices
from tests.connectors.flexpos.conftest import NOON
from tests.sandbox_flexpos import FlexPOSAccount

MakeClient = Callable[..., FlexPOSClient]
DAY = timedelta(days=1)
CHOSEN = Choices(date(2026, 2, 20), date(2026, 3, 9), "none")


def parts(
    client: FlexPOSClient, choices: Choices = CHOSEN, now: datetime = NOON, place: Place | None = None
) -> list[Part]:
    return list(read(client, EVERYBODY, choices, now, now, place or Place()))


def ids(found: list[Part]) -> list[int]:
    return sorted(row["CustomerId"] for part in found for row in part.rows)


def test_all_of_the_days_are_read_once(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=90, start=(NOON - 30 * DAY).isoformat(), end=NOON.isoformat())
    wanted = [row["CustomerId"] for row in shop.customers() if row["ModifiedDate"] >= "2026-02-20"]
    assert ids(parts(make_client(page_size=7))) == sorted(wanted)


def test_from_each_place_the_rest_is_read(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=60, start=(NOON - 17 * DAY).isoformat(), end=NOON.isoformat())
    found = parts(make_client(page_size=7))
    everybody = ids(found)
    for number, part in enumerate(found, 1):
        before = {row["CustomerId"] for one in found[:number] for row in one.rows}
        after = ids(parts(make_client(page_size=7), place=part.place))
        assert before | set(after) == set(everybody)


def test_a_window_that_is_done_is_not_read_again(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=30, start=(NOON - 17 * DAY).isoformat(), end=NOON.isoformat())
    found = parts(make_client())
    assert all(part.place.left == 0 for part in found)
    assert parts(make_client(), place=found[-1].place) == []


def test_people_then_receipts_then_tickets(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    shop.seed(customers=5, journals=5, tickets=5, start=(NOON - 7 * DAY).isoformat(), end=NOON.isoformat())
    found = parts(make_client(), replace(CHOSEN, orders="both"))
    assert list(dict.fromkeys(part.resource for part in found)) == ["customers", "journals", "tickets"]
    middle = next(part.place for part in found if part.resource == "journals")
    rest = parts(make_client(), replace(CHOSEN, orders="both"), place=middle)
    assert list(dict.fromkeys(part.resource for part in rest)) == ["journals", "tickets"]


def test_a_window_that_has_become_too_old_is_read_as_far_as_the_till_still_tells(
    shop: FlexPOSAccount, make_client: MakeClient
) -> None:
    year_ago = NOON - timedelta(days=365)
    shop.seed(customers=40, start=(year_ago - 2 * DAY).isoformat(), end=(year_ago + 5 * DAY).isoformat())
    begun = Place("customers", (year_ago - 2 * DAY).isoformat(), (year_ago + 5 * DAY).isoformat(), left=3)
    choices = replace(CHOSEN, first=(year_ago - 2 * DAY).date(), last=(year_ago + 6 * DAY).date())
    # FlexPOS answers to the hour a year back; the hour more that is left to clocks and runs isn't asked for.
    oldest = datetime(2025, 3, 9, 13).isoformat()
    wanted = [row["CustomerId"] for row in shop.customers() if row["ModifiedDate"] >= oldest]
    assert ids(parts(make_client(page_size=7), choices, place=begun)) == sorted(wanted)
    assert 0 < len(wanted) < 40


@pytest.mark.parametrize("hour", [0, 1])
def test_what_was_changed_in_octobers_repeated_hour_is_fetched_with_its_day(
    shop: FlexPOSAccount, make_client: MakeClient, hour: int
) -> None:
    shop.at(datetime(2025, 10, 26, hour, 30, tzinfo=UTC))
    anna = shop.customer(Email="anna@example.test")
    shop.at(NOON)
    days = [replace(CHOSEN, first=day, last=day) for day in (date(2025, 10, 25), date(2025, 10, 26))]
    assert [ids(parts(make_client(), day)) for day in days] == [[], [anna]]


def test_marchs_short_day_is_fetched_whole(shop: FlexPOSAccount, make_client: MakeClient) -> None:
    edges = [datetime(2025, 3, 29, 23, 0, tzinfo=UTC), datetime(2025, 3, 30, 21, 59, 59, tzinfo=UTC)]
    found = []
    for moment in (edges[0] - timedelta(seconds=1), *edges, edges[1] + timedelta(seconds=1)):
        shop.at(moment)
        found.append(shop.customer(Email=f"n{len(found)}@example.test"))
    shop.at(NOON)
    day = replace(CHOSEN, first=date(2025, 3, 30), last=date(2025, 3, 30))
    assert ids(parts(make_client(), day)) == found[1:3]
