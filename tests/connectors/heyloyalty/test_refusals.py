"""Wrong keys, wrong clocks, answers that are none; and that no key is ever shown."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.heyloyalty.client import NAMED_AFTER, HeyloyaltyClient, Refused
from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http import Call
from integrations.core.redact import safe_words
from tests.connectors.heyloyalty.conftest import MakeClient
from tests.core.scripted_server import Exchange, Reply, ScriptedServer, json_reply
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount

ADA = "ada@example.test"
HTML = Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
READS: list[Callable[[HeyloyaltyClient], Any]] = [
    lambda client: client.lists(),
    lambda client: client.list_of(CUSTOMERS),
    lambda client: client.countries(),
    lambda client: client.members(CUSTOMERS),
    lambda client: client.member(CUSTOMERS, "x"),
    lambda client: client.webhooks(CUSTOMERS),
    lambda client: client.upsert(CUSTOMERS, "email", {"email": ADA}),
    lambda client: client.create_member(CUSTOMERS, {"email": ADA}),
    lambda client: client.add_webhook(CUSTOMERS, "https://portal.example.test/", "it@example.test", ["update"]),
]
UPLOADS: list[Callable[[HeyloyaltyClient], Any]] = [
    lambda client: client.import_members(CUSTOMERS, b"x\n", {}),
    lambda client: client.import_transactions("t", b"x\n", {}),
    lambda client: client.import_bookings("t", b"x\n", {}),
]


@pytest.mark.parametrize("wrong", [{"api_key": "another-key"}, {"api_secret": "another-secret"}])
def test_wrong_keys_are_said_to_be_wrong(make_client: MakeClient, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"refused the keys.*Account information.*check the clock"):
        make_client(**wrong).lists()


def test_a_wrong_clock_is_said_to_be_wrong(make_client: MakeClient, practice: HeyloyaltyAccount) -> None:
    practice.settings(timestamp_window_s=900)
    late = make_client(now=lambda: datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1))
    with pytest.raises(ConfigurationError, match=r"60 minutes behind Heyloyalty's.*Set the clock"):
        late.lists()
    assert make_client().lists()


def test_a_signature_is_renewed_before_it_is_old(make_client: MakeClient, practice: HeyloyaltyAccount) -> None:
    times = [datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds) for seconds in (-800, -741, 0)]
    practice.settings(timestamp_window_s=770)
    client = make_client(now=lambda: times[0])
    with pytest.raises(ConfigurationError):
        client.lists()
    times.pop(0)  # 59 s later: the same signature
    with pytest.raises(ConfigurationError):
        client.lists()
    times.pop(0)
    assert client.lists()


@pytest.mark.parametrize("call", READS)
def test_a_page_of_html_is_tried_again(make_client: MakeClient, call: Callable[[HeyloyaltyClient], Any]) -> None:
    with ScriptedServer(HTML) as server, pytest.raises(TemporaryError, match="not JSON but text/html"):
        call(make_client(server.url))


@pytest.mark.parametrize("call", UPLOADS)
def test_a_page_of_html_is_no_import(make_client: MakeClient, call: Callable[[HeyloyaltyClient], Any]) -> None:
    with ScriptedServer(HTML) as server, pytest.raises(TemporaryError, match="not JSON"):
        call(make_client(server.url))


@pytest.mark.parametrize("call", UPLOADS)
@pytest.mark.parametrize("reply", [Reply(204, b""), json_reply({"status": "queued"}), json_reply([], 202)])
def test_an_import_is_taken_whatever_a_success_says(
    make_client: MakeClient, call: Callable[[HeyloyaltyClient], Call], reply: Reply
) -> None:
    with ScriptedServer(reply) as server:
        assert call(make_client(server.url)).status == reply.status


@pytest.mark.parametrize("call", UPLOADS)
def test_an_import_with_the_status_error_is_refused(
    make_client: MakeClient, call: Callable[[HeyloyaltyClient], Any]
) -> None:
    reply = json_reply({"status": "error", "message": "No such thing"})
    with ScriptedServer(reply) as server, pytest.raises(ConfigurationError, match="No such thing"):
        call(make_client(server.url))


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("body", [b'{"id": 1, "fields": {"em', b'"text"', b"7", b"[1]", b"null"])
def test_truncated_and_odd_answers_are_tried_again(
    make_client: MakeClient, call: Callable[[HeyloyaltyClient], Any], body: bytes
) -> None:
    with ScriptedServer(Reply(200, body)) as server, pytest.raises(TemporaryError):
        call(make_client(server.url))


@pytest.mark.parametrize("body", [b"{}", b'{"members": 1}', b'{"members": ["x"]}', b'{"members": [1]}'])
def test_members_that_are_none_are_tried_again(make_client: MakeClient, body: bytes) -> None:
    with ScriptedServer(Reply(200, body)) as server, pytest.raises(TemporaryError, match="unexpected form"):
        make_client(server.url).members(CUSTOMERS)


@pytest.mark.parametrize("body", [{"type": "merge", "member_id": "g-1"}, {"type": "create", "member_id": None}, {}])
def test_an_upsert_that_tells_nothing_is_tried_again(make_client: MakeClient, body: dict[str, Any]) -> None:
    with ScriptedServer(json_reply(body)) as server, pytest.raises(TemporaryError, match="unexpected form"):
        make_client(server.url).upsert(CUSTOMERS, "email", {"email": ADA})


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (json_reply({"message": "Unauthorized", "code": 401}), ConfigurationError, "refused the keys"),
        (json_reply({"message": "Forbidden"}, 403), ConfigurationError, r"refused the keys \(403\)"),
        (json_reply({"message": "Too Many", "code": 429}), Throttled, "asking for fewer calls"),
        (json_reply({"message": "Broken", "code": 500}), TemporaryError, "could not answer"),
        (json_reply({}, 503, Retry_After="7"), TemporaryError, "could not answer"),
        (json_reply({"error": "list is locked"}), Refused, "list is locked"),
        (json_reply({"error": "list is locked"}, 400), Refused, "list is locked"),
        (Reply(400, b"<html>"), Refused, "no reason given"),
        (Reply(404, b"<html>"), ConfigurationError, "no Heyloyalty API at this address"),
        (Reply(302, b"", {"Location": "https://elsewhere.example.test/"}), ConfigurationError, "redirects"),
    ],
)
def test_errors_are_named_by_what_to_do_next(
    make_client: MakeClient, reply: Reply, error: type[SyncError], words: str
) -> None:
    with ScriptedServer(reply) as server, pytest.raises(error, match=words):
        make_client(server.url).upsert(CUSTOMERS, "email", {"email": ADA})


def test_a_field_called_code_is_no_error(make_client: MakeClient) -> None:
    member = {"id": "g-1", "email": ADA, "code": 404, "error": "none"}
    with ScriptedServer(json_reply(member)) as server:
        assert make_client(server.url).member(CUSTOMERS, "g-1") == member


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("The field 'nickname' does not exist", "The field 'nickname' does not exist"),
        ("The value 'O'Brien' of the field 'city' is bad.", "The value ••• of the field 'city' is bad"),
        ('"Ada" is taken by ada@example.test', "••• is taken by •••"),
        ("+45 20 30 40 50 and 4520304050 are taken", "••• and ••• are taken"),
        ("cut off 'Ada Lovel", "cut off •••"),
        ("\x1b[31mred\u202e", "red"),
        ("x" * 500, "x" * 199 + "…"),
    ],
)
def test_reasons_are_shown_without_values(said: str, shown: str) -> None:
    assert safe_words(said, names_after=NAMED_AFTER) == shown


def echo(exchange: Exchange) -> None:
    """Answers with everything it was told, as a debug page would."""
    basic = exchange.request.headers["authorization"].removeprefix("Basic ")
    key, _, password = base64.b64decode(basic).decode().partition(":")
    told = {"error": f"no {key} {password}", "seen": [basic, key, password, base64.b64decode(password).decode()]}
    exchange.send(Reply(400, json.dumps(told).encode(), {"X-Seen": password, "Connection": "close"}).encode())


def test_neither_key_nor_secret_nor_password_is_in_a_call_or_an_error(make_client: MakeClient) -> None:
    key, secret = "canary-key-7f3a", "canary-secret-91bc"
    hook = "https://portal.example.test/hooks/canary-hook-55d2"
    with ScriptedServer(echo) as server:
        client = make_client(server.url, api_key=key, api_secret=secret)
        errors = []
        for call in [*READS, *UPLOADS, lambda client: client.add_webhook(CUSTOMERS, hook, secret, [])]:
            with pytest.raises((RecordError, ConfigurationError)) as caught:
                call(client)
            errors.append(caught.value)
        seen = server.requests
    passwords = {base64.b64decode(one.headers["authorization"][6:]).decode().partition(":")[2] for one in seen}
    shown = " ".join(f"{error!r} {error.__context__!r} {vars(error)}" for error in errors)
    assert len(errors) == len(seen)
    assert passwords
    digests = {base64.b64decode(password).decode() for password in passwords}
    for canary in {key, secret, hook, *passwords, *digests}:
        assert canary not in shown
    assert "•••" in shown
