"""Who may call Contactsend, what a call must look like, and faults in its own words."""

from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox_contactsend import CUSTOMERS, ENVELOPE, NEWS, ContactsendAccount, attributes
from tests.sandbox_server import Sandbox

COUNT = f"<sourceIdentifier>{CUSTOMERS}</sourceIdentifier>"


@pytest.fixture
def send(sandbox: Sandbox) -> ContactsendAccount:
    return sandbox.contactsend()


def said(reply: requests.Response) -> str:
    """The text of a fault."""
    assert "S:Fault" in reply.text, reply.text
    assert reply.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    return reply.text.partition('xml:lang="en">')[2].partition("<")[0]


def test_a_token_is_borrowed_for_the_keys(send: ContactsendAccount) -> None:
    assert len(send.borrow()) == 32
    assert send.tokens() == {"good": 1, "borrowed": 1}
    assert all(len(key) == 40 for key in send.keys)


def test_wrong_keys_are_refused(send: ContactsendAccount) -> None:
    user_key, api_key = send.keys
    for wrong in (("x", api_key), (user_key, "x"), (api_key, user_key)):
        reply = send.borrowed(*wrong)
        assert (reply.status_code, said(reply)) == (500, "Invalid apiKey or userKey")


def test_other_accounts_have_other_keys(sandbox: Sandbox, send: ContactsendAccount) -> None:
    assert set(send.keys).isdisjoint(sandbox.contactsend("other").keys)


def test_a_token_ends_unless_it_is_kept_alive(send: ContactsendAccount) -> None:
    send.settings(token_seconds=0.6)
    kept, left = send.borrow(), send.borrow()
    time.sleep(0.4)
    assert ">true<" in send.api("keepaliveToken", token=kept).text
    time.sleep(0.4)
    assert send.api("countSubscribers", COUNT, kept).status_code == 200
    assert said(send.api("countSubscribers", COUNT, left)) == "Invalid token"
    assert said(send.api("keepaliveToken", token=left)) == "Invalid token"


def test_a_token_is_given_back(send: ContactsendAccount) -> None:
    token = send.borrow()
    assert ">true<" in send.api("invalidateToken", token=token).text
    assert said(send.api("countSubscribers", COUNT, token)) == "Invalid token"


def test_an_ip_address_may_not_be_authorised(send: ContactsendAccount) -> None:
    user_key, api_key = send.keys
    send.settings(ip_authorized=False)
    assert said(send.borrowed(user_key, api_key)) == "Unauthorized IP"


@pytest.mark.parametrize("operation", ["findSubscribersBy", "findSubscriptionsBy", "dance"])
def test_the_service_of_2016_does_not_know_newer_operations(send: ContactsendAccount, operation: str) -> None:
    send.settings(service_2016=True)
    assert said(send.api(operation)).endswith(f"{{http://ws.api.contactlab.com/}}{operation}")


@pytest.mark.parametrize("content_type", ["text/xml", "application/json", ""])
def test_only_soap_1_2_is_taken(send: ContactsendAccount, content_type: str) -> None:
    assert send.post(b"<x/>", content_type).status_code == 415
    assert requests.get(send.address, timeout=10).status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<x/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
    ],
)
def test_what_is_no_envelope_is_refused(send: ContactsendAccount, body: bytes) -> None:
    reply = send.post(body)
    assert said(reply)
    assert "S:Sender" in reply.text


@pytest.mark.parametrize(
    "children",
    [
        f"<ws:sourceIdentifier>{CUSTOMERS}</ws:sourceIdentifier>",
        f"<source>{CUSTOMERS}</source>",
        f"{COUNT}{COUNT}<token/>",
    ],
)
def test_children_are_unqualified_known_and_in_order(send: ContactsendAccount, children: str) -> None:
    assert said(send.api("countSubscribers", children)).startswith("Unexpected element")


@pytest.mark.parametrize("number", ["", "six", "99999999999"])
def test_numbers_are_numbers(send: ContactsendAccount, number: str) -> None:
    children = f"<sourceIdentifier>{number}</sourceIdentifier>"
    assert said(send.api("countSubscribers", children)) == "sourceIdentifier is not an int"


def test_an_unknown_userdb_is_named(send: ContactsendAccount) -> None:
    children = "<sourceIdentifier>99</sourceIdentifier>"
    for operation in ("countSubscribers", "getSubscriberSource", "findSubscribers"):
        assert said(send.api(operation, children)) == "Subscriber source 99 not found"


def test_the_wsdl_names_its_own_address(send: ContactsendAccount) -> None:
    reply = requests.get(f"{send.address}?wsdl", timeout=10)
    assert f'<soap:address location="{send.address}"/>' in reply.text
    assert reply.text.count('"addSubscribers"') > 0


def test_a_fault_may_be_for_one_operation(send: ContactsendAccount) -> None:
    token = send.borrow()
    send.fault("refused", path="addSubscriber")
    assert send.api("countSubscribers", COUNT, token).status_code == 200
    new = f"{COUNT}<subscriber>{attributes(EMAIL='ada@example.test')}</subscriber>"
    assert said(send.api("addSubscriber", new, token)) == "Invalid value for attribute EMAIL (STRING)"
    assert send.ledger() == []
    assert send.operations() == ["borrowToken", "countSubscribers", "addSubscriber"]


def test_calls_never_hold_keys(send: ContactsendAccount) -> None:
    token = send.borrow()
    send.api("countSubscribers", COUNT, token)
    shown = str(send.calls())
    assert not any(secret in shown for secret in (*send.keys, token))


@pytest.mark.parametrize(
    "kind", ["xml_bomb", "attribute_bomb", "quadratic_bomb", "dtd", "external_entity", "external_dtd"]
)
def test_answers_can_be_hostile(send: ContactsendAccount, kind: str) -> None:
    token = send.borrow()
    send.settings(hostile=kind, elsewhere="http://127.0.0.1:9/here")
    text = send.api("countSubscribers", COUNT, token).text
    assert "<!DOCTYPE S:Envelope" in text
    assert ("http://127.0.0.1:9/here" in text) is kind.startswith("external")


def test_settings_are_refused_whole(send: ContactsendAccount) -> None:
    for wrong in ({"hostile": "rude"}, {"token_seconds": 0}, {"page_cap": 0}):
        with pytest.raises(AssertionError, match="ValueError"):
            send.settings(**wrong)


def test_the_fault_of_a_form_comes_before_that_of_its_subscriber(send: ContactsendAccount) -> None:
    children = (
        "<webFormCode>{}</webFormCode><subscriberIdentifier>7</subscriberIdentifier><isSubscribed>true</isSubscribed>"
    )
    operation = "modifySubscriberSubscriptionStatus"
    assert said(send.api(operation, children.format("1"))) == "Web form code not found"
    assert said(send.api(operation, children.format(NEWS))) == "Subscriber 7 not found"


def test_an_envelope_may_use_any_prefixes(send: ContactsendAccount) -> None:
    token = send.borrow()
    text = ENVELOPE.format(name="countSubscribers", children=f"<token><content>{token}</content></token>{COUNT}")
    for prefix, other in (("s", "soapenv"), ("ws", "ns0")):
        text = text.replace(f"<{prefix}:", f"<{other}:").replace(f"</{prefix}:", f"</{other}:")
        text = text.replace(f"xmlns:{prefix}=", f"xmlns:{other}=")
    reply = send.post(text)
    assert reply.status_code == 200, reply.text
    assert send.operations()[-1] == "countSubscribers"
