"""Both directions, over HTTP against both practice vendors: who arrives where, and that nothing echoes."""

from __future__ import annotations

import pytest

from integrations.connectors.contactsend.models import ContactsendConnection, Pair
from integrations.core.models import Run
from tests.connectors.contactsend.pair import (
    NEWSLETTER,
    connect,
    events,
    first_sync,
    from_hub,
    from_send,
    settle,
    switched_on,
)
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import UNSUBSCRIBED, ContactsendAccount

pytestmark = pytest.mark.django_db
LUCA = "luca@example.test"


@pytest.fixture
def source(hub: ContacthubAccount, send: ContactsendAccount) -> ContactsendConnection:
    return switched_on(hub, send)


def test_a_customer_of_contacthub_becomes_a_subscriber_and_nothing_comes_back(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.save_person(LUCA, firstName="Luca", lastName="Bianchi")
    from_hub(source)
    assert events(source) == [("hub", "new", "")]
    values = send.subscriber(LUCA)
    assert (values["NOME"], values["COGNOME"]) == ("Luca", "Bianchi")
    written = hub.ledger()
    settle(source)
    assert hub.ledger() == written
    assert len(send.ledger()) == 1
    assert events(source) == [("hub", "new", "")]


def test_a_change_in_contacthub_is_carried_over(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    luca = hub.save_person(LUCA, firstName="Luca", lastName="Bianchi")
    from_hub(source)
    hub.save_customer(luca["id"], base={"firstName": "Gianluca"})
    from_hub(source)
    assert send.subscriber(LUCA)["NOME"] == "Gianluca"
    assert [entry["operation"] for entry in send.ledger()] == ["addSubscriber", "updateSubscriber"]


def test_a_new_subscriber_becomes_a_customer(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    send.save_subscriber(EMAIL=LUCA, NOME="Luca")
    from_send(source)
    customer = hub.customer(LUCA)
    assert customer["base"]["firstName"] == "Luca"
    assert events(source) == [("send", "new", "")]
    settle(source)
    assert events(source)[1:] == [("hub", "skipped", "echo")]
    assert len(hub.ledger()) == 1
    assert send.ledger() == []


def test_a_change_in_contactsend_is_carried_over_and_comes_back_as_an_echo(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.save_person(LUCA, firstName="Luca")
    from_hub(source)
    (subscriber,) = send.subscribers()
    send.save_subscriber(subscriber["id"], NOME="Gianluca")
    from_send(source)
    assert hub.customer(LUCA)["base"]["firstName"] == "Gianluca"
    settle(source)
    assert events(source) == [("hub", "new", ""), ("hub", "updated", ""), ("hub", "skipped", "echo")]


def test_subscriptions_follow_in_both_directions(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    luca = hub.save_person(LUCA)
    hub.subscribe(luca["id"], NEWSLETTER)
    settle(source, 1)
    assert send.subscriber(LUCA)["__cls1"] == "1"
    (subscriber,) = send.subscribers()
    send.set_subscription(subscriber["id"], UNSUBSCRIBED)
    settle(source)
    assert [(one["id"], one["subscribed"]) for one in hub.customer(LUCA)["base"]["subscriptions"]] == [
        (NEWSLETTER, False)
    ]
    calls = send.operations()
    settle(source)
    assert "modifySubscriberSubscriptionStatus" not in send.operations(len(calls))


def test_the_first_sync_brings_both_sides_together(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    hub.seed(60)
    send.seed(20)
    send.save_subscriber(EMAIL="customer000001@example.test", NOME="Somebody")
    source = connect(hub, send)
    run = first_sync(source)
    assert (run.status, run.read) == (Run.Status.SUCCESS, 80)
    assert hub.customer_count() == len(send.subscribers()) == 80
    assert Pair.objects.count() == 80
    settle(source, 1)
    assert Pair.objects.count() == 80
