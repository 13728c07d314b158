"""Lists and fields of Heyloyalty's emulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

AUDIENCE = {
    "type": "custom",
    "name": "raptor_aud_test",
    "label": "Test",
    "format": "choice",
    "options": [{"label": "Yes"}, {"label": "No"}],
}


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    return sandbox.heyloyalty()


def fields(practice: HeyloyaltyAccount, list_id: int = CUSTOMERS) -> dict[str, Any]:
    found: dict[str, Any] = practice.api("GET", f"lists/{list_id}").json()["fields"]
    return found


def patch(practice: HeyloyaltyAccount, *items: Any, list_id: int = CUSTOMERS) -> Any:
    return practice.api("PATCH", f"lists/{list_id}", {"fields": list(items)}, version=2)


def test_lists_are_listed_with_their_number_of_members(practice: HeyloyaltyAccount) -> None:
    ids = practice.seed(3)
    practice.unsubscribe(ids[0])
    rows = practice.api("GET", "lists").json()
    assert [(row["id"], row["name"], row["members"]) for row in rows] == [(1, "Customers", 2), (2, "Newsletter", 0)]
    assert set(rows[0]) == {"id", "name", "created_at", "members", "open_rate", "click_rate"}
    assert [row["id"] for row in practice.api("GET", "lists", params={"orderby": "name", "order": -1}).json()] == [2, 1]


def test_an_account_without_lists_is_told_so_with_404(practice: HeyloyaltyAccount) -> None:
    practice.remove_list(CUSTOMERS)
    assert practice.api("DELETE", "lists/2").status_code == 204
    reply = practice.api("GET", "lists")
    assert (reply.status_code, reply.json()["message"]) == (404, "List not found")


def test_lists_are_chosen_by_what_they_support(practice: HeyloyaltyAccount) -> None:
    practice.remove_field("mobile", NEWSLETTER)
    assert [row["id"] for row in practice.api("GET", "lists", params={"supports": "sms"}).json()] == [1]
    assert [row["id"] for row in practice.api("GET", "lists", params={"supports": "email"}).json()] == [1, 2]


def test_a_list_tells_its_fields_by_name_with_option_ids(practice: HeyloyaltyAccount) -> None:
    one = practice.api("GET", "lists/1").json()
    assert {name: one[name] for name in ("id", "name", "country_id", "date_format", "duplicates")} == {
        "id": 1,
        "name": "Customers",
        "country_id": 1,
        "date_format": "dd-mm-yyyy",
        "duplicates": "disallow",
    }
    assert one["fields"]["email"] == {
        "id": 3,
        "type": "fixed",
        "type_id": 3,
        "format": "text",
        "name": "email",
        "label": "E-mail",
        "required_in_shop": False,
        "fallback": None,
    }
    assert one["fields"]["sex"]["options"] == {"1": "Male", "2": "Female"}
    assert one["fields"]["country"]["options"]["53"] == "Denmark"
    assert list(one["fields"]["interests"]["options"].values()) == ["Music", "Books", "Sport"]
    assert {one["fields"][name]["format"] for name in ("tier", "interests", "last_visit", "points")} == {
        "choice",
        "multi",
        "date",
        "number",
    }


def test_the_practice_lists_differ_in_tracking(practice: HeyloyaltyAccount) -> None:
    assert [one["tracking_id"] for one in practice.lists()] == [practice.tracking_id, ""]


def test_countries_are_told_by_id(practice: HeyloyaltyAccount) -> None:
    countries = practice.api("GET", "lists/countries").json()
    assert (countries["53"], countries["22"]) == ("Denmark", "Belgium")


def test_a_list_is_created(practice: HeyloyaltyAccount) -> None:
    body = {
        "name": "Club",
        "country_id": 1,
        "duplicates": "allow",
        "double_opt-in": 1,
        "fields": [{"type": "fixed", "name": "email", "format": "text"}, AUDIENCE],
    }
    reply = practice.api("POST", "lists", body)
    assert reply.status_code == 201
    one = practice.list_of(reply.json()["id"])
    assert (one["name"], one["duplicates"], one["double_opt_in"], list(one["fields"])) == (
        "Club",
        "allow",
        True,
        ["email", "raptor_aud_test"],
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"duplicates": "sometimes"},
        {"country_id": "Denmark"},
        {"fields": [{"name": "Æble"}]},
        {"fields": [{"name": "stars", "format": "stars"}]},
        {"fields": [{"name": "nickname", "type": "fixed"}]},
        {"fields": [{"name": "tier", "format": "choice", "options": ["Gold"]}]},
        {"fields": "email"},
    ],
)
def test_a_wrong_list_is_refused_and_not_made(practice: HeyloyaltyAccount, wrong: dict[str, Any]) -> None:
    reply = practice.api("POST", "lists", {"name": "Club"} | wrong)
    assert reply.status_code == 400
    assert set(reply.json()) == {"error"}
    assert len(practice.lists()) == 2


def test_a_patch_adds_fields_and_leaves_the_others(practice: HeyloyaltyAccount) -> None:
    before = fields(practice)
    assert patch(practice, AUDIENCE).status_code == 204
    after = fields(practice)
    added = after.pop("raptor_aud_test")
    assert after == before
    assert (added["label"], added["format"], list(added["options"].values())) == ("Test", "choice", ["Yes", "No"])
    assert practice.ledger()[-1]["fields"] == ["raptor_aud_test"]


def test_a_patch_adds_options_and_keeps_the_ids_of_those_there(practice: HeyloyaltyAccount) -> None:
    patch(practice, AUDIENCE)
    before = fields(practice)["raptor_aud_test"]
    patch(practice, {"name": "raptor_aud_test", "options": [{"label": "No"}, {"label": "Perhaps"}]})
    after = fields(practice)["raptor_aud_test"]
    assert before["options"].items() <= after["options"].items()
    assert sorted(after["options"].values()) == ["No", "Perhaps", "Yes"]


def test_a_patch_by_id_changes_the_label(practice: HeyloyaltyAccount) -> None:
    patch(practice, AUDIENCE)
    field_id = fields(practice)["raptor_aud_test"]["id"]
    patch(practice, {"id": field_id, "label": "Audience Removed by Raptor CDP"})
    assert fields(practice)["raptor_aud_test"]["label"] == "Audience Removed by Raptor CDP"


@pytest.mark.parametrize(
    "item",
    [
        {"id": 9999, "label": "x"},
        {"id": 3, "name": "other"},
        {"name": "tier", "format": "text"},
        {"name": "two words"},
        {"name": "long", "label": "x" * 256},
        "tier",
    ],
)
def test_a_wrong_patch_changes_nothing(practice: HeyloyaltyAccount, item: Any) -> None:
    before = fields(practice)
    assert patch(practice, AUDIENCE, item).status_code == 400
    assert fields(practice) == before


def test_option_ids_of_two_lists_differ(practice: HeyloyaltyAccount) -> None:
    patch(practice, AUDIENCE, list_id=NEWSLETTER)
    here, there = fields(practice), fields(practice, NEWSLETTER)
    assert not {*here["tier"]["options"], *here["interests"]["options"]} & {*there["raptor_aud_test"]["options"]}


def test_a_list_takes_only_so_many_fields(practice: HeyloyaltyAccount) -> None:
    practice.settings(field_limit=5)
    assert patch(practice, {"name": "one"}, list_id=NEWSLETTER).status_code == 204
    reply = patch(practice, {"name": "two"}, list_id=NEWSLETTER)
    assert (reply.status_code, reply.json()) == (400, {"error": "A list can have at most 5 fields"})
    assert patch(practice, {"name": "one", "label": "Uno"}, list_id=NEWSLETTER).status_code == 204


def test_a_put_removes_the_fields_it_does_not_name(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email="ada@example.test", city="Odense", points="3")
    body = {"name": "Customers", "fields": [{"name": "email"}, {"name": "points"}]}
    assert practice.api("PUT", "lists/1", body).status_code == 204
    assert list(fields(practice)) == ["email", "points"]
    assert practice.member("ada@example.test")["values"] == {"email": "ada@example.test", "points": "3"}
    assert practice.api("PUT", "lists/1", {"name": "Customers"}).status_code == 400


def test_a_deleted_list_is_gone(practice: HeyloyaltyAccount) -> None:
    assert practice.api("DELETE", "lists/1").status_code == 204
    assert practice.api("GET", "lists/1").status_code == 404
    assert practice.api("GET", "lists/1/members").status_code == 404
    assert practice.save_list(None, name="New")["id"] == 3
