"""What the tills write, customers made up in bulk, quirks, and what survives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_server import Sandbox

NOON = "2026-03-09T11:00:00Z"


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    shop = sandbox.flexpos()
    shop.unlimited()
    shop.at(NOON)
    return shop


def read(shop: FlexPOSAccount, token: str, **parameters: Any) -> dict[str, Any]:
    reply = shop.api("Customers", token, **parameters)
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(answer: dict[str, Any]) -> list[int]:
    return [row["CustomerId"] for row in answer["Data"]]


def test_what_is_done_at_a_till_is_in_the_ledger(shop: FlexPOSAccount) -> None:
    mette = shop.customer(FirstName="Mette", Email="mette@example.test")
    shop.customer(mette, FirstName="Mette", City="Odense")
    shop.sale(mette, {"7711": 1})
    shop.ticket(mette)
    shop.ticket(mette, 15)
    rows = [(entry["kind"], entry["outcome"], entry["key"], entry["fields"]) for entry in shop.ledger()]
    assert rows == [
        ("customer", "created", "mette@example.test", ["FirstName", "Email"]),
        ("customer", "updated", "mette@example.test", ["City"]),
        ("journal", "created", "mette@example.test", ["Lines"]),
        ("ticket", "created", "mette@example.test", ["EventName"]),
        ("membership", "created", "mette@example.test", ["Name"]),
    ]
    assert shop.ledger()[0]["time"] == "2026-03-09T11:00:00+00:00"


def test_saving_a_customer_changes_its_date_and_only_what_was_typed(shop: FlexPOSAccount) -> None:
    mette = shop.customer(FirstName="Mette", Mobile="12")
    shop.forward(minutes=5)
    shop.customer(mette, Email="METTE@example.test")
    (customer,) = shop.customers(id=mette)
    assert (customer["CreatedDate"], customer["ModifiedDate"]) == ("2026-03-09T12:00:00", "2026-03-09T12:05:00")
    assert (customer["FirstName"], customer["Mobile"]) == ("Mette", "12")
    assert [found["CustomerId"] for found in shop.customers(email="mette@example.test")] == [mette]


@pytest.mark.parametrize(
    "cards", [None, {"Cardnumber": 1, "Cardname": "Guld"}, [{"Cardnumber": 1}, {"Cardnumber": 2}], []]
)
def test_cards_are_given_as_they_were_typed(shop: FlexPOSAccount, cards: Any) -> None:
    shop.customer(cards=cards)
    assert read(shop, shop.token())["Data"][0]["cards"] == cards


def test_a_shop_can_have_fields_of_its_own_and_a_customer_of_two_megabytes(shop: FlexPOSAccount) -> None:
    mette = shop.customer(filler_kb=2048, extra={"ShoeSize": 38})
    reply = shop.api("Customers", shop.token())
    assert len(reply.content) > 2 * 1024 * 1024
    assert reply.json()["Data"][0]["ShoeSize"] == 38
    assert reply.json()["Data"][0]["CustomerId"] == mette


@pytest.mark.parametrize(
    ("call", "data", "words"),
    [
        ("customers", {"values": {"Emial": "x"}}, "no field to write called Emial"),
        ("customers", {"values": {"ModifiedDate": 0}}, "no field to write called ModifiedDate"),
        ("customers", {"id": 7}, "There is no customer 7"),
        ("sales", {"basket": {}}, "at least one product"),
        ("sales", {"basket": {"1": 1}}, "There is no product 1"),
        ("sales", {"basket": {"7711": 1}, "store_id": 9}, "There is no store 9"),
        ("sales", {"basket": {"7711": 1}, "customer_id": 7}, "There is no customer 7"),
        ("tickets", {"attraction_id": 1}, "There is no attraction 1"),
        ("tickets", {"attraction_id": 15}, "choose one first"),
        ("tickets", {"id": 1, "status": "Refunded"}, "There is no ticket 1"),
        ("settings", {"order": "random"}, "no order called 'random'"),
        ("settings", {"repeats_page": "no"}, "repeats_page is true or false"),
        ("seed", {"from": NOON, "to": NOON}, "the end comes after the start"),
    ],
)
def test_what_a_till_refuses_is_said_and_leaves_nothing(
    shop: FlexPOSAccount, call: str, data: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        shop.call("POST", call, **data)
    assert shop.ledger() == []


def test_invented_people_are_the_same_for_the_same_seed(shop: FlexPOSAccount, sandbox: Sandbox) -> None:
    museum = sandbox.flexpos("museum")
    museum.at(NOON)
    wanted = {"customers": 50, "journals": 80, "tickets": 10, "memberships": 5}
    assert shop.seed(**wanted, seed=7) == wanted
    museum.seed(**wanted, seed=7)
    everything = [(one.customers(), one.journals(), one.tickets(), one.memberships()) for one in (shop, museum)]
    assert everything[0] == everything[1]
    assert shop.ledger() == []
    other = sandbox.flexpos("other")
    other.at(NOON)
    other.seed(**wanted, seed=8)
    assert other.customers() != shop.customers()


def test_invented_people_are_plausible_and_messy(shop: FlexPOSAccount) -> None:
    shop.seed(customers=400, journals=400, start="2026-01-01T00:00:00Z", end="2026-02-01T00:00:00Z")
    customers, journals = shop.customers(), shop.journals()
    emails = [customer["Email"] for customer in customers]
    assert None in emails
    assert any(email != email.lower() for email in emails if email)
    assert all(email.lower().endswith("@example.test") and email.isascii() for email in emails if email)
    assert {type(customer["cards"]) for customer in customers} == {dict, list, type(None)}
    assert {len(customer["Mobile"]) for customer in customers} == {8}
    assert {customer["IsActive"] for customer in customers} == {True, False}
    assert {customer["IsClubMember"] for customer in customers} == {0, 1}
    assert all("2026-01-01T01" <= customer["ModifiedDate"] < "2026-02-01T01" for customer in customers)
    assert any(journal["CustomerId"] is None for journal in journals)
    assert any(journal["Total"] < 0 for journal in journals)
    assert [journal["Date"] for journal in reversed(journals)] == sorted(journal["Date"] for journal in journals)


def test_the_quirks_of_invented_people_can_be_switched_off(shop: FlexPOSAccount) -> None:
    shop.settings(mixed_cards=False, messy_emails=False, bare_mobiles=False)
    shop.seed(customers=200)
    for customer in shop.customers():
        assert customer["Email"] == customer["Email"].lower()
        assert customer["Mobile"].startswith("+45")
        assert isinstance(customer["cards"], dict)


def test_a_hundred_thousand_customers_are_invented_by_one_call(shop: FlexPOSAccount) -> None:
    assert shop.seed(customers=100_000)["customers"] == 100_000
    last = read(shop, shop.token(), Page=200, PageSize=500)
    assert (len(last["Data"]), last["TotalCount"]) == (500, 100_000)


def test_a_server_can_ignore_filters_or_dates(shop: FlexPOSAccount) -> None:
    shop.customer(IsActive=False)
    token, filters, window = shop.token(), {"IsActive": "true"}, {"ModifiedFrom": "2026-03-09T12:00:01"}
    assert [read(shop, token, **one)["TotalCount"] for one in (filters, window)] == [0, 0]
    shop.settings(ignores_filters=True)
    assert [read(shop, token, **one)["TotalCount"] for one in (filters, window)] == [1, 0]
    shop.settings(ignores_dates=True)
    assert [read(shop, token, **one)["TotalCount"] for one in (filters, window)] == [1, 1]


def test_a_server_can_repeat_its_first_page(shop: FlexPOSAccount) -> None:
    shop.seed(customers=10)
    shop.settings(repeats_page=True)
    first, second = (read(shop, shop.token(), Page=number, PageSize=4) for number in (1, 2))
    assert ids(first) == ids(second)
    assert (second["Page"], second["TotalCount"]) == (2, 10)


def test_rows_shift_when_a_row_is_saved_between_pages(shop: FlexPOSAccount) -> None:
    shop.settings(edits_between_pages=True, order="oldest_first")
    numbers = [shop.customer(FirstName=name) for name in "abcdef"]
    shop.forward(minutes=5)
    token, window = shop.token(), {"ModifiedTo": "2026-03-09T12:05:00", "PageSize": 2}
    first, second = (read(shop, token, Page=number, **window) for number in (1, 2))
    # a and f were saved after the first page and left the window, so that c was stepped over.
    assert (ids(first), ids(second)) == ([numbers[0], numbers[1]], [numbers[3], numbers[4]])
    assert (first["TotalCount"], second["TotalCount"]) == (6, 4)
    assert [entry["operation"] for entry in shop.ledger()[6:8]] == ["edit between pages"] * 2


def test_rows_come_twice_when_the_newest_change_is_first(shop: FlexPOSAccount) -> None:
    shop.settings(edits_between_pages=True, order="newest_first")
    numbers = [shop.customer(FirstName=name) for name in "abcd"]
    shop.forward(minutes=5)
    token = shop.token()
    first, second = (read(shop, token, Page=number, PageSize=2) for number in (1, 2))
    assert (ids(first), ids(second)) == ([numbers[3], numbers[2]], [numbers[2], numbers[1]])


def test_a_reset_of_the_data_keeps_settings_and_clock(shop: FlexPOSAccount) -> None:
    shop.seed(customers=2, journals=2, tickets=2, memberships=2)
    shop.settings(order="newest_first")
    shop.reset(data_only=True)
    assert (shop.customers(), shop.journals(), shop.tickets(), shop.memberships()) == ([], [], [], [])
    assert (shop.settings()["order"], shop.now().hour) == ("newest_first", 11)
    shop.reset()
    assert shop.settings()["order"] == "id"


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        shop = sandbox.flexpos("museum")
        shop.unlimited()
        shop.at(NOON)
        shop.seed(customers=3, journals=3, tickets=3, memberships=3)
        mette = shop.customer(FirstName="Mette", extra={"ShoeSize": 38}, cards=[{"Cardnumber": 1}])
        before = (shop.customers(), shop.journals(), shop.tickets(), shop.memberships(), shop.ledger(), shop.now())
        settings = shop.settings()
    with Sandbox(state=state) as sandbox:
        shop = sandbox.flexpos("museum")
        after = (shop.customers(), shop.journals(), shop.tickets(), shop.memberships(), shop.ledger(), shop.now())
        assert after == before
        assert shop.settings() == settings
        assert shop.customer(FirstName="Anne") == mette + 1
        assert shop.sale(mette, {"7711": 1})["JournalId"] == before[1][0]["JournalId"] + 1
