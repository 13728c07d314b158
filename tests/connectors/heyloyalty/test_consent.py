"""Who may be written to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.consent import Decision, News, Standing, decide, read_webhook, standing
from integrations.core.errors import RecordError
from tests.core.scripted_server import ScriptedServer
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount

ADA = "ada@example.test"
PAYLOADS = Path(__file__).parent / "payloads"
GUID = "aacd0c54-0000-4000-8000-a1bb1703d713"


@pytest.mark.parametrize(
    ("member_id", "member", "expected"),
    [
        ("", None, Standing.NEW),
        (GUID, {"id": GUID, "unsubscribed_at": None}, Standing.SUBSCRIBED),
        (GUID, {"id": GUID}, Standing.SUBSCRIBED),
        (GUID, {"id": GUID, "unsubscribed_at": "0000-00-00 00:00:00"}, Standing.SUBSCRIBED),
        (GUID, {"id": GUID, "unsubscribed_at": "2026-11-20 10:00:00"}, Standing.UNSUBSCRIBED),
        (GUID, None, Standing.GONE),
    ],
)
def test_how_a_person_stands_with_the_list(member_id: str, member: Any, expected: Standing) -> None:
    assert standing(member_id, member) == expected


@pytest.mark.parametrize(
    ("known", "yes", "no"),
    [
        (Standing.NEW, Decision.CREATE, Decision.CREATE),
        (Standing.SUBSCRIBED, Decision.UPDATE, Decision.UPDATE),
        (Standing.UNSUBSCRIBED, Decision.RECREATE, Decision.SKIP),
        (Standing.GONE, Decision.RECREATE, Decision.SKIP),
    ],
)
def test_what_follows_when_the_unsubscribed_may_be_imported_again_and_when_not(
    known: Standing, yes: Decision, no: Decision
) -> None:
    assert (decide(known, True), decide(known, False)) == (yes, no)


def test_a_member_who_unsubscribed_is_told_by_the_id_we_kept(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount
) -> None:
    member_id = client.upsert(CUSTOMERS, "email", {"email": ADA}).member_id
    assert standing(member_id, client.member(CUSTOMERS, member_id)) == Standing.SUBSCRIBED
    practice.unsubscribe(member_id)
    assert standing(member_id, client.member(CUSTOMERS, member_id)) == Standing.UNSUBSCRIBED
    practice.resubscribe(member_id)
    assert standing(member_id, client.member(CUSTOMERS, member_id)) == Standing.SUBSCRIBED


def test_the_webhooks_of_a_list_say_whom_they_are_about(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    with ScriptedServer() as server:
        client.add_webhook(CUSTOMERS, server.url, "it@example.test", ["subscribe", "update", "unsubscribe"])
        member_id = practice.save_member(email=ADA)
        practice.save_member(member_id, city="Odense")
        practice.unsubscribe(member_id)
        practice.wait_for_deliveries(3)
        news = [read_webhook(request.body) for request in server.requests]
    assert news == [News(member_id, CUSTOMERS, type) for type in ("subscribe", "update", "unsubscribe")]


@pytest.mark.parametrize("type", ["subscribe", "update", "unsubscribe"])
def test_a_call_as_the_vendor_words_it_is_read(type: str) -> None:
    assert read_webhook((PAYLOADS / f"webhook_{type}.json").read_bytes()) == News(GUID, 1, type)


@pytest.mark.parametrize(
    "change",
    [
        {"member_id": "../../lists/2"},
        {"member_id": ""},
        {"member_id": "x" * 51},
        {"member_id": None, "list_id": None},
        {"list_id": "one"},
        {"list_id": 1e400},
    ],
)
def test_a_body_with_odd_ids_is_refused(change: dict[str, Any]) -> None:
    body = {"member_id": GUID, "list_id": 1, "type": "update"} | change
    with pytest.raises(RecordError, match="not a webhook of a Heyloyalty list"):
        read_webhook(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"null", b"\xff", b'{"member_id": "g-1"', b"[" * 9000])
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(RecordError, match="not a webhook of a Heyloyalty list"):
        read_webhook(body)
