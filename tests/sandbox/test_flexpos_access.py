"""Tokens of the two realms, errors as FlexPOS words them, and the limit."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_server import Sandbox

DENIED = {"Message": "Authorization has been denied for this request."}
UNKNOWN_CLIENT = {"error": "invalid_client", "error_description": "Unknown client"}


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    shop = sandbox.flexpos()
    shop.unlimited()
    return shop


def test_a_client_gets_a_bearer_token(shop: FlexPOSAccount) -> None:
    reply = shop.ask_token()
    assert reply.status_code == 200
    assert reply.json() | {"access_token": ""} == {"access_token": "", "token_type": "Bearer", "expires_in": 3600}
    assert reply.json()["access_token"].startswith("eyJ")
    assert shop.api("Customers", reply.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("attractions", [False, True])
@pytest.mark.parametrize("wrong", [{"client_id": "nobody"}, {"client_secret": "wrong"}, {"client_secret": ""}])
def test_a_wrong_client_is_401_in_the_form_of_oauth(
    shop: FlexPOSAccount, attractions: bool, wrong: dict[str, str]
) -> None:
    reply = shop.ask_token(attractions, **wrong)
    assert (reply.status_code, reply.json()) == (401, UNKNOWN_CLIENT)


def test_another_grant_or_a_json_body_is_400(shop: FlexPOSAccount) -> None:
    assert shop.ask_token(grant_type="password").json()["error"] == "unsupported_grant_type"
    client_id, client_secret = shop.client
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    assert requests.post(f"{shop.api_url}/oauth/token", json=body, timeout=10).status_code == 400
    assert requests.get(f"{shop.api_url}/oauth/token", params=body, timeout=10).status_code == 405


def test_a_token_is_valid_on_its_own_api_only(shop: FlexPOSAccount) -> None:
    main, attractions = shop.token(), shop.token(attractions=True)
    assert shop.api("Attractions", attractions, attractions=True).status_code == 200
    for reply in (shop.api("Customers", attractions), shop.api("Attractions", main, attractions=True)):
        assert (reply.status_code, reply.json()) == (401, DENIED)


def test_a_client_is_known_to_its_own_api_only(shop: FlexPOSAccount) -> None:
    client_id, client_secret = shop.attraction_client
    assert shop.ask_token(client_id=client_id, client_secret=client_secret).status_code == 401


def test_a_token_of_another_account_is_not_valid(shop: FlexPOSAccount, sandbox: Sandbox) -> None:
    assert shop.api("Customers", sandbox.flexpos("museum").token()).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer eyJnobody", "Basic eyJnobody"])
def test_without_a_token_nothing_is_told(shop: FlexPOSAccount, header: str) -> None:
    reply = requests.get(f"{shop.api_url}/Customers", headers={"Authorization": header}, timeout=10)
    assert (reply.status_code, reply.json()) == (401, DENIED)


def test_a_token_expires_by_the_vendors_clock(shop: FlexPOSAccount) -> None:
    shop.at("2026-03-09T12:00:00Z")
    shop.settings(token_seconds=300)
    token = shop.token()
    assert shop.forward(seconds=299) == "2026-03-09T13:04:59"
    assert shop.api("Customers", token).status_code == 200
    shop.forward(seconds=1)
    assert shop.api("Customers", token).status_code == 401
    assert shop.api("Customers", shop.token()).status_code == 200


def test_a_new_secret_is_asked_for_at_the_next_token(shop: FlexPOSAccount) -> None:
    token = shop.token()
    shop.settings(client_secret="another")
    assert shop.api("Customers", token).status_code == 200
    assert shop.ask_token().status_code == 401
    assert shop.ask_token(client_secret="another").status_code == 200
    assert shop.ask_token(attractions=True).status_code == 200


def test_what_is_not_there_is_404_and_nothing_can_be_written(shop: FlexPOSAccount) -> None:
    token = shop.token()
    for path in ("Nothing", "Attractions", "Customers/1"):
        reply = shop.api(path, token)
        assert reply.status_code == 404
        assert "No HTTP resource was found" in reply.json()["Message"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = requests.post(f"{shop.api_url}/Customers", json={}, headers=headers, timeout=10)
    assert reply.status_code == 405
    assert shop.api("cUSTOMERS", token).status_code == 200


def test_a_client_may_be_kept_from_a_resource(shop: FlexPOSAccount) -> None:
    shop.settings(forbidden="Tickets, Memberships")
    reply = shop.api("Tickets", shop.token())
    assert (reply.status_code, reply.json()) == (403, {"Message": "This client may not read Tickets."})
    assert shop.api("Memberships", shop.token(attractions=True), attractions=True).status_code == 403
    assert shop.api("Journals", shop.token()).status_code == 200


def test_sixty_calls_a_minute_are_answered_and_token_calls_count(sandbox: Sandbox) -> None:
    shop = sandbox.flexpos()
    token = shop.token()
    statuses = [shop.api("Customers", token).status_code for _ in range(60)]
    assert statuses == [200] * 59 + [429]
    reply = shop.ask_token()
    assert reply.status_code == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 60
    assert reply.json() == {"Message": "API calls exceeded the limit of 60 per minute."}
    assert shop.ask_token(attractions=True).status_code == 200


def test_refused_clients_count_against_the_limit_too(shop: FlexPOSAccount) -> None:
    shop.settings(calls_per_minute=2)
    statuses = [shop.ask_token(client_secret="wrong").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_the_window_of_the_limit_slides(shop: FlexPOSAccount) -> None:
    shop.settings(calls_per_minute=1)
    assert [shop.ask_token().status_code for _ in range(2)] == [200, 429]
    # A minute that lasts no time is over at once.
    shop.settings(minute_s=0)
    assert [shop.ask_token().status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("unauthorized", 401, DENIED),
        ("too_many", 429, {"Message": "API calls exceeded the limit of 60 per minute."}),
        ("limit_in_200", 200, {"Message": "API calls exceeded the limit of 60 per minute."}),
        ("app_error", 500, {"Message": "An error has occurred."}),
    ],
)
def test_faults_have_the_vendors_form(shop: FlexPOSAccount, kind: str, status: int, body: dict[str, Any]) -> None:
    token = shop.token()
    shop.fault(kind, path="customers", retry_after=7)
    reply = shop.api("Customers", token)
    assert (reply.status_code, reply.json()) == (status, body)
    assert reply.headers.get("Retry-After") == ("7" if kind == "too_many" else None)
    assert shop.api("Customers", token).status_code == 200


def test_calls_are_counted_for_each_endpoint_and_hold_no_secret(shop: FlexPOSAccount) -> None:
    token = shop.token()
    for page in (1, 2):
        shop.api("Customers", token, Page=page)
    shop.api("Memberships", shop.token(attractions=True), attractions=True)
    assert shop.counts() == {
        "v1/oauth/token": 1,
        "v1/Customers": 2,
        "attractions/v1/oauth/token": 1,
        "attractions/v1/Memberships": 1,
    }
    assert shop.counts(since=4) == {"attractions/v1/Memberships": 1}
    assert "practice-secret" not in str(shop.calls())
    assert token not in str(shop.calls())
