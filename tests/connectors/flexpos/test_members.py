"""Customers become members: what is written, by which way, and what is said of each."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import retry
from integrations.core.models import Connection, Event, FieldMapping, Link
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_heyloyalty import HeyloyaltyAccount

NEW, UPDATED, UNCHANGED = [("new", "")], [("updated", "")], [("unchanged", "")]


@pytest.fixture
def loud(make_flexpos: MakeConnection) -> FlexPOSConnection:
    """With automations and webhooks: members travel one by one."""
    return make_flexpos(send_automations=True, send_webhooks=True)


def paths(account: HeyloyaltyAccount, since: int) -> list[str]:
    calls = [call for call in account.calls() if call["seq"] > since]
    return [f"{call['method']} {call['path'].partition('/lists/1')[2].partition('?')[0]}" for call in calls]


def test_a_customer_becomes_a_member_and_a_change_of_theirs_reaches_it(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    assert till.deliver(connection, till.customer(FirstName="Mette")) == NEW
    member = practice.member(till.email(1))
    assert member["values"] == {
        "email": till.email(1),
        "mobile": "4520000001",
        "firstname": "Mette",
        "lastname": "Holm",
        "address": "Algade 3",
        "postalcode": "4000",
        "city": "Roskilde",
        "country": member["values"]["country"],
        "birthdate": "1979-06-02",
        "reference": "50001",
    }
    assert till.deliver(connection, till.customer(FirstName="Maja", minute=1)) == UPDATED
    assert [one["values"]["firstname"] for one in practice.members()] == ["Maja"]


def test_without_automations_no_mail_and_no_webhook_is_set_off(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.api("POST", "lists/1/webhooks", {"url": "https://crm.example.test", "webhookTriggers": {"subscribe": 1}})
    assert till.deliver(connection, *map(till.customer, range(1, 4))) == 3 * NEW
    assert (practice.mails(), practice.deliveries()) == ([], [])


def test_with_automations_new_members_get_their_welcome(
    make_flexpos: MakeConnection, practice: HeyloyaltyAccount
) -> None:
    assert till.deliver(make_flexpos(send_automations=True), till.customer()) == NEW
    assert [mail["kind"] for mail in practice.mails()] == ["automation"]


def test_what_is_on_the_list_already_is_not_written(loud: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(loud, till.customer())
    before, ledger = practice.call_count(), len(practice.ledger())
    assert till.deliver(loud, till.customer(minute=1)) == UNCHANGED
    assert practice.call_count() == before
    Link.objects.update(fingerprint="")
    assert till.deliver(loud, till.customer(minute=2)) == UNCHANGED
    assert len(practice.ledger()) == ledger


def test_a_hundred_travel_in_a_handful_of_calls(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    since = practice.call_count()
    assert till.deliver(connection, *map(till.customer, range(1, 301))) == 300 * NEW
    assert len(paths(practice, since)) <= 15
    assert len(practice.members()) == 300


def test_a_field_the_source_does_not_send_is_not_emptied(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=till.email(1), city="Odense", firstname="Old")
    assert till.deliver(connection, till.customer(City=None, FirstName="New")) == UPDATED
    values = practice.member(till.email(1))["values"]
    assert (values["city"], values["firstname"]) == ("Odense", "New")


def test_another_address_stays_the_same_member(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(connection, till.customer())
    assert till.deliver(connection, till.customer(Email="moved@example.test", minute=1)) == UPDATED
    assert [one["values"]["email"] for one in practice.members()] == ["moved@example.test"]


def test_two_customers_with_one_address_at_once_become_one_member(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.arrive(connection, till.customer(1))
    till.arrive(connection, till.customer(2, Email=till.email(1).upper(), FirstName="Later"))
    assert [(event.outcome, event.code) for event in till.drain(connection)] == [("skipped", "merged"), ("new", "")]
    assert [one["values"]["firstname"] for one in practice.members()] == ["Later"]


def test_members_matched_on_mobile(make_flexpos: MakeConnection, practice: HeyloyaltyAccount) -> None:
    connection = make_flexpos(match_on="mobile")
    practice.save_member(mobile="4520000001", email="old@example.test")
    assert till.deliver(connection, till.customer(Email="new@example.test")) == UPDATED
    assert till.deliver(connection, till.customer(2, Mobile=None)) == [("skipped", "no-key")]
    assert [one["values"]["email"] for one in practice.members()] == ["new@example.test"]


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"Email": None}, ("skipped", "no-email")),
        ({"Email": "nobody"}, ("failed", "refused")),
        ({"Mobile": "12"}, ("failed", "refused")),
        ({"BirthDate": "2 June 1979"}, ("failed", "refused")),
        ({"Country": "Atlantis"}, ("failed", "refused")),
        ({"LastName": "x" * 300}, ("failed", "refused")),
    ],
)
def test_a_bad_value_holds_up_its_own_customer_only(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount, values: dict[str, Any], outcome: tuple[str, str]
) -> None:
    assert till.deliver(connection, till.customer(1, **values), till.customer(2)) == [outcome, ("new", "")]
    failed = Event.objects.filter(outcome="failed").first()
    if failed:
        [(name, value)] = values.items()
        assert str(value) not in failed.message
        assert name.lower() in failed.message.lower()
        assert failed.message.endswith("press Retry.")
    assert [one["values"]["email"] for one in practice.members()] == [till.email(2)]


def test_options_go_by_label_all_to_a_multi_field_and_the_first_to_a_single_one(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    for target, source in (("interests", "likes.name"), ("tier", "likes.tier"), ("card_number", "cards.Cardnumber")):
        FieldMapping.objects.create(connection=connection, record_type="member", source=source, target=target)
    likes = [{"name": "music", "tier": "Gold"}, {"name": "Books", "tier": "Silver"}, {"name": None}]
    assert till.deliver(connection, till.customer(likes=likes, cards=[{"Cardnumber": 7}, {"Cardnumber": 8}])) == NEW
    values = practice.member(till.email(1))["values"]
    assert values["interests"] == [practice.option("interests", "Music"), practice.option("interests", "Books")]
    assert (values["tier"], values["card_number"]) == (practice.option("tier", "Gold"), "7")
    likes[1]["name"] = "Sport"
    assert till.deliver(connection, till.customer(likes=likes, minute=1)) == UPDATED
    likes[1]["name"] = "Chess"
    assert till.deliver(connection, till.customer(likes=likes, minute=2)) == [("failed", "refused")]


def test_a_default_fills_what_is_empty_on_the_list_only(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    FieldMapping.objects.filter(record_type="member", target="city").update(default="Aarhus")
    practice.save_member(email=till.email(1), city="Odense")
    assert till.deliver(connection, till.customer(1, City=None), till.customer(2, City=None)) == [*UPDATED, *NEW]
    assert [practice.member(till.email(number))["values"]["city"] for number in (1, 2)] == ["Odense", "Aarhus"]


@pytest.mark.parametrize(
    ("import_type", "known", "unknown"),
    [
        ("create", ("skipped", "create-only"), ("new", "")),
        ("unchecked", ("skipped", "create-only"), ("new", "")),
        ("upsert", ("updated", ""), ("new", "")),
        ("update", ("updated", ""), ("skipped", "update-only")),
    ],
)
@pytest.mark.parametrize("noise", [False, True])
def test_the_import_type_says_who_is_written(
    make_flexpos: MakeConnection, import_type: str, known: Any, unknown: Any, noise: bool
) -> None:
    connection = make_flexpos(send_automations=noise, send_webhooks=noise)
    till.deliver(connection, till.customer(1))
    FlexPOSConnection.objects.update(import_type=import_type)
    outcomes = till.deliver(connection, till.customer(1, FirstName="New", minute=1), till.customer(2))
    assert outcomes == [known, unknown]


def test_create_without_check_makes_a_second_member_where_the_list_allows_it(
    make_flexpos: MakeConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_list(duplicates="allow")
    practice.save_member(email=till.email(1), firstname="First")
    assert till.deliver(make_flexpos(import_type="unchecked"), till.customer(1)) == NEW
    assert len(practice.members()) == 2


def test_an_opt_in_message_is_sent_when_an_import_asks_for_it(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_list(**{"double_opt-in": 1})
    assert till.deliver(connection, till.customer(), opt_in=True, unsubscribed=False, automations=False) == NEW
    assert [mail["kind"] for mail in practice.mails()] == ["opt_in"]
    # While they haven't answered, a change finds them waiting.
    assert till.deliver(connection, till.customer(FirstName="Maja", minute=1)) == UPDATED
    assert [(one["state"], one["values"]["firstname"]) for one in practice.members()] == [("pending", "Maja")]


def test_a_field_that_is_gone_from_the_list_stops_the_connection_and_keeps_what_waits(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.remove_field("city")
    assert till.deliver(connection, till.customer()) == [("waiting", "configuration")]
    connection.refresh_from_db()
    assert connection.state == Connection.State.ATTENTION
    assert "has no field city any more" in connection.state_reason


def test_a_list_that_is_gone_stops_the_connection_and_keeps_what_waits(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.remove_list(1)
    assert till.deliver(connection, till.customer()) == [("waiting", "configuration")]
    connection.refresh_from_db()
    assert "Choose another under Settings" in connection.state_reason


def test_an_import_whose_answer_got_lost_is_not_done_twice(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.fault("applied_unanswered", path="import")
    assert till.deliver(connection, till.customer()) == [("waiting", "temporary")]
    practice.wait_for_imports()
    [event] = till.drain(connection)
    assert (event.outcome, len(practice.imports())) == ("new", 1)


def test_an_import_that_takes_its_time_is_looked_after_later(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.heyloyalty.bulk_import.PAUSES", (0,))
    practice.settings(import_delay_s=1.0)
    assert till.deliver(connection, till.customer()) == [("waiting", "importing")]
    practice.wait_for_imports()
    [event] = till.drain(connection)
    assert (event.outcome, len(practice.imports()), len(practice.members())) == ("new", 1, 1)


def test_whom_an_import_leaves_out_is_sent_alone_and_fails_with_the_reason(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    # The other one's mobile number is taken: on this list nobody may share it.
    practice.save_member(email="other@example.test", mobile="4520000002")
    assert till.deliver(connection, till.customer(1), till.customer(2)) == [("new", ""), ("failed", "refused")]
    failed = Event.objects.get(outcome="failed")
    assert "A member with this mobile already exists" in failed.message
    practice.save_member(practice.member("other@example.test")["id"], mobile="4520999999")
    retry.retry(connection.pk, [failed.pk])
    *_, event = till.drain(connection)
    assert (event.outcome, event.recovered) == ("updated", True)
