"""Webhook addresses: secret, rotatable, and never a 2xx without a row."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core import hooks
from integrations.core.engine import inbox
from integrations.core.models import Connection, Delivery, HookToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> LeadSquaredConnection:
    return LeadSquaredConnection.objects.create(
        connector="leadsquared", name="Lead Sync", state=Connection.State.ENABLED
    )


def path_of(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]


@pytest.fixture
def path(connection: LeadSquaredConnection) -> str:
    return path_of(hooks.new_address(connection, by="anna"))


def test_the_token_is_random_and_kept_as_a_digest_only(connection: LeadSquaredConnection) -> None:
    addresses = {hooks.new_address(connection) for _ in range(3)}
    tokens = {address.rstrip("/").rpartition("/")[2] for address in addresses}
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)
    stored = set(HookToken.objects.values_list("digest", flat=True))
    assert stored == {hooks.digest(token) for token in tokens}


@pytest.mark.parametrize("method", ["get", "head"])
def test_verify_is_answered_without_a_row(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path)
    assert (response.status_code, response.content) == (200, b"")
    assert not Delivery.objects.exists()


def test_a_call_is_stored_as_it_came(client: Client, path: str) -> None:
    body = b'{"n": "\xc3\xa6"}\xff'
    response = client.post(f"{path}?entityType=automation", body, content_type="text/plain")
    assert response.json() == {"Status": "Success", "StatusReason": ""}
    delivery = Delivery.objects.get()
    assert (delivery.body, delivery.content_type, delivery.query) == (body, "text/plain", "entityType=automation")
    assert delivery.status == Delivery.Status.RECEIVED


def test_the_stored_body_is_encrypted(client: Client, path: str) -> None:
    from tests.crawl import everything_stored

    client.post(path, b'{"EmailAddress": "ada@example.test"}', content_type="application/json")
    assert "ada@example.test" not in everything_stored()


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_an_unknown_token_is_not_found(client: Client, method: str) -> None:
    assert getattr(client, method)("/hooks/nobody/").status_code == 404
    assert not Delivery.objects.exists()


def test_other_methods_are_refused(client: Client, path: str) -> None:
    assert client.put(path).status_code == 405


def test_a_new_address_leaves_the_old_one_working_for_a_week(
    client: Client, connection: LeadSquaredConnection, path: str
) -> None:
    new = path_of(hooks.new_address(connection))
    assert client.head(path).status_code == client.head(new).status_code == 200
    with time_machine.travel(timezone.now() + hooks.OVERLAP + datetime.timedelta(minutes=1)):
        assert client.head(path).status_code == 404
        assert client.head(new).status_code == 200


@pytest.mark.parametrize("state", [Connection.State.DRAFT, Connection.State.DISABLED])
def test_a_connection_that_is_off_keeps_its_calls_until_they_are_wanted(
    client: Client, connection: LeadSquaredConnection, path: str, state: str
) -> None:
    connection.set_state(state)
    assert client.post(path, b"{}", content_type="application/json").status_code == 200
    assert Delivery.objects.get().status == Delivery.Status.HELD
    assert inbox.process_held(connection) == 1
    assert Delivery.objects.get().status == Delivery.Status.RECEIVED


def test_a_connection_that_needs_attention_goes_on_taking_calls(
    client: Client, connection: LeadSquaredConnection, path: str
) -> None:
    connection.set_state(Connection.State.ATTENTION, "Check the keys.")
    client.post(path, b"{}", content_type="application/json")
    assert Delivery.objects.get().status == Delivery.Status.RECEIVED


def test_a_vendor_without_a_form_of_its_own_is_answered_with_413(client: Client) -> None:
    connection = Connection.objects.create(connector="flexpos", name="Shop", state=Connection.State.ENABLED)
    path = path_of(hooks.new_address(connection))
    response = client.post(path, b"x" * (hooks.MAX_BODY + 1), content_type="application/json")
    assert (response.status_code, response.json()) == (413, {"ok": False})
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.size) == (Delivery.Status.REJECTED, hooks.MAX_BODY + 1)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_above_the_cap_is_not_read(client: Client, path: str, declared: bool) -> None:
    size = hooks.MAX_BODY + 1
    headers: dict[str, Any] = {} if declared else {"CONTENT_LENGTH": str(hooks.MAX_BODY)}
    response = client.post(path, b"x" * size, content_type="text/plain", **headers)
    delivery = Delivery.objects.get()
    if declared:
        assert response.status_code == 200, "LeadSquared's own form; others are answered with 413"
        assert response.json()["Status"] == "Error"
        assert (delivery.status, delivery.body) == (Delivery.Status.REJECTED, None)
    else:
        assert delivery.size <= hooks.MAX_BODY


def test_that_a_call_was_too_large_is_kept_in_the_portals_language(client: Client, path: str, settings: Any) -> None:
    settings.LANGUAGE_CODE = "da"
    with translation.override("it"):
        client.post(path, b"x" * (hooks.MAX_BODY + 1), content_type="application/json")
    assert Delivery.objects.get().message.startswith(f"Kaldet var større end {hooks.MAX_BODY // 1024} KiB")


def test_an_odd_content_length_is_no_server_error(client: Client, path: str) -> None:
    response = client.post(path, b"{}", content_type="application/json", CONTENT_LENGTH="many")
    assert response.status_code == 200


def test_the_queries_of_a_call_are_few(
    client: Client, path: str, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client.post(path, b"{}", content_type="application/json")
    with django_assert_max_num_queries(3):
        client.post(path, b"{}", content_type="application/json")
