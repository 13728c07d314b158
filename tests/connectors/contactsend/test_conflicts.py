"""Both sides changed, one deleted, somebody there twice, and what bounces to and fro."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from integrations.connectors.contactsend.models import ConflictRule, ContactsendConnection, Deletes, Pair
from integrations.core.engine import retry
from integrations.core.engine.drain import drain
from integrations.core.models import Event
from tests.connectors.contactsend.pair import connect, events, from_hub, from_send, settle
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

pytestmark = pytest.mark.django_db
LUCA = "luca@example.test"


def paired(
    hub: ContacthubAccount, send: ContactsendAccount, **settings: object
) -> tuple[ContactsendConnection, str, int]:
    """A source with one pair: its customer and subscriber."""
    source = connect(hub, send, **settings)
    settle(source, 1)
    luca = hub.save_person(LUCA, firstName="Luca")["id"]
    settle(source)
    (subscriber,) = send.subscribers()
    return source, luca, subscriber["id"]


@pytest.mark.parametrize(
    ("rule", "kept"), [(ConflictRule.HUB, "Hub"), (ConflictRule.SEND, "Send"), (ConflictRule.NEWEST, "Send")]
)
def test_of_two_changes_the_rule_keeps_one_and_the_log_keeps_the_other(
    hub: ContacthubAccount, send: ContactsendAccount, rule: str, kept: str
) -> None:
    source, luca, subscriber = paired(hub, send, conflict_rule=rule)
    hub.save_customer(luca, base={"firstName": "Hub"})
    send.save_subscriber(subscriber, NOME="Send")
    from_send(source)
    assert hub.customer(LUCA)["base"]["firstName"] == send.subscriber(LUCA)["NOME"] == kept
    event = Event.objects.filter(connection_id=source.pk).order_by("-pk")[0]
    assert "Both sides had changed NOME" in event.message
    lost = json.loads(event.payload.body)["lost"]["NOME"]
    assert lost["value"] == ("Send" if kept == "Hub" else "Hub")
    settle(source)
    assert hub.customer(LUCA)["base"]["firstName"] == send.subscriber(LUCA)["NOME"] == kept


def test_changes_of_different_fields_both_arrive(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source, luca, subscriber = paired(hub, send)
    hub.save_customer(luca, base={"firstName": "Gianluca"})
    send.save_subscriber(subscriber, COGNOME="Bianchi")
    settle(source)
    for found in (hub.customer(LUCA)["base"], send.subscriber(LUCA)):
        assert {"Gianluca", "Bianchi"} <= {str(value) for value in found.values()}


@pytest.mark.parametrize("deletes", list(Deletes))
def test_who_was_deleted_in_contacthub(hub: ContacthubAccount, send: ContactsendAccount, deletes: str) -> None:
    source, luca, subscriber = paired(hub, send, deletes=deletes)
    hub.remove_customer(luca)
    from_hub(source)
    carried = deletes == Deletes.CARRY
    assert len(send.subscribers()) == (0 if carried else 1)
    assert events(source)[-1][1] == ("updated" if carried else "skipped")
    if not carried:
        send.save_subscriber(subscriber, NOME="Gianluca")
        from_send(source)
        assert hub.customer_count() == 0, "nobody who was deleted is brought back"
        assert events(source)[-1][1:] == ("skipped", "gone")


@pytest.mark.parametrize("deletes", list(Deletes))
def test_who_was_removed_in_contactsend(hub: ContacthubAccount, send: ContactsendAccount, deletes: str) -> None:
    source, luca, subscriber = paired(hub, send, deletes=deletes)
    send.save_subscriber(EMAIL="later@example.test")
    settle(source)
    send.remove_subscriber(subscriber)
    settle(source, 1)
    assert hub.customer_count() == (1 if deletes == Deletes.CARRY else 2)
    if deletes == Deletes.IGNORE:
        hub.save_customer(luca, base={"firstName": "Gianluca"})
        settle(source)
        assert not send.subscribers(EMAIL=LUCA)


def test_an_address_that_two_subscribers_have_is_named_and_recovers_by_retry(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    twins = [send.save_subscriber(EMAIL=LUCA), send.save_subscriber(EMAIL=LUCA)]
    settle(source, 1)
    Event.objects.all().delete()
    Pair.objects.all().delete()
    hub.save_person("other@example.test")
    luca = hub.customer(LUCA)
    hub.save_customer(luca["id"], base={"firstName": "Luca"})
    from_hub(source)
    [event] = Event.objects.filter(outcome=Event.Outcome.FAILED)
    assert event.message.startswith("2 subscribers have the same EMAIL")
    send.remove_subscriber(twins[1])
    retry.retry(source.pk, [event.pk])
    drain(source.pk)
    event.refresh_from_db()
    assert (event.outcome, event.recovered) == ("updated", True)


def test_what_bounces_is_held_and_shown(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source, luca, _ = paired(hub, send)
    for number in range(8):
        hub.save_customer(luca, base={"firstName": f"Luca {number}"})
        from_hub(source)
    held = Event.objects.filter(connection_id=source.pk, code="bouncing")
    assert held.exists()
    assert held[0].message.endswith("press Retry.")
    # Ten minutes later it goes on.
    Pair.objects.update(writes=[timezone.now().timestamp() - 601] * 5)
    hub.save_customer(luca, base={"firstName": "Luca"})
    from_hub(source)
    assert send.subscriber(LUCA)["NOME"] == "Luca"


def test_nobody_without_a_matching_field_is_sent(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send)
    settle(source, 1)
    hub.save_customer(base={"firstName": "Luca"})
    from_hub(source)
    assert events(source) == [("hub", "skipped", "no-key")]


def test_a_token_that_may_not_read_the_stream_lists_by_the_last_change(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.settings(role="TRUSTED_APPLICATION")
    source = connect(hub, send)
    settle(source, 1)
    luca = hub.save_person(LUCA, firstName="Luca")
    from_hub(source)
    assert send.subscriber(LUCA)["NOME"] == "Luca"
    hub.save_customer(luca["id"], base={"firstName": "Gianluca"})
    from_hub(source)
    assert send.subscriber(LUCA)["NOME"] == "Gianluca"
    assert [outcome for _, outcome, _ in events(source)] == ["new", "updated"]


@pytest.mark.parametrize("policy", ["BLOCK", "MERGE"])
def test_a_new_subscriber_whose_customer_lists_do_not_show_yet_changes_that_one(
    hub: ContacthubAccount, send: ContactsendAccount, policy: str
) -> None:
    hub.settings(uniqueness=policy)
    source = connect(hub, send)
    settle(source, 1)
    hub.save_person(LUCA, lastName="Bianchi")
    send.save_subscriber(EMAIL=LUCA, NOME="Luca")
    from_send(source)
    settle(source)
    assert hub.customer_count() == len(send.subscribers()) == 1
    customer = hub.customers()[0]["base"]
    assert (customer["firstName"], customer["lastName"]) == ("Luca", "Bianchi")
    assert send.subscribers()[0]["values"]["COGNOME"] == "Bianchi"
