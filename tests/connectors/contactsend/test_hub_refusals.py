"""Refused tokens, refused data, answers that are none; and that no token and no person's value is ever shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.contactsend.hub import HubClient
from integrations.connectors.contactsend.hub_errors import Conflict, Forbidden, NoSuchCustomer, Refused, safe_words
from integrations.core.errors import ConfigurationError, RecordError, SyncError, TemporaryError, Throttled
from tests.connectors.contactsend.conftest import MakeHubClient
from tests.core.scripted_server import Exchange, Reply, ScriptedServer, json_reply
from tests.sandbox_contacthub import ContacthubAccount

ADA = "ada@example.test"
NODE = "n-1"
HTML = {"Content-Type": "text/html"}
CALLS: list[Callable[[HubClient], Any]] = [
    lambda hub_client: hub_client.me(),
    lambda hub_client: hub_client.nodes(),
    lambda hub_client: hub_client.extended_schema(),
    lambda hub_client: hub_client.source_of_token(),
    lambda hub_client: hub_client.count_customers(NODE),
    lambda hub_client: hub_client.find_by(NODE, "base.contacts.email", ADA),
    lambda hub_client: hub_client.customer("c-1"),
    lambda hub_client: hub_client.updates(NODE, 7),
    lambda hub_client: hub_client.last_offset(NODE),
    lambda hub_client: hub_client.create_customer(NODE, {"externalId": "C-1"}),
    lambda hub_client: hub_client.patch_customer("c-1", {"externalId": "C-1"}),
    lambda hub_client: hub_client.subscription("c-1", "news"),
    lambda hub_client: hub_client.post_subscription("c-1", {"id": "news"}),
    lambda hub_client: hub_client.put_subscription("c-1", {"id": "news"}),
]


def said(message: str, status: int, problems: tuple[tuple[str, str], ...] = (), **more: Any) -> Reply:
    errors = [{"message": text, "path": path, "data": None, "code": None} for path, text in problems]
    return json_reply({"message": message, "logref": "l-1", "data": None, "errors": errors} | more, status)


def test_a_wrong_token_is_said_to_be_wrong(make_hub_client: MakeHubClient) -> None:
    with pytest.raises(ConfigurationError, match=r"refused the token \(401\).*Token tab"):
        make_hub_client(token="wrong").me()


def test_a_wrong_workspace_is_said_to_be_wrong(make_hub_client: MakeHubClient, hub: ContacthubAccount) -> None:
    with pytest.raises(ConfigurationError, match=r"no workspace of this ID.*Check the Workspace ID"):
        make_hub_client(workspace="elsewhere").count_customers(hub.shop)


def test_a_workspace_being_reindexed_is_tried_again(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.settings(reindexing=True)
    with pytest.raises(TemporaryError, match="reindexing this workspace"):
        hub_client.create_customer(hub.shop, {})


def test_a_refused_value_is_told_by_its_field_and_never_repeated(hub_client: HubClient, hub: ContacthubAccount) -> None:
    with pytest.raises(Refused) as caught:
        hub_client.create_customer(hub.shop, {"base": {"dob": "11/02/1984", "locale": "Italiano", "timezone": None}})
    for field in ("base.dob (string ••• is invalid", "base.locale (", "base.timezone ("):
        assert field in caught.value.message
    assert caught.value.message.endswith("Correct the value at the source or the field mapping, then press Retry.")
    for value in ("1984", "Italiano"):
        assert value not in caught.value.message


def test_a_field_the_workspace_no_longer_has_is_told_by_name(hub_client: HubClient, hub: ContacthubAccount) -> None:
    hub.extended({"type": "object", "properties": {}, "additionalProperties": False})
    with pytest.raises(Refused, match=r"extended \(.*not allowed.*loyaltyLevel"):
        hub_client.create_customer(hub.shop, {"extended": {"loyaltyLevel": "gold"}})


def test_a_value_of_100_000_characters_is_one_refused_record(hub_client: HubClient, hub: ContacthubAccount) -> None:
    with pytest.raises(Refused, match="larger than 64 KB") as caught:
        hub_client.create_customer(hub.shop, {"base": {"firstName": "x" * 100_000}})
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (said("The hub_client is not authorized to access the API", 401), ConfigurationError, "refused the token"),
        (Reply(401, b""), ConfigurationError, "refused the token"),
        (said("workspace not found: w-1", 403), ConfigurationError, "no workspace of this ID"),
        (Reply(403, b""), Forbidden, "may not create customers"),
        (json_reply({"error": "insufficient_scope"}, 403), Forbidden, "may not create customers"),
        (Reply(403, b"<html>", HTML), ConfigurationError, "refused the credentials"),
        (said("node not found n-1", 404), ConfigurationError, "The node is gone"),
        (Reply(404, b"<html>", HTML), ConfigurationError, "no Contacthub API at this address"),
        (said("Conflict with exiting customer c-1", 409), Conflict, "doesn't tell this token which"),
        (said("no", 409, data={"customer": {"id": "c-1"}}), Conflict, "has a customer with these"),
        (said("no", 409, data="odd"), Conflict, "doesn't tell this token which"),
        (Reply(423, b""), TemporaryError, "reindexing"),
        (said("locked", 423), TemporaryError, "reindexing"),
        (said("Too Many", 429), Throttled, "asking for fewer calls"),
        (Reply(500, b"java.lang.NullPointerException"), TemporaryError, "could not answer"),
        (Reply(502, b"<html>", HTML), TemporaryError, "could not answer"),
        (said("boom", 503), TemporaryError, "could not answer"),
        (said("Too Many", 200), TemporaryError, "an error in a success"),
        (Reply(400, b"<html>"), RecordError, "refused the request"),
        (said("source customer is not valid", 400), Refused, "refused it: source customer is not valid"),
        (json_reply({"message": "bad", "errors": "odd"}, 400), Refused, "refused it: bad"),
        (json_reply({"message": None, "errors": None}, 400), Refused, "no reason given"),
        (
            said("no", 400, (("/base/credential/username", "unique customer property is required"),)),
            Refused,
            r"base\.credential\.username \(unique customer property is required\)",
        ),
        (Reply(302, b"", {"Location": "https://elsewhere.example.test/"}), ConfigurationError, "redirects"),
    ],
)
def test_errors_are_named_by_what_to_do_next(
    make_hub_client: MakeHubClient, reply: Reply, error: type[SyncError], words: str
) -> None:
    with ScriptedServer(reply) as server, pytest.raises(error, match=words):
        make_hub_client(base_url=server.url).create_customer(NODE, {"externalId": "C-1"})


@pytest.mark.parametrize(
    "reply", [Reply(404, b""), json_reply({"error": "gone"}, 404), said("customer not found", 404)]
)
def test_a_missing_customer_never_stops_the_connection_whatever_the_words(
    make_hub_client: MakeHubClient, reply: Reply
) -> None:
    with ScriptedServer(reply) as server:
        hub_client = make_hub_client(base_url=server.url)
        with pytest.raises(NoSuchCustomer):
            hub_client.customer("c-1")
        with pytest.raises(ConfigurationError):
            hub_client.count_customers(NODE)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Welcome</html>", HTML),
        Reply(200, b'{"id": "c-1", "elements": [{"id'),
        Reply(200, b""),
        Reply(200, b'"text"'),
        Reply(200, b"[1]"),
        Reply(200, b"null"),
        Reply(200, b"{}"),
        Reply(200, b'{"elements": 1, "page": 1, "updates": 1, "nextOffset": "x", "schema": 1, "id": 1}'),
        Reply(200, b'{"elements": [1], "page": {}, "updates": [1], "nextOffset": 8, "schema": "[]", "lastOffset": []}'),
    ],
)
def test_answers_that_are_none_are_tried_again(
    make_hub_client: MakeHubClient, call: Callable[[HubClient], Any], reply: Reply
) -> None:
    with ScriptedServer(reply) as server:
        hub_client = make_hub_client(base_url=server.url)
        try:
            found = call(hub_client)
        except TemporaryError:
            return
    # A customer's name may be odd, but never what the answer was asked for.
    assert found is not None, found


def test_a_stream_that_stands_still_is_not_read_for_ever(make_hub_client: MakeHubClient) -> None:
    update = {"operation": "UPDATE", "entity": {"type": "CUSTOMER", "data": {"id": "c-1"}}}
    for offset in (7, 3):
        reply = json_reply({"nextOffset": offset, "updates": [update]})
        with ScriptedServer(reply) as server, pytest.raises(TemporaryError, match="unexpected form"):
            make_hub_client(base_url=server.url).updates(NODE, 7)


def test_what_the_stream_tells_of_others_than_customers_is_left_out(make_hub_client: MakeHubClient) -> None:
    event = {"operation": "CREATE", "entity": {"type": "EVENT", "data": {"id": "e-1"}}}
    with ScriptedServer(json_reply({"nextOffset": 8, "updates": [event]})) as server:
        found = make_hub_client(base_url=server.url).updates(NODE, 7)
    assert (found.updates, found.next_offset) == ([], 8)


def test_a_schema_nested_without_end_is_refused(make_hub_client: MakeHubClient) -> None:
    schema = '{"properties":{"a":' * 50_000 + "1" + "}}" * 50_000
    with ScriptedServer(json_reply({"schema": schema})) as server, pytest.raises(TemporaryError):
        make_hub_client(base_url=server.url).extended_schema()


def test_a_workspace_without_extended_fields_has_none(make_hub_client: MakeHubClient) -> None:
    for schema in ("", None, "{}", {}):
        with ScriptedServer(json_reply({"schema": schema})) as server:
            assert make_hub_client(base_url=server.url).extended_schema() == {}


def test_a_customer_may_have_fields_called_like_those_of_an_error(make_hub_client: MakeHubClient) -> None:
    customer = {"id": "c-1", "extended": {"logref": "x", "message": "y"}, "message": "z"}
    with ScriptedServer(json_reply(customer)) as server:
        assert make_hub_client(base_url=server.url).customer("c-1") == customer


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("unique customer property is required.", "unique customer property is required"),
        ('instance value ("Ada \\"B\\" C") not found in enum', "instance value (•••) not found in enum"),
        ('properties which are not allowed: ["nickname"]', 'properties which are not allowed: ["nickname"]'),
        ("ada@example.test is taken, +39 333 111 2223 too", "••• is taken, ••• too"),
        ('cut off "Ada Lovel', "cut off •••"),
        ("\x1b[31mred\u202e", "red"),
        ("x" * 500, "x" * 199 + "…"),
        (None, "no reason given"),
    ],
)
def test_reasons_are_shown_without_values(words: str, shown: str) -> None:
    assert safe_words(words) == shown


def echo(exchange: Exchange) -> None:
    """Answers with everything it was told, as a debug page would."""
    token = exchange.request.headers["authorization"].removeprefix("Bearer ")
    told = {
        "message": f"no {token}",
        "logref": token,
        "data": token,
        "errors": [{"path": f"/{token}", "message": token}],
    }
    exchange.send(Reply(400, json.dumps(told).encode(), {"X-Seen": token, "Connection": "close"}).encode())


def test_the_token_is_in_no_call_and_no_error(make_hub_client: MakeHubClient) -> None:
    canary, errors = "canary-token-7f3a", []
    with ScriptedServer(echo) as server:
        hub_client = make_hub_client(base_url=server.url, token=canary)
        for call in CALLS:
            with pytest.raises(Refused) as caught:
                call(hub_client)
            errors.append(caught.value)
    shown = " ".join(f"{error!r} {error.__context__!r} {vars(error)}" for error in errors)
    assert canary not in shown
    assert "•••" in shown


def test_the_address_that_was_looked_for_is_not_in_what_is_kept_of_a_failure(make_hub_client: MakeHubClient) -> None:
    with ScriptedServer(Reply(500, b"no ada@example.test")) as server, pytest.raises(TemporaryError) as caught:
        make_hub_client(base_url=server.url).find_by(NODE, "base.contacts.email", ADA)
    assert caught.value.call is not None
    assert "ada" not in f"{caught.value.message} {caught.value.call}"
