"""Userdbs, subscribers and subscriptions of Contactsend: what is read, what is written, what stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.sandbox_contactsend import (
    CLUB,
    CUSTOMERS,
    NEWS,
    NEWSLETTER,
    OTHER_NEWS,
    PENDING,
    SUBSCRIBED,
    UNSUBSCRIBED,
    ContactsendAccount,
    attributes,
)
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
LOOKUP = (
    "<lookupPrefs><pageNumber>{page}</pageNumber>"
    "<matchingMode>{mode}</matchingMode><sortingMode>{order}</sortingMode></lookupPrefs>"
)
WHERE = (
    '<whereAttribute><attributeName>{name}</attributeName><attributeValue xsi:type="xs:string">{value}</attributeValue>'
    "<lookupMatchingMode>{mode}</lookupMatchingMode></whereAttribute>"
)


@pytest.fixture
def send(sandbox: Sandbox) -> ContactsendAccount:
    return sandbox.contactsend()


def source(identifier: int = CUSTOMERS) -> str:
    return f"<sourceIdentifier>{identifier}</sourceIdentifier>"


def returned(send: ContactsendAccount, operation: str, children: str = "") -> ET.Element:
    reply = send.api(operation, children)
    assert reply.status_code == 200, reply.text
    found = ET.fromstring(reply.content).find(".//return")
    assert found is not None
    return found


def fault(send: ContactsendAccount, operation: str, children: str = "") -> str:
    reply = send.api(operation, children)
    assert reply.status_code == 500, reply.text
    return reply.text.partition('xml:lang="en">')[2].partition("<")[0]


def values(subscriber: ET.Element) -> dict[str, Any]:
    return {one.findtext("key"): one.findtext("value") for one in subscriber.findall("attributes")}


def identifiers(page: ET.Element) -> list[int]:
    return [int(one.findtext("identifier") or 0) for one in page.findall("currentPageItems")]


def write(identifier: int | None = None, userdb: int = CUSTOMERS, kind: str = "string", **texts: str) -> str:
    number = f"<identifier>{identifier}</identifier>" if identifier is not None else ""
    return f"{source(userdb)}<subscriber>{number}{attributes(kind, **texts)}</subscriber>"


def add(send: ContactsendAccount, **texts: str) -> int:
    return int(returned(send, "addSubscriber", write(**texts)).findtext("identifier") or 0)


def test_userdbs_are_listed_with_their_fields(send: ContactsendAccount) -> None:
    found = returned(send, "findSubscriberSources", LOOKUP.format(page=1, mode="EQUALS", order="ASCENDING"))
    names = [one.findtext("name") for one in found.findall("currentPageItems")]
    assert names == ["Customers", "Newsletter", "Club"]
    one = returned(send, "getSubscriberSource", source(CLUB))
    fields = {field.findtext("name"): field.findtext("type") for field in one.findall("fields")}
    assert (one.findtext("subscriberIdentifierFieldName"), fields["CODICE"]) == ("CODICE", "POSITIVE_INTEGER")
    assert (one.findtext("locked"), one.findtext("readOnly")) == ("false", "false")
    assert (one.findtext("charset"), one.findtext("hasExternalKey")) == ("ISO_8859_15", "true")


def test_the_service_of_2016_tells_less_of_a_userdb(send: ContactsendAccount) -> None:
    send.settings(service_2016=True)
    one = returned(send, "getSubscriberSource", source())
    assert one.find("hasExternalKey") is None
    assert one.find("fields/fieldType") is None


def test_a_locked_userdb_says_so_and_takes_no_writes(send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    send.save_source(locked=True)
    locked = f"<subscriberSourceId>{CUSTOMERS}</subscriberSourceId>"
    assert returned(send, "isSubscriberSourceLocked", locked).text == "true"
    assert fault(send, "addSubscriber", write(EMAIL=ADA)) == "Subscriber source is locked"
    remove = f"{source()}<recipientIdentifier>{number}</recipientIdentifier>"
    assert fault(send, "removeSubscriber", remove) == "Subscriber source is locked"
    assert returned(send, "countSubscribers", source()).text == "1"


def test_a_read_only_userdb_takes_no_writes(send: ContactsendAccount) -> None:
    send.save_source(read_only=True)
    assert fault(send, "addSubscriber", write(EMAIL=ADA)) == "Subscriber source is read only"


def test_a_subscriber_is_added_with_the_next_identifier(send: ContactsendAccount) -> None:
    first, second = add(send, EMAIL=ADA), add(send, EMAIL=ADA)
    assert second == first + 1
    assert [entry["outcome"] for entry in send.ledger()] == ["created", "created"]
    assert (send.ledger()[0]["id"], send.ledger()[0]["fields"]) == (f"6/{first}", ["EMAIL"])


def test_many_subscribers_are_added_or_none(send: ContactsendAccount) -> None:
    one = f"<currentPageItems>{attributes(EMAIL=ADA)}</currentPageItems>"
    bad = f"<currentPageItems>{attributes(NOBODY=ADA)}</currentPageItems>"
    assert returned(send, "addSubscribers", f"{source()}<subscribers>{one}{one}</subscribers>").text == "2"
    assert "NOBODY" in fault(send, "addSubscribers", f"{source()}<subscribers>{one}{bad}</subscribers>")
    assert len(send.subscribers()) == 2


def test_a_userdb_with_identifiers_of_its_own_wants_one(send: ContactsendAccount) -> None:
    assert "identifier is missing" in fault(send, "addSubscriber", write(userdb=CLUB, EMAIL=ADA))
    added = returned(send, "addSubscriber", write(77, CLUB, EMAIL=ADA))
    assert (added.findtext("identifier"), values(added)["CODICE"]) == ("77", "77")
    assert fault(send, "addSubscriber", write(77, CLUB, EMAIL=ADA)) == "Subscriber 77 already exists"
    assert "gives the identifier itself" in fault(send, "addSubscriber", write(77, EMAIL=ADA))


def test_attributes_that_are_not_passed_stay(send: ContactsendAccount) -> None:
    number = add(send, EMAIL=ADA, NOME="Ada", CITTA="Milano")
    updated = returned(send, "updateSubscriber", write(number, NOME="Adele", CITTA=""))
    assert {"EMAIL": ADA, "NOME": "Adele", "CITTA": ""}.items() <= values(updated).items()
    assert send.subscriber(ADA)["CITTA"] == ""


def test_a_value_without_a_type_is_refused(send: ContactsendAccount) -> None:
    for value in ("<value>x</value>", '<value xsi:type="xs:QName">x</value>', '<value xsi:type="x">x</value>', ""):
        bad = f"{source()}<subscriber><attributes><key>NOME</key>{value}</attributes></subscriber>"
        assert fault(send, "addSubscriber", bad) == "The value of attribute NOME has no type"
    assert fault(send, "addSubscriber", f"{source()}<subscriber/>") == "A subscriber has at least one attribute"


@pytest.mark.parametrize(
    ("name", "kind", "sent", "read", "as_type"),
    [
        ("DATA_NASCITA", "date", "1990-12-10", "1990-12-10", "date"),
        ("ULTIMO_ACQUISTO", "dateTime", "2026-11-20T10:30:00", "2026-11-20T10:30:00", "dateTime"),
        ("ULTIMO_ACQUISTO", "string", "2026-11-20 10:30:00", "2026-11-20T10:30:00", "dateTime"),
        ("ORA", "time", "10:30:00", "10:30:00", "time"),
        ("PUNTI", "int", "-12", "-12", "int"),
        ("FIGLI", "int", "2", "2", "int"),
        ("TESSERA", "long", "9007199254740993", "9007199254740993", "long"),
        ("SPESA", "double", "12.50", "12.5", "double"),
        ("VIP", "boolean", "1", "true", "boolean"),
        ("NOTE", "string", "a < b & c\n“d”", "a < b & c\n“d”", "string"),
        ("PUNTI", "string", "", "", "string"),
    ],
)
def test_values_go_out_with_their_types(
    send: ContactsendAccount, name: str, kind: str, sent: str, read: str, as_type: str
) -> None:
    number = add(send, EMAIL=ADA)
    returned(send, "updateSubscriber", write(number, kind=kind, **{name: sent}))
    wanted = f"{source()}<subscriberIdentifier>{number}</subscriberIdentifier>"
    found = returned(send, "getSubscriber", wanted)
    assert values(found)[name] == read
    value = next(one.find("value") for one in found.findall("attributes") if one.findtext("key") == name)
    assert value is not None
    assert value.get(XSI_TYPE) == f"xs:{as_type}"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PUNTI", "many", r"Invalid value for attribute PUNTI \(INTEGER\)"),
        ("PUNTI", "99999999999", "Invalid value"),
        ("FIGLI", "-1", "Invalid value"),
        ("DATA_NASCITA", "31.12.1990", "Invalid value"),
        ("VIP", "perhaps", "Invalid value"),
        ("NOME", "x" * 256, "longer than 255 characters"),
        ("NOTE", "x" * 100_000, "longer than 65535 characters"),
        ("ETA", "7", "Attribute ETA not found in subscriber source"),
    ],
)
def test_values_that_a_field_cannot_hold_are_refused(
    send: ContactsendAccount, name: str, text: str, words: str
) -> None:
    assert re.match(f".*{words}", fault(send, "addSubscriber", write(EMAIL=ADA, **{name: text})))
    assert send.subscribers() == []


def test_a_subscriber_is_removed_once(send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    children = f"{source()}<recipientIdentifier>{number}</recipientIdentifier>"
    assert returned(send, "removeSubscriber", children).text == "true"
    assert fault(send, "removeSubscriber", children) == f"Subscriber {number} not found"
    wanted = f"{source()}<subscriberIdentifier>{number}</subscriberIdentifier>"
    assert fault(send, "getSubscriber", wanted) == f"Subscriber {number} not found"


def test_a_page_has_fifteen_subscribers_newest_first(send: ContactsendAccount) -> None:
    ids = send.seed(40)
    everybody = returned(send, "findSubscribers", source())
    assert identifiers(everybody) == ids[:-16:-1]
    assert everybody.findtext("maxPageNumber") == "3"
    pages = [
        identifiers(
            returned(send, "findSubscribers", source() + LOOKUP.format(page=page, mode="EQUALS", order="ASCENDING"))
        )
        for page in (1, 2, 3, 4)
    ]
    assert pages == [ids[:15], ids[15:30], ids[30:], []]


def test_subscribers_are_found_by_a_field(send: ContactsendAccount) -> None:
    ids = send.seed(12)
    wanted = '<attribute><key>EMAIL</key><value xsi:type="xs:string">{}</value></attribute>'
    exact = source() + wanted.format("subscriber000003@example.test")
    assert identifiers(returned(send, "findSubscribers", exact)) == [ids[2]]
    like = source() + wanted.format("%00001_@%") + LOOKUP.format(page=1, mode="LIKE", order="ASCENDING")
    assert identifiers(returned(send, "findSubscribers", like)) == ids[9:]
    assert fault(send, "findSubscribers", source() + "<lookupPrefs/>") == "No matchingMode "


def test_whoever_is_searched_by_a_value_is_found_by_the_present_one(send: ContactsendAccount) -> None:
    wanted = source() + '<attribute><key>CITTA</key><value xsi:type="xs:string">Milano</value></attribute>'
    first, second = send.seed(2, CITTA="Milano")
    assert identifiers(returned(send, "findSubscribers", wanted)) == [second, first]
    returned(send, "updateSubscriber", write(first, CITTA="Roma"))
    third = add(send, EMAIL=ADA, CITTA="Milano")
    send.remove_subscriber(second)
    assert identifiers(returned(send, "findSubscribers", wanted)) == [third]
    returned(send, "updateSubscriber", write(first, CITTA="Milano"))
    assert identifiers(returned(send, "findSubscribers", wanted)) == [third, first]
    send.reset(data_only=True)
    assert identifiers(returned(send, "findSubscribers", wanted)) == []


def by(where: str = "", page: int = 1, size: int = 100, selected: str = "", sort: str = "ID") -> str:
    sorting = f"<sorting><sortField>{sort}</sortField><sortOrder>ASCENDING</sortOrder></sorting>"
    pages = f"<currentPage>{page}</currentPage><pageSize>{size}</pageSize>"
    return f"{source()}<useBaseFilter>false</useBaseFilter>{selected}{where}<pagination>{sorting}{pages}</pagination>"


def test_the_newer_look_up_pages_filters_and_selects(send: ContactsendAccount) -> None:
    ids = send.seed(150)
    assert identifiers(returned(send, "findSubscribersBy", by(size=500))) == ids[:100]
    assert identifiers(returned(send, "findSubscribersBy", by(page=2))) == ids[100:]
    selected = "<selectedAttribute>NOME</selectedAttribute>"
    found = returned(send, "findSubscribersBy", by(size=1, selected=selected))
    (one,) = found.findall("currentPageItems")
    assert values(one) == {"NOME": "Practice"}
    assert "useBaseFilter" in fault(send, "findSubscribersBy", source())
    assert "ETA" in fault(send, "findSubscribersBy", by(WHERE.format(name="ETA", value="1", mode="EQUALS")))


@pytest.mark.parametrize(
    ("mode", "value", "found"),
    [
        ("EQUALS", "9", [1]), ("DIFFERENT", "9", [0, 2, 3]), ("GREATER", "9", [2]), ("GREATER_EQUALS", "9", [1, 2]),
        ("LESS", "9", [0]), ("LESS_EQUALS", "9", [0, 1]), ("IS_NULL", "", [3]), ("IS_NOT_NULL", "", [0, 1, 2]),
        ("LIKE", "1_", [2]), ("NOT_LIKE", "1_", [0, 1, 3]), ("IN", "9", [1]), ("NOT_IN", "9", [0, 2, 3]),
    ],
)  # fmt: skip
def test_filters_compare_numbers_as_numbers(send: ContactsendAccount, mode: str, value: str, found: list[int]) -> None:
    ids = [send.save_subscriber(EMAIL=ADA, PUNTI=points) for points in ("1", "9", "10", "")]
    where = WHERE.format(name="PUNTI", value=value, mode=mode)
    assert identifiers(returned(send, "findSubscribersBy", by(where))) == [ids[at] for at in found]


def test_a_filter_may_have_many_values(send: ContactsendAccount) -> None:
    ids = [send.save_subscriber(EMAIL=ADA, PUNTI=points) for points in ("1", "9", "10")]
    many = "".join(f'<attributeValues xsi:type="xs:int">{value}</attributeValues>' for value in (1, 10))
    where = (
        "<whereAttribute><attributeName>PUNTI</attributeName><lookupMatchingMode>IN</lookupMatchingMode>"
        f"<attributeValues>{many}</attributeValues></whereAttribute>"
    )
    assert identifiers(returned(send, "findSubscribersBy", by(where))) == [ids[0], ids[2]]


def test_the_field_of_last_changes_is_kept_up_to_date(send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    before = send.subscribers()[0]["values"]["MODIFICATO"]
    where = WHERE.format(name="MODIFICATO", value=before, mode="GREATER_EQUALS")
    assert identifiers(returned(send, "findSubscribersBy", by(where))) == [number]
    returned(send, "updateSubscriber", write(number, MODIFICATO="2001-01-01T00:00:00"))
    assert send.subscribers()[0]["values"]["MODIFICATO"] >= before
    send.seed(1, source=NEWSLETTER)
    assert "MODIFICATO" not in send.subscribers(NEWSLETTER)[0]["values"]
    with pytest.raises(AssertionError, match="no field NOME of the type"):
        send.save_source(modified_field="NOME")


def modify(send: ContactsendAccount, code: str, number: int, subscribed: str) -> int:
    children = f"<webFormCode>{code}</webFormCode><subscriberIdentifier>{number}</subscriberIdentifier>"
    reply = send.api("modifySubscriberSubscriptionStatus", f"{children}<isSubscribed>{subscribed}</isSubscribed>")
    assert "<return" not in reply.text
    return reply.status_code


def test_a_subscription_is_a_number_in_a_field(send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    read = lambda: {name: send.subscribers()[0]["values"][name] for name in ("__cls1", "__cls2")}  # noqa: E731
    assert read() == {"__cls1": PENDING, "__cls2": PENDING}
    assert modify(send, NEWS, number, "true") == 200
    assert read() == {"__cls1": SUBSCRIBED, "__cls2": PENDING}
    assert modify(send, NEWS, number, "0") == 200
    assert read()["__cls1"] == UNSUBSCRIBED
    assert [entry["outcome"] for entry in send.ledger()] == ["subscribed", "unsubscribed"]
    assert modify(send, OTHER_NEWS, number, "true") == 500


def test_subscription_systems_are_listed(send: ContactsendAccount) -> None:
    children = f"<attributes><subscriberSourceId>{CUSTOMERS}</subscriberSourceId></attributes>"
    found = returned(send, "findSubscriptionsBy", children).findall("currentPageItems")
    assert [one.findtext("name") for one in found] == ["Newsletter", "Offers"]
    assert (found[0].findtext("registrationField"), found[0].findtext("webformCode")) == ("__cls1", NEWS)
    assert len(returned(send, "findSubscriptionsBy").findall("currentPageItems")) == 4


def test_a_field_may_be_added_and_removed(send: ContactsendAccount) -> None:
    send.add_field("ETA", "INTEGER")
    add(send, EMAIL=ADA, ETA="36")
    send.remove_field("ETA")
    assert "ETA" not in send.subscriber(ADA)
    send.remove_field("MODIFICATO")
    assert send.source()["modified_field"] == ""


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        send = sandbox.contactsend("third")
        number = add(send, EMAIL=ADA, NOME="Ada")
        send.set_subscription(number)
        send.add_field("ETA", "INTEGER")
        send.save_source(locked=True, modified_field="")
        send.settings(service_2016=True)
        before = send.sources(), send.subscribers(), send.ledger(), send.settings()
    with Sandbox(state=state) as sandbox:
        send = sandbox.contactsend("third")
        assert before == (send.sources(), send.subscribers(), send.ledger(), send.settings())
        assert send.tokens() == {"good": 0, "borrowed": 0}
        assert send.save_subscriber(EMAIL="bo@example.test") == number + 1
