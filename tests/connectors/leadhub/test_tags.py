from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations.connectors.leadhub import tags
from integrations.connectors.leadhub.connector import EXPIRY, LeadHub, record
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.engine.capture import capture
from integrations.core.errors import RecordError, TemporaryError
from integrations.core.http import Call
from integrations.core.models import Connection, Event, Exchange, Run
from integrations.core.setup import MARKETING
from integrations.sources.loyalty.models import Customer
from integrations.sources.loyalty.states import states_of
from tests.connectors.leadhub import shop
from tests.crawl import crawl
from tests.sandbox_leadhub import LeadHubAccount

PRAGUE = ZoneInfo("Europe/Prague")


def occurrences(leadhub: LeadHubAccount, number: int = 1) -> list[tuple[str, dict[str, object]]]:
    profile = leadhub.profile(shop.email(number))
    return [(found["name"], found["data"]) for found in profile["occurrences"]] if profile else []


def test_a_movement_becomes_a_tag_on_the_profile_of_that_address(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    shop.customer(first_name="Jana", last_name="Nováková", registered=True)
    shop.forget_events()
    with time_machine.travel(datetime.datetime(2026, 3, 9, 18, 22, tzinfo=PRAGUE)):
        shop.moves(150)
        shop.moves(-30)
    with time_machine.travel(datetime.datetime(2026, 3, 12, 0, 30, tzinfo=PRAGUE)):
        shop.drain(connection)
    assert occurrences(leadhub) == [
        (
            "ellity_account_changed",
            {
                "currentAccount": 120,
                "lastChangeBeforeDays": 3,
                "lastChangeDate": "2026-03-09",
                "lastChangeValue": -30,
                "pin": "",
                "registered": True,
            },
        )
    ]
    profile = leadhub.profile(shop.email())
    assert (profile["first_name"], profile["last_name"]) == ("Jana", "Nováková")


def test_the_profile_is_written_before_its_tag(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    shop.customers(5)
    shop.drain(connection)
    seen: dict[str, list[str]] = {}
    for entry in leadhub.ledger():
        seen.setdefault(entry["user_id"], []).append(entry["kind"])
    assert list(seen.values()) == [["profile", "tag"]] * 5
    assert leadhub.lost() == []


def test_a_burst_of_changes_becomes_one_tag_with_the_newest_state(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    shop.customer()
    for value in (10, 20, -5):
        shop.moves(value)
    events = shop.drain(connection)
    [(name, data)] = occurrences(leadhub)
    assert (name, data["currentAccount"], data["lastChangeValue"]) == ("ellity_account_changed", 25, -5)
    assert [(event.outcome, event.code) for event in events] == [("skipped", "merged")] * 3 + [("new", "")]


def test_pin_changes_are_never_merged(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    shop.customer(pin="1111")
    shop.new_pin("2222")
    shop.new_pin("3333")
    shop.drain(connection)
    pins = [data["newPin"] for name, data in occurrences(leadhub) if name == "ellity_pin_changed"]
    assert pins == ["1111", "2222", "3333"]


def test_a_registered_customers_tag_holds_no_pin(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    shop.customer(pin="1111")
    shop.drain(connection)
    shop.customer(registered=True)
    shop.drain(connection)
    name, data = occurrences(leadhub)[-1]
    assert (name, data["pin"], data["registered"]) == ("ellity_account_changed", "", True)


def test_a_customer_without_email_is_skipped_with_that_reason(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    shop.customer(email="")
    [event] = shop.drain(connection)
    assert (event.outcome, event.code) == ("skipped", "no-email")
    assert leadhub.ledger() == []


def test_what_did_not_change_is_not_sent_again(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    shop.customer(first_name="Jana")
    shop.drain(connection)
    shop.customer(first_name="Jana")
    shop.drain(connection)
    assert len(leadhub.ledger(kind="tag")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_is_never_sent(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    with transaction.atomic():
        shop.customer()
        transaction.set_rollback(True)
    shop.drain(connection)
    assert (Event.objects.count(), leadhub.ledger()) == (0, [])


def test_a_connection_that_is_off_gets_nothing_and_one_that_needs_attention_keeps_its_queue(
    make_leadhub: Callable[..., LeadHubConnection],
) -> None:
    make_leadhub(name="Off", state=Connection.State.DISABLED)
    attention = make_leadhub(name="Attention", state=Connection.State.ATTENTION)
    shop.customer()
    assert [event.connection_id for event in Event.objects.all()] == [attention.pk]


def test_somebody_leadhub_does_not_know_yet_is_tried_again(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    leadhub.settings(strict=True)
    with pytest.raises(TemporaryError, match="doesn't know this person yet"):
        LeadHub(connection).client.post_tag("ellity-1", "ellity_test_connection", {})


def test_a_tag_that_arrived_though_no_answer_came_is_not_sent_twice(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    leadhub.fault("applied_unanswered", path="profiles/tags")
    shop.customer(pin="4821")
    shop.drain(connection)
    shop.drain(connection)
    assert sorted(entry["tag"] for entry in leadhub.ledger(kind="tag")) == [
        "ellity_account_changed",
        "ellity_pin_changed",
    ]


def test_no_pin_stands_in_what_is_stored_of_the_calls(connection: LeadHubConnection) -> None:
    shop.customer(pin="90417")
    shop.drain(connection)
    kept = [exchange.request_body for exchange in Exchange.objects.all()]
    assert len(kept) == 2
    assert not [body for body in kept if body and "90417" in body]
    assert all(json.loads(body or "{}")["tag"]["name"] for body in kept)


def test_days_are_counted_by_the_local_calendar_also_over_the_end_of_summer_time() -> None:
    payload = {"currentAccount": 1, "lastChangeDate": "2026-10-24T22:30:00+00:00", "lastChangeValue": 1}
    payload |= {"pin": "", "registered": True}
    now = datetime.datetime(2026, 10, 26, 0, 10, tzinfo=PRAGUE)
    data = tags.account_data(payload, now, PRAGUE)
    assert (data["lastChangeDate"], data["lastChangeBeforeDays"]) == ("2026-10-25", 1)


def test_pins_are_on_no_page_for_those_without_the_permission(connection: LeadHubConnection, client: Client) -> None:
    shop.customer(pin="904175")
    shop.new_pin("718265")
    shop.drain(connection)
    mia = User.objects.create_user("mia", password="x", is_staff=True)
    mia.groups.add(group := Group.objects.get(name=MARKETING))
    connection.access_roles.add(group)
    client.force_login(mia)
    pages = {address: response.content.decode() for address, response in crawl(client)}
    assert any(shop.email() in text for text in pages.values()), "she sees the events themselves"
    assert [address for address, text in pages.items() if "904175" in text or "718265" in text] == []


def test_a_pin_that_waited_goes_to_the_address_the_customer_has_by_then(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    shop.customer()
    shop.drain(connection)
    leadhub.fault("system_error", path="profiles/tags")
    shop.new_pin("4821")
    shop.drain(connection)
    shop.customer(email="corrected@example.test")
    shop.drain(connection)
    assert leadhub.profile("corrected@example.test")["tags"]["ellity_pin_changed"] == {"newPin": "4821"}
    assert leadhub.profile(shop.email()) is None


def test_a_pin_of_somebody_who_registered_meanwhile_is_not_sent(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    shop.customer(pin="4821")
    shop.customer(registered=True)
    events = shop.drain(connection)
    assert [event.outcome for event in events if event.record_type == "pin"] == ["skipped"]
    assert "ellity_pin_changed" not in [name for name, _ in occurrences(leadhub)]


def test_a_customer_who_was_deleted_meanwhile_is_not_created_at_leadhub(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    customer_id = shop.customer(pin="4821")
    Customer.objects.filter(pk=customer_id).delete()
    assert {event.code for event in shop.drain(connection)} == {"gone"}
    assert leadhub.ledger() == []


def test_points_spent_before_the_notification_is_sent_are_not_announced(
    connection: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    date = shop.today(connection) + datetime.timedelta(days=7)
    customer_id = shop.customer()
    shop.moves(40, expires_on=date)
    [state] = states_of([customer_id])
    run = Run.objects.create(connection=connection, trigger=Run.Trigger.SCHEDULE, complete=True)
    capture(connection, [record(EXPIRY, state, tags.expiry_payload(state, date, 40))], run=run)
    shop.moves(-40)
    shop.drain(connection)
    assert [event.code for event in Event.objects.filter(record_type="expiry")] == ["filtered"]


def test_what_leadhub_repeats_of_a_pin_is_masked(connection: LeadHubConnection) -> None:
    call = Call("POST", "https://api.example.test/n1%40example.test", "{}", False, timezone.now())
    call.response_body = "Value '904175' of newPin is too short"
    error = RecordError("LeadHub refused it: Value '904175' of newPin is too short.", call=call)
    error.hide(["904175"])
    assert "904175" not in f"{error.message} {error.args} {call}"
