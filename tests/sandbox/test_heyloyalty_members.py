"""Members of Heyloyalty's emulator: single writes, checks of values, unsubscribing."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_heyloyalty import NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
BO = "bo@example.test"
MEMBERS = "lists/1/members"


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    return sandbox.heyloyalty()


def create(practice: HeyloyaltyAccount, **values: Any) -> requests.Response:
    return practice.api("POST", MEMBERS, {"email": ADA} | values)


def read(practice: HeyloyaltyAccount, member_id: str) -> Any:
    return practice.api("GET", f"{MEMBERS}/{member_id}").json()


def outcomes(practice: HeyloyaltyAccount) -> list[str]:
    return [entry["outcome"] for entry in practice.ledger()]


def test_a_member_is_created_and_read_by_id(practice: HeyloyaltyAccount) -> None:
    tier, music = practice.option("tier", "Gold"), practice.option("interests", "Music")
    values = {"birthdate": "1990-05-01", "sex": 2, "country": 53, "tier": tier, "interests": [music], "points": 12}
    reply = create(practice, firstname="Ada", club_member=True, **values)
    assert reply.status_code == 201
    member = read(practice, reply.json()["id"])
    assert len(member["id"]) == 36
    assert (member["list_id"], member["unsubscribed_at"], member["opt_in"], member["imported"]) == (1, None, 1, False)
    assert member["status"] == {"status": "active", "email": "active", "mobile": None}
    assert {name: member["fields"][name]["value"] for name in ("email", "firstname", *values, "club_member")} == {
        "email": ADA,
        "firstname": "Ada",
        "birthdate": "1990-05-01",
        "sex": "2",
        "country": "53",
        "tier": tier,
        "interests": [music],
        "points": "12",
        "club_member": "1",
    }
    assert member["fields"]["email"] == {"name": "email", "label": "E-mail", "format": "text", "value": ADA}
    assert member["fields"]["interests"]["options"][music] == "Music"


def test_empty_fields_are_read_as_null_zero_date_and_empty_list(practice: HeyloyaltyAccount) -> None:
    fields = read(practice, create(practice).json()["id"])["fields"]
    assert (fields["city"]["value"], fields["last_visit"]["value"], fields["interests"]["value"]) == (
        None,
        "0000-00-00",
        [],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ada@nowhere"),
        ("mobile", "12"),
        ("mobile", "+4520304050"),
        ("firstname", "x" * 256),
        ("points", "3.5"),
        ("points", "many"),
        ("birthdate", "01-05-1990"),
        ("birthdate", "1990-02-30"),
        ("last_visit", "2026-11-20 10:00:00"),
        ("club_member", "perhaps"),
        ("tier", "Gold"),
        ("sex", "3"),
        ("interests", ["Music"]),
        ("interests", "Music"),
        ("city", {"name": "Odense"}),
        ("nickname", "Ada"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(practice: HeyloyaltyAccount, field: str, value: Any) -> None:
    reply = create(practice, **{field: value})
    assert reply.status_code == 400
    assert f"field '{field}'" in reply.json()["error"]
    assert practice.members() == []


def test_unknown_fields_can_be_dropped_instead(practice: HeyloyaltyAccount) -> None:
    practice.settings(unknown_fields="drop")
    assert create(practice, nickname="Ada", city="Odense").status_code == 201
    assert practice.member(ADA)["values"] == {"email": ADA, "city": "Odense"}


def test_a_list_with_times_wants_dates_with_times(practice: HeyloyaltyAccount) -> None:
    practice.save_list(date_format="dd-mm-yyyy hh:ii:ss")
    assert create(practice, last_visit="2026-11-20").status_code == 400
    assert create(practice, last_visit="2026-11-20 10:00:00").status_code == 201


def test_a_member_needs_an_email_or_a_mobile(practice: HeyloyaltyAccount) -> None:
    assert practice.api("POST", MEMBERS, {"firstname": "Ada"}).json() == {
        "error": "A member needs an email or a mobile"
    }
    assert practice.api("POST", MEMBERS, {"mobile": "4520304050"}).status_code == 201


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [("disallow", [400, 400]), ("allow", [201, 201]), ("allow_email", [201, 400]), ("allow_mobile", [400, 201])],
)
def test_duplicates_follow_the_rule_of_the_list(practice: HeyloyaltyAccount, rule: str, statuses: list[int]) -> None:
    practice.save_list(duplicates=rule)
    create(practice, mobile="4520304050")
    same_email = create(practice, email=ADA.upper())
    same_mobile = create(practice, email=BO, mobile="4520304050")
    assert [same_email.status_code, same_mobile.status_code] == statuses
    if statuses[0] == 400:
        assert same_email.json() == {"error": "A member with this email already exists"}


def test_patch_changes_what_was_sent_and_put_empties_the_rest(practice: HeyloyaltyAccount) -> None:
    member_id = create(practice, firstname="Ada", city="Odense").json()["id"]
    reply = practice.api("PATCH", f"{MEMBERS}/{member_id}", {"firstname": "Adele"})
    assert (reply.status_code, reply.content) == (204, b"")
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Adele", "city": "Odense"}
    reply = practice.api("PUT", f"{MEMBERS}/{member_id}", {"email": ADA, "firstname": "Ada"})
    assert (reply.status_code, reply.content) == (204, b"")
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Ada"}
    assert [entry["fields"] for entry in practice.ledger()[1:]] == [["firstname"], ["firstname", "city"]]


def test_a_member_can_not_lose_its_last_address(practice: HeyloyaltyAccount) -> None:
    member_id = create(practice).json()["id"]
    assert practice.api("PATCH", f"{MEMBERS}/{member_id}", {"email": ""}).status_code == 400
    assert practice.api("PUT", f"{MEMBERS}/{member_id}", {"firstname": "Ada"}).status_code == 400


def test_delete_unsubscribes_and_only_a_read_by_id_shows_it(practice: HeyloyaltyAccount) -> None:
    member_id = create(practice).json()["id"]
    assert practice.api("DELETE", f"{MEMBERS}/{member_id}").status_code == 204
    found = practice.api("GET", MEMBERS, params={"filter[email][eq][]": ADA}).json()
    assert (found["members"], practice.api("GET", MEMBERS).json()["total"]) == ([], 0)
    member = read(practice, member_id)
    assert member["unsubscribed_at"]
    assert member["status"]["status"] == "unsubscribed"
    assert outcomes(practice) == ["created", "unsubscribed"]


def test_an_obscured_member_loses_its_data(practice: HeyloyaltyAccount) -> None:
    member_id = create(practice).json()["id"]
    practice.api("DELETE", f"{MEMBERS}/{member_id}", params={"obscureMemberData": "true"})
    assert read(practice, member_id)["fields"]["email"]["value"] is None


def test_put_reactivates_the_unsubscribed_and_patch_does_not(practice: HeyloyaltyAccount) -> None:
    member_id = create(practice).json()["id"]
    practice.unsubscribe(member_id)
    practice.api("PATCH", f"{MEMBERS}/{member_id}", {"city": "Odense"})
    assert read(practice, member_id)["unsubscribed_at"]
    practice.api("PUT", f"{MEMBERS}/{member_id}", {"email": ADA})
    assert read(practice, member_id)["unsubscribed_at"] is None
    assert outcomes(practice)[-1] == "reactivated"


def test_the_unsubscribed_can_be_created_anew_but_not_twice(practice: HeyloyaltyAccount) -> None:
    old = create(practice).json()["id"]
    practice.unsubscribe(old)
    assert create(practice).json()["id"] != old
    reply = practice.api("PUT", f"{MEMBERS}/{old}", {"email": ADA})
    assert reply.json() == {"error": "A member with this email already exists"}


def test_members_are_unsubscribed_by_a_field_on_several_lists(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA)
    practice.save_member(list_id=NEWSLETTER, email=ADA)
    body = {"field": "email", "value": ADA.upper(), "lists": [1, "2"]}
    assert practice.api("DELETE", "lists/members/byfield", body, version=2).status_code == 204
    assert [practice.member(ADA, one)["state"] for one in (1, 2)] == ["unsubscribed"] * 2
    assert practice.api("DELETE", "lists/members/byfield", body, version=2).status_code == 204
    assert practice.api("DELETE", "lists/members/byfield", {"field": "email"}, version=2).status_code == 400


def test_a_removed_field_takes_its_values_along(practice: HeyloyaltyAccount) -> None:
    create(practice, points="3")
    practice.remove_field("points")
    assert practice.member(ADA)["values"] == {"email": ADA}
    assert create(practice, email=BO, points="3").status_code == 400
