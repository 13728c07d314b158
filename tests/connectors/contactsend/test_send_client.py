"""Every call of the client, against the practice account."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integrations.connectors.contactsend.send import SendClient, bare
from integrations.connectors.contactsend.send_faults import SubscriberExists, SubscriberNotFound
from integrations.connectors.contactsend.send_types import SendField, SendSubscription
from integrations.connectors.contactsend.send_values import EMPTY, Typed, typed
from integrations.connectors.contactsend.soap import message
from tests.connectors.contactsend.conftest import MakeSend
from tests.sandbox_contactsend import (
    CLUB,
    CUSTOMERS,
    NEWS,
    NEWSLETTER,
    OFFERS,
    SUBSCRIBED,
    UNSUBSCRIBED,
    ContactsendAccount,
)
from tests.sandbox_server import ROOT

ADA = "ada@example.test"


def text(value: str) -> Typed:
    return Typed("string", value)


# -- userdbs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [False, True])
def test_it_reads_userdbs_and_their_fields(client: SendClient, send: ContactsendAccount, old: bool) -> None:
    send.settings(service_2016=old)
    assert [(one.id, one.name) for one in client.sources()] == [(6, "Customers"), (7, "Newsletter"), (8, "Club")]
    found = client.source(CUSTOMERS)
    assert (found.name, found.identifier_field, found.brings_identifiers) == ("Customers", "ID", False)
    assert (found.locked, found.read_only, found.description) == (False, False, "Everybody who bought")
    assert found.fields["EMAIL"] == SendField("EMAIL", "STRING", is_email=True)
    assert found.fields["CELLULARE"].is_phone
    assert found.fields["DATA_NASCITA"].type == "DATE"
    assert client.source(CLUB).brings_identifiers


def test_it_sees_whether_a_userdb_is_locked_read_only_or_empty(client: SendClient, send: ContactsendAccount) -> None:
    assert (client.is_locked(CUSTOMERS), client.count(CUSTOMERS)) == (False, 0)
    send.seed(3)
    send.save_source(locked=True, read_only=True)
    assert (client.is_locked(CUSTOMERS), client.count(CUSTOMERS)) == (True, 3)
    found = client.source(CUSTOMERS)
    assert (found.locked, found.read_only) == (True, True)


# -- reading -------------------------------------------------------------------------------------


def test_all_who_share_an_address_are_found_oldest_first(client: SendClient, send: ContactsendAccount) -> None:
    ids = [send.save_subscriber(EMAIL=ADA, NOME=name) for name in ("Ada", "Adele")]
    found = client.find(CUSTOMERS, "EMAIL", text(ADA))
    assert [(one.id, one.values["NOME"]) for one in found] == list(zip(ids, ("Ada", "Adele"), strict=True))
    assert client.find(CUSTOMERS, "EMAIL", text("bo@example.test")) == []
    assert client.find(CUSTOMERS, "PUNTI", Typed("int", "7")) == []


def test_a_userdb_is_walked_in_pages_of_a_hundred(client: SendClient, send: ContactsendAccount) -> None:
    ids = send.seed(150)
    before = send.call_count()
    pages = [client.page(CUSTOMERS, number, "ID") for number in (1, 2, 3)]
    assert [one.id for page in pages for one in page.subscribers] == ids
    assert [(page.size, page.is_last, page.filtered) for page in pages[:2]] == [(100, False, False), (100, True, False)]
    assert (pages[2].subscribers, pages[2].is_last) == ([], True)
    assert send.call_count() - before == 4  # with the token
    assert pages[0].subscribers[0].values["EMAIL"] == "subscriber000001@example.test"


def test_a_page_may_tell_some_fields_of_those_that_changed(client: SendClient, send: ContactsendAccount) -> None:
    send.save_source(modified_field="")
    old, new = (send.save_subscriber(EMAIL=ADA, NOME="Ada", MODIFICATO=f"2026-11-{day}T10:00:00") for day in (19, 20))
    since = typed("TIMESTAMP", "2026-11-20T10:00:00")
    page = client.page(CUSTOMERS, 1, "ID", attributes=["EMAIL", "NOME"], changed_field="MODIFICATO", since=since)
    assert [(one.id, one.values) for one in page.subscribers] == [(new, {"EMAIL": ADA, "NOME": "Ada"})]
    assert (page.filtered, page.is_last) == (True, True)
    assert old != new


def test_the_service_of_2016_is_walked_in_pages_of_fifteen(client: SendClient, send: ContactsendAccount) -> None:
    send.settings(service_2016=True)
    ids = send.seed(20)
    pages = [
        client.page(CUSTOMERS, number, "ID", changed_field="MODIFICATO", since=typed("TIMESTAMP", "2026-11-20"))
        for number in (1, 2)
    ]
    assert [one.id for page in pages for one in page.subscribers] == ids
    assert [(page.size, page.is_last, page.filtered) for page in pages] == [(15, False, False), (15, True, False)]
    assert send.operations() == ["borrowToken", "findSubscribersBy", "findSubscribers", "findSubscribers"]


def test_a_subscriber_is_read_or_nobody_there(client: SendClient, send: ContactsendAccount) -> None:
    number = send.save_subscriber(EMAIL=ADA, NOTE="a < b & “c”\nd", VIP="true", PUNTI="12")
    found = client.subscriber(CUSTOMERS, number)
    assert found is not None
    assert found.values["NOTE"] == "a < b & “c”\nd"
    assert (found.values["VIP"], found.values["PUNTI"], found.values["CITTA"]) == ("true", "12", "")
    assert client.subscriber(CUSTOMERS, 7) is None


# -- writing -------------------------------------------------------------------------------------


def test_it_adds_updates_clears_and_removes(client: SendClient, send: ContactsendAccount) -> None:
    written = client.add(CUSTOMERS, {"EMAIL": text(ADA), "NOME": text("Ada"), "PUNTI": Typed("int", "7")})
    assert written.call.status == 200
    client.update(CUSTOMERS, written.id, {"CITTA": text("Milano"), "NOME": EMPTY, "PUNTI": EMPTY})
    values = send.subscriber(ADA)
    assert (values["CITTA"], values["NOME"], values["PUNTI"]) == ("Milano", "", "")
    client.remove(CUSTOMERS, written.id)
    assert send.subscribers() == []
    assert [entry["outcome"] for entry in send.ledger()] == ["created", "updated", "removed"]


@pytest.mark.parametrize(
    ("name", "raw", "kept"),
    [
        ("DATA_NASCITA", "1990-12-10", "1990-12-10"),
        ("ULTIMO_ACQUISTO", "2026-11-20T10:30:00+01:00", "2026-11-20T09:30:00"),
        ("MODIFICATO", "2026-11-20 10:30:00", "2026-11-20T10:30:00"),
        ("ORA", "10:30", "10:30:00"),
        ("PUNTI", -12, "-12"),
        ("FIGLI", "2", "2"),
        ("TESSERA", 9007199254740993, "9007199254740993"),
        ("SPESA", "12.50", "12.5"),
        ("VIP", True, "true"),
        ("SESSO", "F", "F"),
        ("NOME", "Niccolò <& „x“", "Niccolò <& „x“"),
        ("NOTE", "x" * 60_000, "x" * 60_000),
    ],
)
def test_every_type_arrives(client: SendClient, send: ContactsendAccount, name: str, raw: object, kept: str) -> None:
    send.save_source(modified_field="")
    field = client.source(CUSTOMERS).fields[name]
    written = client.add(CUSTOMERS, {"EMAIL": text(ADA), name: typed(field.type, raw)})
    assert send.subscriber(ADA)[name] == kept
    found = client.subscriber(CUSTOMERS, written.id)
    assert found is not None
    assert found.values[name] == kept


def test_a_userdb_may_want_identifiers(client: SendClient, send: ContactsendAccount) -> None:
    assert client.add(CLUB, {"EMAIL": text(ADA)}, identifier=77).id == 77
    with pytest.raises(SubscriberExists, match="already has a subscriber"):
        client.add(CLUB, {"EMAIL": text(ADA)}, identifier=77)
    client.update(CLUB, 77, {"NOME": text("Ada")})
    assert send.subscriber(ADA, CLUB)["NOME"] == "Ada"


def test_nobody_there_is_an_error_of_its_own(client: SendClient) -> None:
    for write in (
        lambda: client.update(CUSTOMERS, 7, {"NOME": text("Ada")}),
        lambda: client.remove(CUSTOMERS, 7),
        lambda: client.set_subscription(NEWS, 7, True),
    ):
        with pytest.raises(SubscriberNotFound, match="it was removed there") as raised:
            write()
        assert raised.value.call is not None


# -- subscriptions -------------------------------------------------------------------------------


def test_subscription_systems_are_told(client: SendClient, send: ContactsendAccount) -> None:
    assert client.subscriptions(CUSTOMERS) == [
        SendSubscription(1, "Newsletter", "__cls1", NEWS),
        SendSubscription(2, "Offers", "__cls2", OFFERS),
    ]
    send.settings(service_2016=True)
    before = send.call_count()
    assert client.subscriptions(CUSTOMERS) is None
    assert client.subscriptions(NEWSLETTER) is None
    assert send.call_count() - before == 1


def test_subscriptions_are_set_by_the_form(client: SendClient, send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    states = []
    for subscribed in (True, False):
        assert client.set_subscription(OFFERS, number, subscribed).id == number
        states.append(send.subscribers()[0]["values"]["__cls2"])
    assert states == [SUBSCRIBED, UNSUBSCRIBED]
    found = client.subscriber(CUSTOMERS, number)
    assert found is not None
    assert (found.values["__cls1"], found.values["__cls2"]) == ("0", "-1")


# -- tokens --------------------------------------------------------------------------------------


def test_one_token_is_borrowed_when_needed_and_given_back(make_send: MakeSend, send: ContactsendAccount) -> None:
    client = make_send()
    assert send.call_count() == 0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.count(CUSTOMERS), range(24)))
    assert send.tokens() == {"good": 1, "borrowed": 1}
    client.close()
    assert send.tokens() == {"good": 0, "borrowed": 1}
    make_send().close()
    assert send.tokens()["borrowed"] == 1


def test_threads_that_find_the_token_ended_borrow_one_together(client: SendClient, send: ContactsendAccount) -> None:
    client.count(CUSTOMERS)
    for _ in range(3):
        send.expire_tokens()
        together = threading.Barrier(8)

        def count(_: int, together: threading.Barrier = together) -> int:
            together.wait()
            return client.count(CUSTOMERS)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(count, range(8))) == [0] * 8
    assert send.tokens() == {"good": 1, "borrowed": 4}


def test_a_token_is_kept_alive_before_its_time_is_over(make_send: MakeSend, send: ContactsendAccount) -> None:
    now = [0.0]
    client = make_send(clock=lambda: now[0])
    for seconds in (0, 599, 601, 1200, 1202):
        now[0] = seconds
        client.count(CUSTOMERS)
    assert send.operations().count("keepaliveToken") == 2
    assert send.tokens()["borrowed"] == 1
    now[0] = 5000
    send.expire_tokens()
    client.count(CUSTOMERS)
    assert send.operations()[-3:] == ["keepaliveToken", "borrowToken", "countSubscribers"]


def test_an_ended_token_adds_nobody_twice(client: SendClient, send: ContactsendAccount) -> None:
    client.count(CUSTOMERS)
    send.expire_tokens()
    client.add(CUSTOMERS, {"EMAIL": text(ADA)})
    assert len(send.subscribers()) == 1


# -- messages ------------------------------------------------------------------------------------


def test_messages_have_the_schemas_order_and_typed_values() -> None:
    body = message(
        "addSubscriber",
        {
            "subscriber": {"attributes": [{"value": text("a & b"), "key": "NOME"}, {"key": "PUNTI", "value": EMPTY}]},
            "sourceIdentifier": 6,
            "token": {"content": "t"},
        },
    ).decode()
    start, _, children = body.partition("addSubscriber")
    assert 'xmlns:soap-env="http://www.w3.org/2003/05/soap-envelope"' in start
    assert "<token><content>t</content></token><sourceIdentifier>6</sourceIdentifier><subscriber>" in children
    assert '<key>NOME</key><value xsi:type="xs:string">a &amp; b</value>' in children
    assert body.count("xmlns:xs=") == 1
    assert '<key>PUNTI</key><value xsi:type="xs:string"' in children


def test_many_threads_make_messages_at_once() -> None:
    def made(number: int) -> bool:
        attributes = [{"key": f"F{at}", "value": text(f"{number}-{at}")} for at in range(20)]
        return (
            message("addSubscriber", {"sourceIdentifier": 6, "subscriber": {"attributes": attributes}}).count(
                f">{number}-".encode()
            )
            == 20
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(made, range(100)))


@pytest.mark.parametrize(
    "typed_in",
    [
        "soap.contactlab.it",
        "https://soap.contactlab.it/",
        "https://soap.contactlab.it/soap/services",
        " https://soap.contactlab.it/soap/services/?wsdl ",
    ],
)
def test_the_address_may_be_typed_in_many_ways(typed_in: str) -> None:
    assert bare(typed_in) == "https://soap.contactlab.it/soap/services"


def test_workers_without_a_connection_carry_neither_zeep_nor_lxml() -> None:
    code = (
        "import sys; import integrations.connectors.contactsend.send; "
        "sys.exit(bool({'zeep', 'lxml'} & set(sys.modules)))"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "config.test_settings", "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False).returncode == 0


def test_pins_name_no_place_to_get_them_from() -> None:
    for path in Path(ROOT, "requirements").glob("*.txt"):
        pins = path.read_text()
        assert "://" not in pins
        assert "index-url" not in pins
        assert "zeep==" in pins
