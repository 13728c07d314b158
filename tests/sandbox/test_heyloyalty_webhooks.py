"""List webhooks of Heyloyalty's emulator."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.conftest import Receiver
from tests.sandbox_heyloyalty import NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
WEBHOOKS = "lists/1/webhooks"
ALL = {"subscribe": 1, "update": 1, "unsubscribe": 1}


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    """Without a pause between the tries of a webhook."""
    practice = sandbox.heyloyalty()
    practice.settings(retry_pause_s=0.01, import_delay_s=0)
    return practice


def hook(practice: HeyloyaltyAccount, url: str, **options: Any) -> int:
    body = {"url": url, "contact_email": "it@example.test", "webhookTriggers": ALL} | options
    reply = practice.api("POST", WEBHOOKS, body)
    assert reply.status_code == 201, reply.text
    webhook_id: int = reply.json()["id"]
    return webhook_id


def types(practice: HeyloyaltyAccount, count: int) -> list[str]:
    return [delivery["type"] for delivery in practice.wait_for_deliveries(count)]


def test_webhooks_are_listed_changed_and_deleted(practice: HeyloyaltyAccount) -> None:
    webhook_id = hook(practice, "https://portal.example.test/hook")
    (listed,) = practice.api("GET", WEBHOOKS).json()
    assert (listed["id"], listed["url"], listed["contact_email"]) == (
        webhook_id,
        "https://portal.example.test/hook",
        "it@example.test",
    )
    assert listed["webhookTriggers"] == ALL | dict.fromkeys(["spamComplaint", "click", "open", "hardbounce", "sent"], 0)
    assert practice.api("GET", f"lists/{NEWSLETTER}/webhooks").json() == []
    changed = {"webhookTriggers": {"unsubscribe": "1"}}
    assert practice.api("PUT", f"{WEBHOOKS}/{webhook_id}", changed).status_code == 204
    assert practice.api("GET", WEBHOOKS).json()[0]["webhookTriggers"]["update"] == 0
    assert practice.api("DELETE", f"{WEBHOOKS}/{webhook_id}").status_code == 204
    assert practice.api("DELETE", f"{WEBHOOKS}/{webhook_id}").status_code == 404


@pytest.mark.parametrize("wrong", [{"url": "portal"}, {"webhookTriggers": {"birthday": 1}}, {"webhookTriggers": "all"}])
def test_a_wrong_webhook_is_refused(practice: HeyloyaltyAccount, wrong: dict[str, Any]) -> None:
    body = {"url": "https://portal.example.test/", "webhookTriggers": ALL} | wrong
    assert practice.api("POST", WEBHOOKS, body).status_code == 400
    assert practice.api("GET", WEBHOOKS).json() == []


def test_a_member_is_followed_from_subscribe_to_unsubscribe(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    hook(practice, receiver.url)
    body = {"unique_field": "email", "member": {"email": ADA, "firstname": "Ada"}}
    member_id = practice.api("POST", "lists/1/members/upsert", body).json()["member_id"]
    practice.api("PATCH", f"lists/1/members/{member_id}", {"firstname": "Adele"})
    practice.api("DELETE", f"lists/1/members/{member_id}")
    practice.api("DELETE", f"lists/1/members/{member_id}")
    assert types(practice, 3) == ["subscribe", "update", "unsubscribe"]
    assert [entry["outcome"] for entry in practice.ledger()] == ["created", "updated", "unsubscribed"]
    first = receiver.bodies[0]
    assert re.fullmatch(r"[0-9a-f]{32}", first.pop("signature"))
    assert first == {
        "member_id": member_id,
        "list_id": 1,
        "type": "subscribe",
        "member": {"id": member_id, "fields": {"email": ADA, "firstname": "Ada"}},
    }
    assert [body["member"]["fields"]["firstname"] for body in receiver.bodies] == ["Ada", "Adele", "Adele"]


def test_only_the_wanted_changes_of_the_list_are_sent(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    hook(practice, receiver.url, webhookTriggers={"unsubscribe": 1, "update": 0})
    member_id = practice.save_member(email=ADA)
    practice.save_member(member_id, city="Odense")
    practice.unsubscribe(practice.save_member(list_id=NEWSLETTER, email=ADA), NEWSLETTER)
    practice.unsubscribe(member_id)
    assert types(practice, 1) == ["unsubscribe"]
    assert [body["member_id"] for body in receiver.bodies] == [member_id]


def test_pending_members_are_told_when_they_confirm(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    hook(practice, receiver.url)
    practice.save_list(**{"double_opt-in": True})
    member_id = practice.api("POST", "lists/1/members", {"email": ADA}).json()["id"]
    assert practice.deliveries() == []
    practice.confirm(member_id)
    assert types(practice, 1) == ["subscribe"]


def test_who_subscribes_again_is_told_as_subscribed(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    member_id = practice.save_member(email=ADA)
    practice.unsubscribe(member_id)
    hook(practice, receiver.url)
    practice.resubscribe(member_id)
    assert types(practice, 1) == ["subscribe"]
    with pytest.raises(AssertionError, match="has not unsubscribed"):
        practice.resubscribe(member_id)


def test_it_tries_three_times_and_then_mails_the_contact(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 500]
    hook(practice, receiver.url)
    practice.save_member(email=ADA)
    (delivery,) = practice.wait_for_deliveries(1)
    assert (delivery["state"], delivery["tries"], delivery["status"]) == ("failed", 3, 500)
    assert [mail["to"] for mail in practice.mails("webhook_failed")] == ["it@example.test"]


def test_a_second_try_can_succeed(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    receiver.statuses = [500]
    hook(practice, receiver.url)
    practice.save_member(email=ADA)
    (delivery,) = practice.wait_for_deliveries(1)
    assert (delivery["state"], delivery["tries"], practice.mails("webhook_failed")) == ("delivered", 2, [])


def test_basic_authentication_goes_into_the_address(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    hook(practice, receiver.url.replace("http://", "http://portal:secret@"))
    practice.save_member(email=ADA)
    practice.wait_for_deliveries(1)
    assert receiver.received[0]["headers"]["Authorization"] == "Basic cG9ydGFsOnNlY3JldA=="


def test_imports_send_no_webhooks(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    hook(practice, receiver.url)
    practice.import_csv([[ADA]], ["email"])
    practice.wait_for_imports()
    assert practice.deliveries() == []
