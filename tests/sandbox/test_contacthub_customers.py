"""Writing customers and their subscriptions in Contacthub's emulator."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_server import Sandbox

ADA, BO = "ada@example.test", "bo@example.test"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")


@pytest.fixture
def hub(sandbox: Sandbox) -> ContacthubAccount:
    return sandbox.contacthub()


def create(hub: ContacthubAccount, email: str = ADA, **parts: Any) -> dict[str, Any]:
    base = {"contacts": {"email": email}, **parts.pop("base", {})}
    reply = hub.api("POST", "customers", {"nodeId": hub.shop, "base": base, **parts})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


def patch(hub: ContacthubAccount, customer_id: str, body: Any) -> dict[str, Any]:
    reply = hub.api("PATCH", f"customers/{customer_id}", body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_a_new_customer_has_every_key_and_names_its_source(hub: ContacthubAccount) -> None:
    customer = create(hub, externalId="C-1", extended={"loyaltyLevel": "gold"}, base={"firstName": "Ada"})
    assert customer["base"]["contacts"]["phone"] is None
    assert customer["base"]["address"]["city"] is None
    assert (customer["base"]["credential"], customer["base"]["jobs"]) == (None, [])
    assert (customer["nodeId"], customer["enabled"], customer["externalId"]) == (hub.shop, True, "C-1")
    assert customer["tags"] == {"auto": [], "manual": []}
    assert STAMP.fullmatch(customer["registeredAt"])
    assert customer["registeredAt"] == customer["updatedAt"]
    assert customer["sourceInfo"] == {"registeredBy": hub.source_id, "updatedBy": hub.source_id}
    assert hub.api("GET", f"customers/{customer['id']}").json() == customer


def test_a_second_customer_of_an_address_conflicts_whatever_its_case(hub: ContacthubAccount) -> None:
    first = create(hub)
    reply = hub.api("POST", "customers", {"nodeId": hub.shop, "base": {"contacts": {"email": ADA.upper()}}})
    assert reply.status_code == 409
    assert reply.json()["message"] == f"Conflict with exiting customer {first['id']}"
    assert reply.json()["data"]["customer"]["id"] == first["id"]
    assert reply.json()["data"]["customer"]["href"].endswith(first["id"])


def test_an_untrusted_source_is_not_told_which_customer(hub: ContacthubAccount) -> None:
    first = create(hub)
    hub.settings(role="UNTRUSTED_APPLICATION")
    reply = hub.api("POST", "customers", {"nodeId": hub.shop, "base": {"contacts": {"email": ADA}}})
    assert (reply.status_code, reply.json()["data"]) == (409, None)
    assert first["id"] not in reply.text


def test_a_workspace_that_merges_answers_with_the_first_customer(hub: ContacthubAccount) -> None:
    hub.settings(uniqueness="MERGE")
    first = create(hub, base={"firstName": "Ada"})
    second = create(hub, base={"lastName": "Lovelace"})
    assert second["id"] == first["id"]
    assert (second["base"]["firstName"], second["base"]["lastName"]) == ("Ada", "Lovelace")
    assert second["registeredAt"] == first["registeredAt"]
    assert [entry["outcome"] for entry in hub.ledger()] == ["created", "merged"]


def test_nothing_is_unique_where_nothing_is_checked_nor_over_nodes(hub: ContacthubAccount) -> None:
    create(hub)
    other = {"nodeId": hub.node("Newsletter"), "base": {"contacts": {"email": ADA}}}
    assert hub.api("POST", "customers", other).status_code == 201
    hub.settings(uniqueness="NO_CHECK")
    create(hub)
    assert len(hub.customers(email=ADA)) == 2


@pytest.mark.parametrize("uniqueness", ["BLOCK", "MERGE"])
def test_a_patch_to_somebody_else_s_address_conflicts(hub: ContacthubAccount, uniqueness: str) -> None:
    hub.settings(uniqueness=uniqueness)
    first, second = create(hub), create(hub, BO)
    reply = hub.api("PATCH", f"customers/{second['id']}", {"base": {"contacts": {"email": ADA}}})
    assert (reply.status_code, reply.json()["data"]["customer"]["id"]) == (409, first["id"])
    assert patch(hub, first["id"], {"base": {"contacts": {"email": ADA}}})["id"] == first["id"]


def test_an_address_is_free_again_once_it_was_changed_or_its_customer_deleted(hub: ContacthubAccount) -> None:
    first = create(hub)
    patch(hub, first["id"], {"base": {"contacts": {"email": BO}}})
    second = create(hub)
    hub.api("DELETE", f"customers/{second['id']}")
    create(hub)
    assert hub.customer_count() == 2


def test_a_patch_changes_what_was_sent_and_null_clears(hub: ContacthubAccount) -> None:
    first = create(hub, base={"firstName": "Ada", "address": {"city": "Odense"}}, extended={"points": 5})
    after = patch(
        hub, first["id"], {"base": {"address": {"zip": "5000"}, "firstName": None}, "extended": {"points": 6}}
    )
    assert (after["base"]["address"]["city"], after["base"]["address"]["zip"]) == ("Odense", "5000")
    assert (after["base"]["firstName"], after["base"]["contacts"]["email"]) == (None, ADA)
    assert after["extended"] == {"points": 6}
    assert after["updatedAt"] >= first["updatedAt"]


def test_tags_are_written_whole(hub: ContacthubAccount) -> None:
    first = create(hub, tags={"auto": ["a"], "manual": ["vip"]})
    assert patch(hub, first["id"], {"tags": {"manual": ["new"]}})["tags"] == {"auto": [], "manual": ["new"]}


def test_a_put_clears_what_is_absent(hub: ContacthubAccount) -> None:
    first = create(hub, base={"firstName": "Ada"}, extended={"points": 5}, externalId="C-1")
    sent = {"nodeId": hub.shop, "id": first["id"], "base": {"contacts": {"email": ADA}}}
    after = hub.api("PUT", f"customers/{first['id']}", sent).json()
    assert (after["base"]["firstName"], after["extended"], after["externalId"]) == (None, {}, None)
    assert after["registeredAt"] == first["registeredAt"]


def test_a_customer_written_back_as_it_was_read_is_refused(hub: ContacthubAccount) -> None:
    first = create(hub)
    reply = hub.api("PUT", f"customers/{first['id']}", first)
    assert reply.status_code == 400
    assert "/base/timezone" in [error["path"] for error in reply.json()["errors"]]


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"colour": "red"}, ""),
        ({"base": {"nickname": "Ada"}}, "/base"),
        ({"base": {"contacts": {"telex": "1"}}}, "/base/contacts"),
        ({"base": {"contacts": {"otherContacts": [{"value": "1", "telex": 1}]}}}, "/base/contacts/otherContacts/0"),
        ({"base": {"contacts": {"otherContacts": [{"type": None}]}}}, "/base/contacts/otherContacts/0/type"),
        ({"base": {"contacts": {"otherContacts": None}}}, "/base/contacts/otherContacts"),
        ({"base": {"address": {"street2": "x"}}}, "/base/address"),
        ({"base": {"address": {"geo": {"height": 1}}}}, "/base/address/geo"),
        ({"base": {"credential": {"pin": "x"}}}, "/base/credential"),
        ({"base": {"socialProfile": {"fax": "x"}}}, "/base/socialProfile"),
        ({"base": {"firstName": 7}}, "/base/firstName"),
        ({"base": {"dob": "11/02/1984"}}, "/base/dob"),
        ({"base": {"locale": "Italian"}}, "/base/locale"),
        ({"base": {"timezone": "UTC"}}, "/base/timezone"),
        ({"base": {"timezone": "Europe/Kyiv"}}, "/base/timezone"),
        ({"base": {"timezone": None}}, "/base/timezone"),
        ({"base": {"subscriptions": None}}, "/base/subscriptions"),
        ({"base": {"subscriptions": [{"subscribed": True}]}}, "/base/subscriptions/0"),
        ({"base": {"subscriptions": [{"id": "n", "kind": None}]}}, "/base/subscriptions/0/kind"),
        ({"extended": {"shoeSize": 43}}, "/extended"),
        ({"extended": {"loyaltyLevel": "platinum"}}, "/extended/loyaltyLevel"),
        ({"extended": {"points": "5"}}, "/extended/points"),
        ({"externalId": None}, "/externalId"),
        ({"extra": None}, "/extra"),
        ({"consents": None}, "/consents"),
        ({"tags": {"manual": None}}, "/tags/manual"),
        ({"enabled": None}, "/enabled"),
    ],
)
def test_what_the_schema_does_not_take_is_refused_with_its_path(
    hub: ContacthubAccount, parts: dict[str, Any], path: str
) -> None:
    reply = hub.api("POST", "customers", {"nodeId": hub.shop, **parts})
    assert (reply.status_code, reply.json()["message"]) == (400, "source customer is not valid")
    assert [error["path"] for error in reply.json()["errors"]] == [path]
    assert hub.customer_count() == 0


def test_open_objects_take_other_keys(hub: ContacthubAccount) -> None:
    customer = create(hub, base={"subscriptions": [{"id": "n", "shelf": 7}], "jobs": [{"id": "j", "desk": 1}]})
    assert customer["base"]["subscriptions"][0]["shelf"] == 7


@pytest.mark.parametrize("part", ["base", "extended", "extra"])
def test_a_part_has_at_most_64_kb(hub: ContacthubAccount, part: str) -> None:
    long = "è" * 33_000
    value = {"base": {"firstName": long}, "extended": {"cardNumber": long}, "extra": long}[part]
    reply = hub.api("POST", "customers", {"nodeId": hub.shop, part: value})
    assert (reply.status_code, reply.json()["errors"][0]["path"]) == (400, f"/{part}")


def test_a_patch_has_no_node_and_no_other_id(hub: ContacthubAccount) -> None:
    first = create(hub)
    assert hub.api("PATCH", f"customers/{first['id']}", {"nodeId": hub.shop}).status_code == 400
    assert hub.api("PATCH", f"customers/{first['id']}", {"id": "another"}).status_code == 400
    assert hub.api("PATCH", f"customers/{first['id']}", {"id": first["id"]}).status_code == 200


def test_a_view_is_not_written_to(hub: ContacthubAccount) -> None:
    reply = hub.api("POST", "customers", {"nodeId": hub.everybody})
    assert (reply.status_code, reply.json()["errors"][0]["path"]) == (400, "/nodeId")
    assert hub.api("POST", "customers", {}).status_code == 404


def test_a_deleted_customer_is_not_found(hub: ContacthubAccount) -> None:
    first = create(hub)
    reply = hub.api("DELETE", f"customers/{first['id']}")
    assert (reply.status_code, reply.content) == (200, b"")
    for method in ("GET", "DELETE"):
        assert hub.api(method, f"customers/{first['id']}").status_code == 404


def test_subscriptions_are_a_resource_of_their_own(hub: ContacthubAccount) -> None:
    first = create(hub)
    path = f"customers/{first['id']}/subscriptions"
    made = hub.api("POST", path, {"id": "news", "subscribed": True, "kind": "DIGITAL_MESSAGE"})
    assert made.status_code == 201
    assert (made.json()["subscribed"], made.json()["preferences"]) == (True, [])
    assert hub.api("POST", path, {"id": "news"}).status_code == 409
    changed = hub.api("PUT", f"{path}/news", {"id": "news", "subscribed": False}).json()
    assert (changed["subscribed"], changed["kind"]) == (False, None)
    assert changed["registeredAt"] == made.json()["registeredAt"]
    assert hub.api("GET", f"{path}/news").json() == changed
    assert hub.customer(ADA)["base"]["subscriptions"] == [changed]
    assert hub.api("PUT", f"{path}/other", {"id": "other"}).status_code == 404
    assert hub.api("PUT", f"{path}/news", {"id": "other"}).status_code == 400
    assert hub.api("PUT", f"{path}/news", {"id": "news", "kind": None}).status_code == 400
    assert hub.api("DELETE", f"{path}/news").status_code == 200
    assert hub.customer(ADA)["base"]["subscriptions"] == []
    assert [entry["fields"] for entry in hub.ledger()][1:3] == [["news", "subscribed"], ["news", "unsubscribed"]]


def test_a_subscription_that_changes_is_a_change_of_the_customer(hub: ContacthubAccount) -> None:
    customer = hub.save_person(ADA)
    assert customer["sourceInfo"]["updatedBy"] != hub.source_id
    hub.api("POST", f"customers/{customer['id']}/subscriptions", {"id": "news"})
    assert hub.customer(ADA)["sourceInfo"]["updatedBy"] == hub.source_id
    assert [update["operation"] for update in hub.updates()] == ["CREATE", "UPDATE"]
    hub.subscribe(customer["id"], "news", False)
    assert hub.updates()[-1]["updated_by"] != hub.source_id


def test_what_is_not_json_is_refused(hub: ContacthubAccount) -> None:
    for raw in (b"", b"{", b"[" * 100_000, b'"\\ud800"', b"[]"):
        reply = hub.sandbox.http.post(
            f"{hub.api_address}/workspaces/{hub.workspace_id}/customers",
            data=raw,
            headers={"Authorization": f"Bearer {hub.token}"},
            timeout=10,
        )
        assert reply.status_code == 400
