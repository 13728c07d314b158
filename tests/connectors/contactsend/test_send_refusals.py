"""Each fault named by what to do next; answers that are none; and that no key and no token is ever shown."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.contactsend.send import SendClient
from integrations.connectors.contactsend.send_faults import Fault, SourceLocked, TokenRefused, meaning
from integrations.connectors.contactsend.send_values import Typed
from integrations.connectors.contactsend.soap_reply import parsed
from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http.ratelimit import RateLimits
from integrations.sandbox.contactsend.spoilt import hostile_answer
from tests.connectors.contactsend.conftest import MakeSend
from tests.core.scripted_server import Exchange, Reply, ScriptedServer
from tests.sandbox_contactsend import CUSTOMERS, NEWS, ContactsendAccount

ADA = "ada@example.test"
SOAP = {"Content-Type": "application/soap+xml; charset=utf-8"}
BOMBS = ["xml_bomb", "attribute_bomb", "quadratic_bomb", "dtd", "external_entity", "external_dtd"]
CALLS: dict[str, Callable[[SendClient], Any]] = {
    "sources": lambda client: client.sources(),
    "source": lambda client: client.source(CUSTOMERS),
    "is_locked": lambda client: client.is_locked(CUSTOMERS),
    "count": lambda client: client.count(CUSTOMERS),
    "find": lambda client: client.find(CUSTOMERS, "EMAIL", Typed("string", ADA)),
    "page": lambda client: client.page(CUSTOMERS, 1, "ID"),
    "subscriber": lambda client: client.subscriber(CUSTOMERS, 1001),
    "add": lambda client: client.add(CUSTOMERS, {"EMAIL": Typed("string", ADA)}),
    "update": lambda client: client.update(CUSTOMERS, 1001, {"NOME": Typed("string", "Ada")}),
    "remove": lambda client: client.remove(CUSTOMERS, 1001),
    "subscriptions": lambda client: client.subscriptions(CUSTOMERS),
    "set_subscription": lambda client: client.set_subscription(NEWS, 1001, True),
}


def add(client: SendClient, **values: str) -> None:
    client.add(CUSTOMERS, {name: Typed("string", value) for name, value in values.items()})


@pytest.mark.parametrize("wrong", [{"user_key": "u" * 40}, {"api_key": "a" * 40}])
def test_wrong_keys_are_said_to_be_wrong(make_send: MakeSend, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="refused userKey and apiKey") as raised:
        make_send(**wrong).sources()
    assert raised.value.call is not None
    assert raised.value.call.error == raised.value.message


def test_an_account_that_gets_no_token_needs_another_setting(client: SendClient, send: ContactsendAccount) -> None:
    send.fault("refused", path="borrowToken")
    with pytest.raises(ConfigurationError, match=r"gave no token for userKey and apiKey: Invalid value") as raised:
        client.sources()
    assert raised.value.call is not None


def test_a_token_that_is_not_prolonged_is_borrowed_anew(make_send: MakeSend) -> None:
    no = (
        b'<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><a:keepaliveTokenResponse '
        b'xmlns:a="http://ws.api.contactlab.com/"><return>false</return></a:keepaliveTokenResponse></S:Body></S:Envelope>'
    )
    given, counted = (
        no.replace(b"keepaliveToken", name).replace(b"false", inside)
        for name, inside in ((b"borrowToken", b"<content>t-1</content>"), (b"countSubscribers", b"7"))
    )
    now = [0.0]
    script = [Reply(200, body, SOAP) for body in (given, counted, no, given.replace(b"t-1", b"t-2"), counted)]
    with ScriptedServer(*script) as server:
        client = make_send(server.url + "/soap", clock=lambda: now[0])
        client.count(CUSTOMERS)
        now[0] = 601
        assert client.count(CUSTOMERS) == 7
        assert b"<content>t-2</content>" in server.requests[-1].body


def test_an_unauthorised_address_is_said_to_be_that(client: SendClient, send: ContactsendAccount) -> None:
    send.settings(ip_authorized=False)
    with pytest.raises(ConfigurationError, match=r"IP address in. Ask Contactlab support to authorise it"):
        client.sources()


def test_an_unknown_userdb_is_named(client: SendClient) -> None:
    with pytest.raises(ConfigurationError, match=r"no userdb 99 in this account. Check userdb ID in the settings"):
        client.source(99)


def test_a_locked_userdb_waits(client: SendClient, send: ContactsendAccount) -> None:
    send.save_source(locked=True)
    with pytest.raises(SourceLocked, match=r"has locked the userdb.*tried again"):
        add(client, EMAIL=ADA)


def test_a_read_only_userdb_needs_another_setting(client: SendClient, send: ContactsendAccount) -> None:
    send.save_source(read_only=True)
    with pytest.raises(ConfigurationError, match="read-only"):
        add(client, EMAIL=ADA)


def test_a_removed_field_is_named_with_where_to_look(client: SendClient, send: ContactsendAccount) -> None:
    send.remove_field("CITTA")
    with pytest.raises(ConfigurationError, match=r"no field CITTA any more. Press “Show fields to be mapped”"):
        add(client, EMAIL=ADA, CITTA="Milano")


def test_an_unknown_form_needs_another_setting(client: SendClient, send: ContactsendAccount) -> None:
    (number,) = send.seed(1)
    with pytest.raises(ConfigurationError, match="doesn't know a Webform Code"):
        client.set_subscription("230009009999", number, True)


@pytest.mark.parametrize("values", [{"PUNTI": "many"}, {"NOTE": "x" * 100_000}, {"NOME": "Ada" * 100}])
def test_a_value_that_the_field_cannot_hold_fails_its_record(
    client: SendClient, send: ContactsendAccount, values: dict[str, str]
) -> None:
    (name,) = values
    with pytest.raises(RecordError, match=f"refused it: .*{name}.*press Retry"):
        add(client, EMAIL=ADA, **values)
    assert send.subscribers() == []


def test_the_services_own_trouble_is_tried_again(client: SendClient, send: ContactsendAccount) -> None:
    for kind in ("app_error", "system_error", "bad_gateway", "unavailable", "html_200"):
        send.fault(kind, path="addSubscriber")
        with pytest.raises(TemporaryError):
            add(client, EMAIL=ADA)
    assert send.subscribers() == []


@pytest.mark.parametrize("kind", ["too_many", "limit_in_200"])
def test_a_limit_closes_the_gate_for_all(make_send: MakeSend, send: ContactsendAccount, kind: str) -> None:
    limits = RateLimits()
    client = make_send(limits=limits)
    client.count(CUSTOMERS)
    send.fault(kind, path="countSubscribers", retry_after=3)
    with pytest.raises(Throttled, match="fewer calls"):
        client.count(CUSTOMERS)
    limits_spent = limits.spent()
    assert limits_spent != RateLimits().spent()


@pytest.mark.parametrize("kind", ["truncated_json", "wrong_charset", "deep_json", "html_200"])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_soap_is_tried_again(client: SendClient, send: ContactsendAccount, name: str, kind: str) -> None:
    client.count(CUSTOMERS)
    send.fault(kind)
    with pytest.raises(TemporaryError, match="answered something that is not SOAP; it will be tried again") as raised:
        CALLS[name](client)
    assert raised.value.call is not None
    assert raised.value.call.error == raised.value.message


@pytest.mark.parametrize("kind", ["huge_body", "gzip_bomb", "dropped", "applied_unanswered", "redirect"])
def test_what_goes_wrong_below_soap_is_cores_to_judge(client: SendClient, send: ContactsendAccount, kind: str) -> None:
    client.count(CUSTOMERS)
    send.fault(kind, path="addSubscriber", size_mb=20)
    with pytest.raises((TemporaryError, ConfigurationError)):
        add(client, EMAIL=ADA)


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_to_another_question_is_tried_again(make_send: MakeSend, name: str) -> None:
    body = (
        b'<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><a:borrowTokenResponse '
        b'xmlns:a="http://ws.api.contactlab.com/"><return><content>token-of-somebody</content></return>'
        b"</a:borrowTokenResponse></S:Body></S:Envelope>"
    )
    with ScriptedServer(Reply(200, body, SOAP)) as server, pytest.raises(TemporaryError, match="not SOAP") as raised:
        CALLS[name](make_send(server.url + "/soap"))
    assert raised.value.call is not None
    assert "token-of-somebody" not in raised.value.call.response_body


@pytest.mark.parametrize(
    "inside", ["", "<return/>", "<return><content/></return>", "<return><content> </content></return>"]
)
def test_a_missing_token_is_tried_again(make_send: MakeSend, inside: str) -> None:
    body = (
        '<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><a:borrowTokenResponse '
        f'xmlns:a="http://ws.api.contactlab.com/">{inside}</a:borrowTokenResponse></S:Body></S:Envelope>'
    )
    with ScriptedServer(Reply(200, body.encode(), SOAP)) as server, pytest.raises(TemporaryError, match="a token"):
        make_send(server.url + "/soap").sources()


@pytest.mark.parametrize("status", [404, 405, 415])
def test_an_address_without_the_service_is_said_to_be_that(make_send: MakeSend, status: int) -> None:
    with ScriptedServer(Reply(status, b"<html>")) as server, pytest.raises(ConfigurationError, match="/soap/services"):
        make_send(server.url + "/soap").sources()


# -- hostile XML ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOMBS)
def test_hostile_xml_is_not_soap(client: SendClient, send: ContactsendAccount, kind: str) -> None:
    client.count(CUSTOMERS)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        send.settings(hostile=kind, elsewhere=f"http://127.0.0.1:{elsewhere.getsockname()[1]}/")
        with pytest.raises(TemporaryError, match="not SOAP"):
            client.count(CUSTOMERS)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    send.settings(hostile="none")
    assert client.count(CUSTOMERS) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("kind", BOMBS)
def test_hostile_xml_may_be_written_in_any_encoding(kind: str, encoding: str) -> None:
    text = (
        hostile_answer(kind, "http://127.0.0.1:9/").decode().replace('encoding="UTF-8"', f'encoding="{encoding[:6]}"')
    )
    for padded in (text, text.replace("<!DOCTYPE", "<!-- x -->\n<?y z?><!DOCTYPE")):
        started = time.process_time()
        assert parsed(padded.encode(encoding)) is None
        assert time.process_time() - started < 2


def test_a_document_type_inside_a_value_is_text() -> None:
    body = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><v><![CDATA[<!DOCTYPE x>]]></v></e:Envelope>'
    root = parsed(body.encode())
    assert root is not None
    assert root.findtext("v") == "<!DOCTYPE x>"


@pytest.mark.parametrize(
    "body", [b"", b"\0" * 100, b"<", b"<a/>", b"<a><b></a>", gzip.compress(b"x" * 1000, mtime=0), b"\xff\xfe<"]
)
def test_rubbish_is_no_envelope(body: bytes) -> None:
    assert parsed(body) is None


# -- tokens in trouble ---------------------------------------------------------------------------


def test_a_token_refused_twice_is_tried_again_later(client: SendClient, send: ContactsendAccount) -> None:
    send.settings(token_seconds=0.0001)
    with pytest.raises(TokenRefused, match="tried again"):
        client.count(CUSTOMERS)
    assert send.operations() == ["borrowToken", "countSubscribers", "borrowToken", "countSubscribers"]


def test_closing_does_not_wait_for_a_service_in_trouble(make_send: MakeSend, send: ContactsendAccount) -> None:
    client = make_send()
    client.count(CUSTOMERS)
    send.fault("unavailable", times=None)
    with pytest.raises(TemporaryError):
        client.count(CUSTOMERS)
    before = send.call_count()
    client.close()
    assert send.call_count() == before


def test_closing_is_no_error_when_the_token_has_ended(make_send: MakeSend, send: ContactsendAccount) -> None:
    client = make_send()
    client.count(CUSTOMERS)
    send.expire_tokens()
    client.close()
    assert send.operations()[-1] == "invalidateToken"


# -- what is shown -------------------------------------------------------------------------------


def test_no_key_and_no_token_is_in_what_is_kept(make_send: MakeSend, send: ContactsendAccount) -> None:
    client = make_send()
    written = client.add(CUSTOMERS, {"EMAIL": Typed("string", ADA)})
    token = client._token.value
    assert len(token) == 32
    assert ADA in written.call.request_body
    assert token not in written.call.request_body
    assert "•••" in written.call.request_body
    send.settings(ip_authorized=False)
    other = make_send()
    with pytest.raises(ConfigurationError) as raised:
        other.sources()
    call = raised.value.call
    assert call is not None
    assert "borrowToken" in call.request_body
    assert not any(key in str(call) for key in send.keys)


@pytest.mark.parametrize("cut", [1, 20, 60, 90])
def test_a_token_that_was_cut_off_is_not_kept_either(make_send: MakeSend, send: ContactsendAccount, cut: int) -> None:
    given = "0123456789abcdef0123456789abcdef"
    body = (
        '<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><a:borrowTokenResponse '
        f'xmlns:a="http://ws.api.contactlab.com/"><return><content>{given}</content></return>'
        "</a:borrowTokenResponse></S:Body></S:Envelope>"
    )
    with ScriptedServer(Reply(200, body[:-cut].encode(), SOAP)) as server, pytest.raises(TemporaryError) as raised:
        make_send(server.url + "/soap").sources()
    assert raised.value.call is not None
    assert "0123456789" not in raised.value.call.response_body


# -- meanings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("java.lang.NullPointerException", TemporaryError, "could not answer"),
        ("Connection to the database timed out", TemporaryError, "could not answer"),
        ("Service temporarily unavailable", TemporaryError, "could not answer"),
        ("Duplicate value 'ada@example.test' for 39320123456", RecordError, "refused it: Duplicate value •••"),
        ("The address ada@example.test is on a black list", RecordError, "The address ••• is on a black list"),
        ("", RecordError, "no reason given"),
        ("Token expired", TokenRefused, "tried again"),
        ("SubscriberSource 7 is locked", SourceLocked, "locked"),
        ("Unexpected wrapper element {x}findSubscribersBy found.", ConfigurationError, "older one"),
    ],
)
def test_faults_in_other_words_are_judged_sensibly(text: str, error: type[SyncError], words: str) -> None:
    found = meaning(Fault(text))
    assert isinstance(found, error)
    assert words in found.message
    assert "ada@" not in found.message
    assert "39320" not in found.message


def test_a_hanging_answer_ends(make_send: MakeSend) -> None:
    ended = threading.Event()

    def hang(exchange: Exchange) -> None:
        exchange.reset()
        ended.set()

    with ScriptedServer(hang) as server, pytest.raises(TemporaryError, match="closed the connection"):
        make_send(server.url + "/soap").sources()
    assert ended.wait(5)
