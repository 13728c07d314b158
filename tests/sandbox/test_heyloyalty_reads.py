"""The member list of Heyloyalty's emulator: filters, order, pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

MEMBERS = "lists/1/members"


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    """Three members called A, B and C."""
    practice = sandbox.heyloyalty()
    gold, music, books = (
        practice.option(*one) for one in (("tier", "Gold"), ("interests", "Music"), ("interests", "Books"))
    )
    rows: list[dict[str, Any]] = [
        {"city": "Odense", "points": "9", "birthdate": "1990-05-01", "tier": gold, "interests": [music]},
        {"city": "Aarhus", "points": "10", "birthdate": "2000-01-01", "interests": [music, books]},
        {"points": "-1", "club_member": "1"},
    ]
    for name, row in zip("ABC", rows, strict=True):
        practice.save_member(email=f"{name.lower()}@example.test", firstname=name, **row)
    return practice


def names(practice: HeyloyaltyAccount, **params: Any) -> str:
    reply = practice.api("GET", MEMBERS, params={"orderby": "firstname"} | params)
    assert reply.status_code == 200, reply.text
    return "".join(member["fields"]["firstname"]["value"] for member in reply.json()["members"])


@pytest.mark.parametrize(
    ("field", "op", "value", "found"),
    [
        ("email", "eq", "B@example.test", "B"),
        ("email", "eq", ["a@example.test", "c@example.test"], "AC"),
        ("email", "neq", "a@example.test", "BC"),
        ("city", "sw", "od", "A"),
        ("city", "ew", "us", "B"),
        ("city", "ct", "e", "A"),
        ("city", "nct", "e", "BC"),
        ("city", "ie", "", "C"),
        ("city", "nie", "", "AB"),
        ("points", "gt", "9", "B"),
        ("points", "gte", "9", "AB"),
        ("points", "lt", "9", "C"),
        ("points", "lte", "9", "AC"),
        ("points", "eq", "10", "B"),
        ("birthdate", "gte", "1995-01-01", "B"),
        ("birthdate", "eq", "1990-05-01", "A"),
        ("club_member", "eq", "1", "C"),
    ],
)
def test_filters(practice: HeyloyaltyAccount, field: str, op: str, value: Any, found: str) -> None:
    assert names(practice, **{f"filter[{field}][{op}][]": value}) == found


def test_filters_of_options(practice: HeyloyaltyAccount) -> None:
    gold, books = practice.option("tier", "Gold"), practice.option("interests", "Books")
    assert names(practice, **{"filter[tier][in][]": gold}) == "A"
    assert names(practice, **{"filter[tier][nin][]": gold}) == "BC"
    assert names(practice, **{"filter[interests][ina][]": books}) == "B"


def test_filters_are_combined_by_and_or_or(practice: HeyloyaltyAccount) -> None:
    both = {"filter[city][eq][]": "Odense", "filter[points][gt][0]": "9"}
    assert names(practice, **both) == ""
    assert names(practice, **both, logic="or") == "AB"


@pytest.mark.parametrize(
    "params",
    [
        {"filter[nickname][eq][]": "x"},
        {"filter[city][gt][]": "x"},
        {"filter[city][like][]": "x"},
        {"filter[points][gt][]": "many"},
        {"filter": "city"},
        {"filter[city]": "Odense"},
        {"orderby": "nickname"},
        {"order": "up"},
        {"page": "0"},
        {"perpage": "5001"},
    ],
)
def test_a_wrong_question_is_400(practice: HeyloyaltyAccount, params: dict[str, str]) -> None:
    reply = practice.api("GET", MEMBERS, params=params)
    assert reply.status_code == 400
    assert set(reply.json()) == {"error"}


def test_no_match_is_an_empty_list(practice: HeyloyaltyAccount) -> None:
    reply = practice.api("GET", MEMBERS, params={"filter[email][eq][]": "nobody@example.test"})
    assert (reply.status_code, reply.json()["members"]) == (200, [])


def test_the_order_can_be_turned(practice: HeyloyaltyAccount) -> None:
    assert names(practice, orderby="firstname", order=-1) == "CBA"
    assert names(practice, orderby="city") == "CBA"


def test_an_email_that_appears_twice_is_found_twice(practice: HeyloyaltyAccount) -> None:
    practice.save_list(duplicates="allow")
    practice.save_member(email="a@example.test", firstname="D")
    assert names(practice, **{"filter[email][eq][]": "a@example.test"}) == "AD"


def test_pages_hold_up_to_5000_members_and_every_one_once(practice: HeyloyaltyAccount) -> None:
    practice.reset(data_only=True)
    ids = practice.seed(7_001)
    assert len(practice.api("GET", MEMBERS).json()["members"]) == 50
    pages = [practice.api("GET", MEMBERS, params={"page": page, "perpage": 5000}).json() for page in (1, 2, 3)]
    assert [len(page["members"]) for page in pages] == [5000, 2001, 0]
    assert [member["id"] for page in pages for member in page["members"]] == ids
    assert {page["total"] for page in pages} == {7_001}


def test_a_listed_member_reads_as_the_one_read_by_id(practice: HeyloyaltyAccount) -> None:
    listed = practice.api("GET", MEMBERS).json()["members"]
    assert listed[0] == practice.api("GET", f"{MEMBERS}/{listed[0]['id']}").json()
