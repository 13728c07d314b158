"""Token, workspace, roles, locks and faults of Contacthub's emulator."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
NOBODY = "00000000-0000-4000-8000-000000000000"
ROLES = ("ADMIN", "USER", "GUEST", "TRUSTED_APPLICATION", "UNTRUSTED_APPLICATION", "PLATFORM_UPDATES")
CONFIGURATION = "configuration/nodes/entries"


@pytest.fixture
def hub(sandbox: Sandbox) -> ContacthubAccount:
    return sandbox.contacthub()


def body(hub: ContacthubAccount, email: str = ADA) -> dict[str, Any]:
    return {"nodeId": hub.shop, "base": {"contacts": {"email": email}}}


@pytest.mark.parametrize("header", [None, "Bearer wrong", "{token}", "Basic {token}", "bearer {token}"])
def test_only_a_bearer_token_of_a_source_opens(hub: ContacthubAccount, header: str | None) -> None:
    headers = {"Authorization": header.format(token=hub.token)} if header else {}
    reply = requests.get(f"{hub.api_address}/me", headers=headers, timeout=10)
    assert reply.status_code == 401
    assert reply.json()["message"] == "The client is not authorized to access the API"
    assert set(reply.json()) == {"message", "logref", "data", "errors"}


def test_me_tells_who_the_token_belongs_to(hub: ContacthubAccount) -> None:
    me = requests.get(f"{hub.api_address}/me", headers={"Authorization": f"Bearer {hub.token}"}, timeout=10).json()
    assert set(me) == {"id", "name", "surname", "groups"}
    assert me["id"] != hub.source_id


def test_another_workspace_and_another_node_are_not_found(hub: ContacthubAccount) -> None:
    reply = hub.api("GET", "customers", workspace="elsewhere", nodeId=hub.shop)
    assert (reply.status_code, reply.json()["message"]) == (403, "workspace not found: elsewhere")
    reply = hub.api("GET", "customers", nodeId=NOBODY)
    assert (reply.status_code, reply.json()["message"]) == (404, f"node not found {NOBODY}")
    assert hub.api("GET", "customers").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "customers?nodeId={shop}", "ADMIN USER GUEST TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("GET", "customers/{nobody}", "ADMIN USER GUEST TRUSTED_APPLICATION"),
        ("POST", "customers", "ADMIN USER TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("PATCH", "customers/{nobody}", "ADMIN USER TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("PUT", "customers/{nobody}", "ADMIN USER TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("DELETE", "customers/{nobody}", "ADMIN USER TRUSTED_APPLICATION"),
        ("POST", "customers/{nobody}/subscriptions", "ADMIN USER TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("PUT", "customers/{nobody}/subscriptions/n", "ADMIN USER TRUSTED_APPLICATION UNTRUSTED_APPLICATION"),
        ("GET", "updates?nodeId={shop}&entity=CUSTOMER", "ADMIN USER PLATFORM_UPDATES"),
        ("GET", "updates/last-offset?nodeId={shop}&entity=CUSTOMER", "ADMIN USER PLATFORM_UPDATES"),
        ("GET", "configuration", "ADMIN"),
        ("GET", "configuration/nodes/entries", "ADMIN USER GUEST"),
        ("GET", "configuration/nodes/views", "ADMIN USER GUEST"),
        ("GET", "configuration/properties/extended", "ADMIN USER GUEST"),
        ("GET", "configuration/sources", "ADMIN USER GUEST"),
        ("POST", "configuration/sources", "ADMIN"),
        ("GET", "models/providers", "ADMIN USER GUEST"),
    ],
)
def test_a_role_says_which_calls_a_token_may_make(hub: ContacthubAccount, method: str, path: str, allowed: str) -> None:
    path = path.format(shop=hub.shop, nobody=NOBODY)
    passed = []
    for role in ROLES:
        hub.settings(role=role)
        if hub.api(method, path, {} if method in ("POST", "PATCH", "PUT") else None).status_code != 403:
            passed.append(role)
    assert passed == allowed.split()


def test_a_source_has_a_role_and_a_token_of_its_own(hub: ContacthubAccount) -> None:
    admin = hub.source(name="Second", role="ADMIN")
    hub.settings(role="TRUSTED_APPLICATION")
    assert hub.api("GET", CONFIGURATION).status_code == 403
    assert hub.api("GET", CONFIGURATION, token=admin["token"]).status_code == 200
    hub.source(admin["id"], enabled=False)
    assert hub.api("GET", CONFIGURATION, token=admin["token"]).status_code == 401
    with pytest.raises(AssertionError, match="role is one of"):
        hub.source(admin["id"], role="KING")


def test_a_renewed_token_replaces_the_old_one(hub: ContacthubAccount) -> None:
    admin = hub.source(name="Admin", role="ADMIN")
    renewed = hub.api("POST", f"configuration/sources/{hub.source_id}/refresh-token", token=admin["token"]).json()
    assert renewed["id"] == hub.source_id
    assert "role" not in renewed
    assert hub.api("GET", CONFIGURATION).status_code == 401
    assert hub.api("GET", CONFIGURATION, token=renewed["token"]).status_code == 200


def test_sources_come_change_and_go(hub: ContacthubAccount) -> None:
    hub.settings(role="ADMIN")
    wanted = {"provider": "CONTACTSEND", "name": "Send", "nodes": [hub.shop], "properties": {"userdbId": 6}}
    made = hub.api("POST", "configuration/sources", wanted).json()
    path = f"configuration/sources/{made['id']}"
    assert hub.api("PUT", path, wanted | {"name": "Sent"}).json()["name"] == "Sent"
    assert hub.api("GET", path).json()["properties"] == {"userdbId": 6}
    assert hub.api("POST", "configuration/sources", {"name": "Send"}).status_code == 400
    assert hub.api("POST", "configuration/sources", wanted | {"provider": "FAX"}).status_code == 400
    assert hub.api("DELETE", path).status_code == 200
    assert hub.api("GET", path).status_code == 404


def test_the_workspace_tells_how_it_is_set_up(hub: ContacthubAccount) -> None:
    hub.settings(role="ADMIN", uniqueness="MERGE")
    assert hub.api("GET", "configuration").json()["customerUniquenessPolicy"] == "MERGE"
    entries = hub.api("GET", "configuration/nodes/entries").json()["elements"]
    views = hub.api("GET", "configuration/nodes/views").json()["elements"]
    assert [node["name"] for node in entries] == ["Shop", "Newsletter"]
    assert [node["name"] for node in views] == ["Everybody"]
    assert isinstance(hub.api("GET", "configuration/properties/extended").json()["schema"], str)
    names = [one["name"] for one in hub.api("GET", "configuration/properties/base").json()["elements"]]
    assert {"firstName", "contacts", "subscriptions"} <= set(names)
    assert "CONTACTSEND" in [one["id"] for one in hub.api("GET", "models/providers").json()["elements"]]


def test_a_workspace_being_reindexed_is_read_only(hub: ContacthubAccount) -> None:
    (customer_id,) = hub.seed(1)
    hub.settings(reindexing=True)
    writes = [
        hub.api("POST", "customers", body(hub)),
        hub.api("PATCH", f"customers/{customer_id}", {}),
        hub.api("PUT", f"customers/{customer_id}", body(hub)),
        hub.api("DELETE", f"customers/{customer_id}"),
        hub.api("POST", f"customers/{customer_id}/subscriptions", {"id": "n"}),
    ]
    assert {reply.status_code for reply in writes} == {423}
    assert hub.api("GET", f"customers/{customer_id}").status_code == 200
    assert hub.ledger() == []


def test_calls_above_the_limit_are_refused(hub: ContacthubAccount) -> None:
    hub.settings(calls_per_s=2)
    replies = [hub.api("GET", CONFIGURATION) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[-1].headers["Retry-After"] == "1"


def test_unknown_paths_and_methods_are_told_in_json(hub: ContacthubAccount) -> None:
    assert hub.api("GET", "events").json()["message"] == "Not Found"
    reply = hub.api("GET", f"customers/{NOBODY}/subscriptions")
    assert (reply.status_code, reply.json()["message"]) == (405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("unauthorized", 401, "The client is not authorized"),
        ("too_many", 429, "Too Many Requests"),
        ("limit_in_200", 200, "Too Many Requests"),
        ("app_error", 500, "switched on in practice mode"),
        ("refused", 400, "source customer is not valid"),
        ("bad_gateway", 502, "<html>"),
        ("html_200", 200, "<!doctype html>"),
    ],
)
def test_a_fault_is_answered_in_contacthub_s_own_form(
    hub: ContacthubAccount, kind: str, status: int, text: str
) -> None:
    hub.fault(kind, path="customers")
    reply = hub.api("POST", "customers", body(hub))
    assert (reply.status_code, text in reply.text) == (status, True)
    assert hub.ledger() == []
    assert hub.api("POST", "customers", body(hub)).status_code == 201


def test_a_customer_may_be_created_and_never_answered(hub: ContacthubAccount) -> None:
    hub.fault("applied_unanswered", path="customers")
    with pytest.raises(requests.ConnectionError):
        hub.api("POST", "customers", body(hub))
    assert [entry["outcome"] for entry in hub.ledger()] == ["created"]
    assert hub.api("POST", "customers", body(hub)).status_code == 409


def test_the_log_of_calls_never_holds_the_token(hub: ContacthubAccount) -> None:
    hub.api("POST", "customers", body(hub))
    (call,) = hub.calls()
    assert (call["method"], call["status"], call["records"]) == ("POST", 201, 1)
    assert hub.token not in str(call)
