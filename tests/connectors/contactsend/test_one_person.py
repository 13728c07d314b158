"""One person is one pair: whatever the case of an address, whoever comes first, and however often it is there."""

from __future__ import annotations

import pytest

from integrations.connectors.contactsend.jobs import FROM_HUB, FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection, Pair
from integrations.core.engine import collect, retry
from integrations.core.engine.drain import drain
from integrations.core.models import Event, Run
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
from tests.sandbox_contactsend import ContactsendAccount

pytestmark = pytest.mark.django_db
LUCA = "luca@example.test"


@pytest.fixture
def source(hub: ContacthubAccount, send: ContactsendAccount) -> ContactsendConnection:
    return switched_on(hub, send)


def failed() -> Event:
    return Event.objects.get(outcome=Event.Outcome.FAILED)


def again(source: ContactsendConnection, event: Event) -> Event:
    retry.retry(source.pk, [event.pk])
    drain(source.pk)
    event.refresh_from_db()
    return event


@pytest.mark.parametrize("policy", ["BLOCK", "MERGE"])
@pytest.mark.parametrize(("in_hub", "in_send"), [("Luca@Example.test", LUCA), (LUCA, "Luca@Example.test")])
def test_the_case_of_an_address_makes_nobody_two(
    hub: ContacthubAccount, send: ContactsendAccount, in_hub: str, in_send: str, policy: str
) -> None:
    hub.settings(uniqueness=policy)
    for start in (from_hub, from_send):
        hub.reset(data_only=True)
        send.reset(data_only=True)
        ContactsendConnection.objects.all().delete()
        source = connect(hub, send)
        settle(source, 1)
        hub.save_person(in_hub, firstName="Luca")
        send.save_subscriber(EMAIL=in_send, COGNOME="Bianchi")
        start(source)
        settle(source)
        assert (hub.customer_count(), len(send.subscribers()), Pair.objects.count()) == (1, 1, 1)
        assert send.subscribers()[0]["values"]["NOME"] == "Luca"
        assert hub.customers()[0]["base"]["lastName"] == "Bianchi"


@pytest.mark.parametrize("policy", ["BLOCK", "NO_CHECK"])
def test_somebody_new_on_both_sides_in_one_drain_becomes_one(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount, policy: str
) -> None:
    hub.settings(uniqueness=policy)
    people = [f"person{number}@example.test" for number in range(20)]
    for person in people:
        luca = hub.save_person(person, firstName="Luca")
        hub.subscribe(luca["id"], NEWSLETTER)
        send.save_subscriber(EMAIL=person, NOME="Gianluca", COGNOME="Bianchi")
    for job in (FROM_HUB, FROM_SEND):
        run = collect.start(source, job, Run.Trigger.SCHEDULE)
        assert run is not None
        collect.collect(run.pk)
    drain(source.pk)
    settle(source, 1)
    assert (hub.customer_count(), len(send.subscribers()), Pair.objects.count()) == (20, 20, 20)
    assert {one["values"]["NOME"] for one in send.subscribers()} == {"Luca"}
    assert {one["base"]["lastName"] for one in hub.customers()} == {"Bianchi"}


def test_two_customers_with_one_address_are_named_and_the_subscriber_stays_the_first_ones(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.settings(uniqueness="NO_CHECK")
    first = hub.save_person(LUCA, firstName="Luca")
    second = hub.save_person(LUCA.upper(), firstName="Lucia")
    from_hub(source)
    assert failed().message.startswith("2 customers have the same EMAIL")
    assert "Leave one of them in Contacthub, then press Retry" in failed().message
    assert [one["values"]["NOME"] for one in send.subscribers()] == ["Luca"]
    settle(source)
    assert Event.objects.filter(outcome=Event.Outcome.FAILED).count() == 1
    hub.remove_customer(first["id"])
    assert again(source, failed()).recovered
    assert Pair.objects.get().hub_id == second["id"]
    assert len(send.subscribers()) == 1


def test_the_first_sync_names_two_of_one_address_and_goes_on(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    hub.settings(uniqueness="NO_CHECK")
    hub.seed(5)
    for name in ("Luca", "Lucia"):
        hub.save_person(LUCA, firstName=name)
    source = connect(hub, send)
    run = first_sync(source)
    assert (run.read, run.new, run.failed) == (7, 6, 1)
    assert len(send.subscribers(EMAIL=LUCA)) == 1


@pytest.mark.parametrize("modified", ["MODIFICATO", ""])
def test_two_subscribers_with_one_address_are_named_once_not_with_every_look(
    hub: ContacthubAccount, send: ContactsendAccount, modified: str
) -> None:
    source = connect(hub, send, last_modified_field=modified)
    settle(source, 1)
    twins = [send.save_subscriber(EMAIL=LUCA, NOME=name) for name in ("Luca", "Lucia")]
    settle(source, 4)
    assert failed().message.startswith("2 subscribers have the same EMAIL")
    assert hub.customer(LUCA)["base"]["firstName"] == "Luca"
    written = len(hub.ledger()) + len(send.ledger())
    assert written == 1
    send.remove_subscriber(twins[0])
    assert again(source, failed()).recovered
    assert Pair.objects.get().send_id == twins[1]


def test_an_address_may_change_hands(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    ada = hub.save_person("ada@example.test", firstName="Ada")
    luca = hub.save_person(LUCA, firstName="Luca")
    settle(source, 1)
    # Ada leaves her address to somebody new before anybody looked.
    hub.save_customer(ada["id"], base={"contacts": {"email": "lovelace@example.test"}})
    hub.save_person("ada@example.test", firstName="Adele")
    from_hub(source)
    Event.objects.filter(due_at__isnull=False).update(due_at=source.created_at)
    drain(source.pk)
    settle(source)
    names = {one["values"]["EMAIL"]: one["values"]["NOME"] for one in send.subscribers()}
    assert names == {"lovelace@example.test": "Ada", "ada@example.test": "Adele", LUCA: "Luca"}
    assert Pair.objects.count() == 3
    assert hub.customer(LUCA)["id"] == luca["id"]


def test_who_was_deleted_and_is_there_again_is_paired_anew(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.remove_customer(_paired(source, hub))
    back = hub.save_person(LUCA, firstName="Lucia")
    settle(source)
    assert Pair.objects.get().hub_id == back["id"]
    assert [one["values"]["NOME"] for one in send.subscribers()] == ["Lucia"]


def test_an_address_emptied_before_a_retry_fails_with_a_sentence(
    source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    luca = hub.save_person(LUCA, firstName="Luca")
    send.fault("refused", path="addSubscriber")
    from_hub(source)
    hub.save_customer(luca["id"], base={"contacts": {"email": None}})
    assert again(source, failed()).message == (
        "By now this person has nothing in EMAIL, so nobody is found on the other side. Fill it in, then press Retry."
    )
    assert events(source)[0][1] == "failed"


def _paired(source: ContactsendConnection, hub: ContacthubAccount) -> str:
    customer = str(hub.save_person(LUCA, firstName="Luca")["id"])
    settle(source, 1)
    return customer
