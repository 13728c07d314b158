"""Members of Heyloyalty's emulator: upsert, opt-in, and the mails they cause."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
BO = "bo@example.test"
MEMBERS = "lists/1/members"


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    return sandbox.heyloyalty()


def upsert(practice: HeyloyaltyAccount, values: dict[str, Any], field: str = "email", **options: Any) -> Any:
    body = {"unique_field": field, "member": values} | options
    return practice.api("POST", f"{MEMBERS}/upsert", body)


def test_upsert_tells_created_from_updated(practice: HeyloyaltyAccount) -> None:
    first = upsert(practice, {"email": ADA, "firstname": "Ada", "city": "Odense"})
    second = upsert(practice, {"email": ADA.upper(), "firstname": "Adele"})
    assert (first.status_code, first.json()["type"], second.json()["type"]) == (200, "create", "update")
    assert first.json()["member_id"] == second.json()["member_id"]
    (member,) = practice.members()
    assert member["values"] == {"email": ADA.upper(), "firstname": "Adele", "city": "Odense"}
    assert [entry["operation"] for entry in practice.ledger()] == ["members.upsert"] * 2


def test_upsert_finds_by_any_field(practice: HeyloyaltyAccount) -> None:
    upsert(practice, {"card_number": "C-1", "email": ADA}, "card_number")
    practice.save_member(card_number="C-2", email=BO)
    assert upsert(practice, {"card_number": "C-2", "city": "Odense"}, "card_number").json()["type"] == "update"
    practice.save_member(practice.member(BO)["id"], card_number="C-3")
    assert upsert(practice, {"card_number": "C-2", "city": "Odense"}, "card_number").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"unique_field": "email", "member": {"mobile": "4520304050"}},
        {"unique_field": "email", "member": {"email": ""}},
        {"member": {"email": ADA}},
        {"unique_field": "email", "member": [ADA]},
        {"unique_field": "email"},
        {"unique_field": "email", "member": {"email": ADA, "nickname": "x"}},
    ],
)
def test_a_wrong_upsert_is_refused(practice: HeyloyaltyAccount, body: dict[str, Any]) -> None:
    assert practice.api("POST", f"{MEMBERS}/upsert", body).status_code == 400
    assert practice.members() == []


def test_upsert_refuses_to_choose_between_several(practice: HeyloyaltyAccount) -> None:
    practice.save_list(duplicates="allow")
    practice.save_member(email=ADA)
    practice.save_member(email=ADA)
    reply = upsert(practice, {"email": ADA, "city": "Odense"})
    assert (reply.status_code, reply.json()) == (400, {"error": "More than one member has this email"})


@pytest.mark.parametrize(
    ("setting", "answer", "states"),
    [
        ("recreate", "create", ["unsubscribed", "active"]),
        ("reactivate", "update", ["active"]),
        ("refuse", "", ["unsubscribed"]),
    ],
)
def test_what_upsert_does_to_the_unsubscribed_is_a_setting(
    practice: HeyloyaltyAccount, setting: str, answer: str, states: list[str]
) -> None:
    practice.settings(unsubscribed=setting)
    practice.unsubscribe(practice.save_member(email=ADA))
    reply = upsert(practice, {"email": ADA, "city": "Odense"})
    assert reply.json().get("type", "") == answer
    assert [member["state"] for member in practice.members()] == states
    assert (reply.status_code == 400) is (setting == "refuse")


def test_double_opt_in_makes_members_wait_for_a_mail(practice: HeyloyaltyAccount) -> None:
    practice.save_list(**{"double_opt-in": True})
    member_id = upsert(practice, {"email": ADA}).json()["member_id"]
    assert [(mail["kind"], mail["to"]) for mail in practice.mails()] == [("opt_in", ADA)]
    assert practice.member(ADA)["state"] == "pending"
    assert practice.api("GET", MEMBERS).json()["members"] == []
    practice.confirm(member_id)
    assert [mail["kind"] for mail in practice.mails()] == ["opt_in", "automation"]
    assert practice.api("GET", MEMBERS).json()["members"][0]["id"] == member_id


def test_skip_opt_in_leaves_the_mail_out(practice: HeyloyaltyAccount) -> None:
    practice.save_list(**{"double_opt-in": True})
    practice.api("POST", MEMBERS, {"email": ADA, "skipOptIn": 1})
    upsert(practice, {"email": BO}, skipOptIn=1)
    assert practice.mails("opt_in") == []
    assert {member["state"] for member in practice.members()} == {"active"}


def test_pending_members_are_found_only_when_asked_for(practice: HeyloyaltyAccount) -> None:
    practice.save_list(**{"double_opt-in": True})
    first = upsert(practice, {"email": ADA}).json()["member_id"]
    again = upsert(practice, {"email": ADA, "city": "Odense"}, search_temporary=True).json()
    assert again == {"type": "update", "member_id": first}
    assert upsert(practice, {"email": ADA}).json()["type"] == "create"
    assert len(practice.mails("opt_in")) == 2


def test_automations_are_mails_one_can_count(practice: HeyloyaltyAccount) -> None:
    upsert(practice, {"email": ADA})
    upsert(practice, {"email": ADA, "city": "Odense"})
    assert [(mail["kind"], mail["subject"]) for mail in practice.mails()] == [("automation", "Welcome")]
    practice.save_list(automations=["update"])
    upsert(practice, {"email": ADA, "city": "Odense"})
    upsert(practice, {"email": ADA, "city": "Aarhus"})
    upsert(practice, {"email": BO})
    assert [mail["subject"] for mail in practice.mails()] == ["Welcome", "Profile updated"]
