"""What goes wrong at either side, over HTTP: said clearly, kept to where it happened, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.contactsend.connector import Contactsend
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.engine import retry
from integrations.core.engine.drain import drain
from integrations.core.models import Connection, Event, EventPayload, FieldMapping, Lease
from integrations.core.models.engine import EPOCH
from tests.connectors.contactsend.pair import (
    NEWSLETTER,
    connect,
    events,
    from_hub,
    from_send,
    settle,
    subscribe_to,
    switched_on,
)
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import CUSTOMERS, NEWS, OFFERS, OTHER_NEWS, SUBSCRIBED, ContactsendAccount

pytestmark = pytest.mark.django_db
ADA, LUCA = "ada@example.test", "luca@example.test"
Break = Callable[[ContacthubAccount, ContactsendAccount], Any]


@pytest.fixture
def source(hub: ContacthubAccount, send: ContactsendAccount) -> ContactsendConnection:
    return switched_on(hub, send)


def time_passes(source: ContactsendConnection) -> None:
    Event.objects.filter(due_at__isnull=False).update(due_at=source.created_at)
    Lease.objects.update(not_before=EPOCH, failures=0)


def somebody_on_each_side(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    ada = hub.save_person(ADA, firstName="Ada")
    hub.subscribe(ada["id"], NEWSLETTER)
    send.set_subscription(send.save_subscriber(EMAIL=LUCA, NOME="Luca"), SUBSCRIBED)


def everybody_is_on_both_sides(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    assert {one["base"]["contacts"]["email"]: one["base"]["firstName"] for one in hub.customers()} == {
        ADA: "Ada",
        LUCA: "Luca",
    }
    assert {one["values"]["EMAIL"]: one["values"]["NOME"] for one in send.subscribers()} == {ADA: "Ada", LUCA: "Luca"}


# What is wrong, what the source then says, and how it is put right.
SETTINGS: dict[str, tuple[Break, str, Break]] = {
    "a userKey that was changed": (
        lambda hub, send: send.settings(user_key="c" * 40),
        "refused userKey and apiKey",
        lambda hub, send: send.settings(user_key=send.keys[0]),
    ),
    "an IP address that is not authorised": (
        lambda hub, send: send.settings(ip_authorized=False),
        "authorise it for the API",
        lambda hub, send: send.settings(ip_authorized=True),
    ),
    "a read-only userdb": (
        lambda hub, send: send.save_source(read_only=True),
        "read-only, so nothing can be written",
        lambda hub, send: send.save_source(read_only=False),
    ),
    "a field that was removed": (
        lambda hub, send: send.remove_field("COGNOME"),
        "no field COGNOME any more",
        lambda hub, send: send.add_field("COGNOME"),
    ),
    "a hub token that was revoked": (
        lambda hub, send: hub.source(hub.source_id, token="another"),
        "refused the token (401)",
        lambda hub, send: hub.source(hub.source_id, token=hub.token),
    ),
    "a token whose role may not write": (
        lambda hub, send: hub.settings(role="GUEST"),
        "The token may not",
        lambda hub, send: hub.settings(role="USER"),
    ),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_what_needs_another_setting_is_said_once_and_goes_on_when_it_is_right(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount, what: str
) -> None:
    spoil, words, mend = SETTINGS[what]
    assert send.keys and hub.token
    somebody_on_each_side(hub, send)
    spoil(hub, send)
    for poll in (from_hub, from_send):
        source.set_state(Connection.State.ENABLED)
        poll(source)
    source.refresh_from_db()
    assert source.state == Connection.State.ATTENTION
    assert words in source.state_reason
    assert not Event.objects.filter(outcome=Event.Outcome.FAILED).exists()
    mend(hub, send)
    source.set_state(Connection.State.ENABLED)
    time_passes(source)
    drain(source.pk)
    settle(source, 2)
    everybody_is_on_both_sides(hub, send)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"user_key": "u" * 40}, "refused userKey and apiKey"),
        ({"api_key": "a" * 40}, "refused userKey and apiKey"),
        ({"userdb_id": "99"}, "no userdb 99"),
        ({"userdb_id": ""}, "No userdb is given"),
        ({"hub_token": "wrong"}, "refused the token (401)"),
        ({"workspace": "another"}, "no workspace of this ID"),
        ({"node_id": "another"}, "The node is gone"),
        ({"node_id": ""}, "No node is chosen"),
    ],
)
def test_a_wrong_setting_is_told_by_the_check_and_by_the_poll(
    hub: ContacthubAccount, send: ContactsendAccount, overrides: dict[str, str], words: str
) -> None:
    source = connect(hub, send)
    for name, value in overrides.items():
        setattr(source, name, value)
    source.save()
    connector = Contactsend(source)
    *_, last = connector.check()
    connector.close()
    assert not last.ok
    assert words in last.detail
    of_hub = overrides.keys() & {"hub_token", "workspace", "node_id"}
    (from_hub if of_hub else from_send)(source)
    source.refresh_from_db()
    assert (source.state, words in source.state_reason) == (Connection.State.ATTENTION, True)


def test_the_check_tells_of_a_token_that_may_list_but_not_read(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.save_person(ADA)
    hub.settings(role="UNTRUSTED_APPLICATION")
    connector = Contactsend(connect(hub, send))
    *_, last = connector.check()
    connector.close()
    assert (last.label, last.ok) == ("The node can be read", False)
    assert "The token may not" in last.detail


def test_a_node_that_is_deleted_needs_another_one(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    node = hub.add_node("Soon gone")
    other = connect(hub, send, node_id=node, userdb_id="7")
    settle(other, 1)
    hub.remove_node(node)
    from_hub(other)
    other.refresh_from_db()
    assert other.state == Connection.State.ATTENTION
    assert "The node is gone" in other.state_reason


# What passes by itself.
PASSING: dict[str, tuple[Break, Break]] = {
    "a userdb that is locked": (
        lambda hub, send: send.save_source(locked=True),
        lambda hub, send: send.save_source(locked=False),
    ),
    "a workspace being reindexed": (
        lambda hub, send: hub.settings(reindexing=True),
        lambda hub, send: hub.settings(reindexing=False),
    ),
    "XML that is cut off": (
        lambda hub, send: send.fault("truncated_json", times=None),
        lambda hub, send: send.clear_faults(),
    ),
    "a page of HTML": (lambda hub, send: send.fault("bad_gateway", times=None), lambda hub, send: send.clear_faults()),
    "an XML bomb": (
        lambda hub, send: send.settings(hostile="xml_bomb"),
        lambda hub, send: send.settings(hostile="none"),
    ),
    "an answer nested without end": (
        lambda hub, send: hub.fault("deep_json", times=None),
        lambda hub, send: hub.clear_faults(),
    ),
}


@pytest.mark.parametrize("what", PASSING)
def test_what_passes_waits_and_nothing_is_lost(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount, what: str
) -> None:
    begin, end = PASSING[what]
    somebody_on_each_side(hub, send)
    begin(hub, send)
    from_hub(source)
    from_send(source)
    source.refresh_from_db()
    assert source.state == Connection.State.ENABLED
    assert {outcome for _, outcome, _ in events(source)} <= {"waiting", "new", "pending"}
    end(hub, send)
    time_passes(source)
    drain(source.pk)
    settle(source, 2)
    everybody_is_on_both_sides(hub, send)
    assert send.subscriber(ADA)["__cls1"] == "1"
    assert [one["subscribed"] for one in hub.customer(LUCA)["base"]["subscriptions"]] == [True]


def test_a_token_that_ends_in_the_middle_is_borrowed_anew(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    send.settings(token_seconds=0.05)
    send.latency(30)
    for number in range(8):
        hub.save_person(f"person{number}@example.test")
    from_hub(source)
    time_passes(source)
    send.settings(token_seconds=900)
    drain(source.pk)
    assert len(send.subscribers()) == 8
    assert not Event.objects.filter(outcome=Event.Outcome.FAILED).exists()


@pytest.mark.parametrize("code", [OFFERS, OTHER_NEWS, "230009009999"])
def test_a_webform_code_of_another_form_subscribes_nobody_to_that(
    hub: ContacthubAccount, send: ContactsendAccount, code: str
) -> None:
    source = connect(hub, send)
    row = subscribe_to(source, code=code)
    settle(source, 1)
    hub.subscribe(hub.save_person(ADA)["id"], NEWSLETTER)
    from_hub(source)
    source.refresh_from_db()
    assert source.state == Connection.State.ATTENTION
    assert source.state_reason == (
        f"The Webform Code of {NEWSLETTER} belongs to another form. Correct it under Subscriptions."
    )
    assert "modifySubscriberSubscriptionStatus" not in send.operations()
    row.webform_code = NEWS
    row.save()
    source.set_state(Connection.State.ENABLED)
    time_passes(source)
    drain(source.pk)
    assert (send.subscriber(ADA)["__cls1"], send.subscriber(ADA)["__cls2"]) == ("1", "0")
    assert len(send.subscribers()) == 1


def test_a_value_too_long_for_contactsend_fails_alone_and_recovers(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    long = hub.save_person(LUCA, firstName="x" * 60_000)
    hub.save_person(ADA, firstName="Ada")
    from_hub(source)
    [failed] = Event.objects.filter(outcome=Event.Outcome.FAILED)
    assert failed.message == (
        "base.firstName: what Contacthub has is longer than 255 characters, so the userdb's field NOME can't take it. "
        "Correct it in Contacthub or change the mapping, then press Retry."
    )
    assert [one["values"]["EMAIL"] for one in send.subscribers()] == [ADA]
    hub.save_customer(long["id"], base={"firstName": "Luca"})
    settle(source, 1)
    everybody_is_on_both_sides(hub, send)


def test_a_text_too_long_for_contacthub_fails_alone_and_recovers(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    FieldMapping.objects.create(
        connection=source, record_type="customer", source="base.address.street", target="NOTE", enabled=True
    )
    longest = send.save_subscriber(EMAIL=LUCA, NOME="Luca", NOTE="x" * 65_535)
    send.save_subscriber(EMAIL=ADA, NOME="Ada")
    settle(source, 2)
    [failed] = Event.objects.filter(outcome=Event.Outcome.FAILED)
    assert failed.message.startswith("Contacthub refused")
    assert "press Retry" in failed.message
    assert len(failed.message) < 500
    assert hub.customer(ADA)
    send.save_subscriber(longest, NOTE="short")
    settle(source, 1)
    everybody_is_on_both_sides(hub, send)


def test_a_conflict_that_names_nobody_waits_for_the_lists_and_then_says_what_to_do(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    settle(source, 1)
    send.save_subscriber(EMAIL=LUCA)
    # Lists don't show the customer, and the 409 doesn't name it.
    hub.settings(search_delay_s=60)
    hub.save_person(LUCA)
    hub.settings(role="UNTRUSTED_APPLICATION")
    from_send(source)
    [event] = Event.objects.filter(connection=source)
    assert event.outcome == Event.Outcome.WAITING
    time_passes(source)
    drain(source.pk)
    event.refresh_from_db()
    assert event.outcome == Event.Outcome.FAILED
    assert event.message.startswith("Contacthub has a customer with these identifying values already")
    assert "Use the token of a trusted source" in event.message


def test_an_aggregate_node_takes_nobody_new_and_says_so(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send, node_id=hub.everybody, node_is_aggregate=True)
    settle(source, 1)
    hub.save_person(ADA, firstName="Ada")
    send.save_subscriber(EMAIL=LUCA)
    before = len(hub.ledger())
    settle(source, 2)
    assert send.subscriber(ADA)["NOME"] == "Ada"
    [failed] = Event.objects.filter(outcome=Event.Outcome.FAILED)
    assert failed.message.startswith("The active node is an aggregate: it shows customers of other nodes")
    assert len(hub.ledger()) == before
    hub.save_person(LUCA, firstName="Luca")
    retry.retry(source.pk, [failed.pk])
    drain(source.pk)
    failed.refresh_from_db()
    assert (failed.outcome, send.subscriber(LUCA)["NOME"]) == (Event.Outcome.UPDATED, "Luca")


def test_an_aggregate_node_of_which_the_token_tells_nothing_is_named_by_contacthub(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send, node_id=hub.everybody)
    settle(source, 1)
    send.save_subscriber(EMAIL=LUCA)
    settle(source, 1)
    [failed] = Event.objects.filter(outcome=Event.Outcome.FAILED)
    assert "aggregate node" in failed.message


@pytest.mark.parametrize("moved", [{"node_id": "another"}, {"userdb_id": "7"}, {"workspace": "another"}])
def test_what_failed_before_the_source_was_given_another_node_or_userdb_is_not_sent_there(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount, moved: dict[str, str]
) -> None:
    hub.settings(uniqueness="NO_CHECK")
    hub.save_person(ADA, firstName="Ada")
    twin = hub.save_person(ADA, firstName="Adele")
    from_hub(source)
    [failed] = Event.objects.filter(connection=source, outcome=Event.Outcome.FAILED)
    hub.remove_customer(twin["id"])
    ContactsendConnection.objects.filter(pk=source.pk).update(**moved)
    before = (len(hub.ledger()), len(send.ledger()))
    retry.retry(source.pk, [failed.pk])
    drain(source.pk)
    failed.refresh_from_db()
    assert failed.outcome == Event.Outcome.FAILED
    assert failed.message.startswith("This change was read when the source had another node or userdb.")
    assert (len(hub.ledger()), len(send.ledger())) == before


def test_an_extended_field_is_written_by_a_token_that_may_not_read_its_schema(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    FieldMapping.objects.create(
        connection=source, record_type="customer", source="extended.loyaltyLevel", target="CITTA", enabled=True
    )
    settle(source, 1)
    hub.settings(role="TRUSTED_APPLICATION")
    send.save_subscriber(EMAIL=LUCA, CITTA="gold")
    from_send(source)
    assert hub.customer(LUCA)["extended"]["loyaltyLevel"] == "gold"


def test_a_payload_that_retention_emptied_fails_with_a_sentence(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.save_person(LUCA)
    send.fault("refused", path="addSubscriber")
    from_hub(source)
    [event] = Event.objects.all()
    EventPayload.objects.all().delete()
    retry.retry(source.pk, [event.pk])
    drain(source.pk)
    event.refresh_from_db()
    assert event.message == ("What came in was deleted after the retention period. Change the person again to send it.")


def test_a_removed_subscriber_between_look_and_write_is_left_alone(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    luca = hub.save_person(LUCA, firstName="Luca")
    settle(source, 1)
    (subscriber,) = send.subscribers()
    hub.save_customer(luca["id"], base={"firstName": "Gianluca"})
    send.remove_subscriber(subscriber["id"])
    settle(source)
    assert events(source)[-1][1:] == ("skipped", "gone")
    assert send.subscribers(CUSTOMERS) == []
