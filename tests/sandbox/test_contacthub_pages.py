"""The pages of a Contacthub account, as someone with a browser uses them; and what is kept over a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"


@pytest.fixture
def hub(sandbox: Sandbox) -> ContacthubAccount:
    return sandbox.contacthub()


def get(hub: ContacthubAccount, path: str = "") -> str:
    reply = requests.get(f"{hub.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(hub: ContacthubAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{hub.url}/{path}", data=form, timeout=10)


def test_every_page_opens(hub: ContacthubAccount) -> None:
    (customer_id,) = hub.seed(1)
    hub.subscribe(customer_id, "news")
    node = f"nodes/{hub.shop}"
    for path in ("", node, f"{node}/customers/new", f"customers/{customer_id}", "sources", "ledger", "settings"):
        text = get(hub, path)
        assert '<html lang="en">' in text
        assert "<h1>" in text
        assert "<script" not in text


@pytest.mark.parametrize("path", ["nodes/nobody", "nodes/nobody/customers/new", "customers/nobody", "nowhere"])
def test_what_is_not_there_is_404(hub: ContacthubAccount, path: str) -> None:
    assert requests.get(f"{hub.url}/{path}", timeout=10).status_code == 404


def test_nodes_are_made_and_deleted_with_their_customers(hub: ContacthubAccount) -> None:
    assert "The node was made" in post(hub, "", name="Outlet").text
    outlet = next(node["id"] for node in hub.workspace()["nodes"] if node["name"] == "Outlet")
    post(hub, "", name="Shops", shows=[hub.shop, outlet])
    assert "10 customers were added" in post(hub, f"nodes/{outlet}/seed").text
    views = {node["name"]: node["customers"] for node in hub.workspace()["nodes"] if node["is_view"]}
    assert views == {"Everybody": 0, "Shops": 10}
    assert "a node needs a name" in post(hub, "", name=" ").text
    post(hub, f"nodes/{outlet}/delete")
    assert outlet not in get(hub)
    assert [update["operation"] for update in hub.updates()[-10:]] == ["DELETE"] * 10


def test_customers_are_listed_newest_first_in_pages_and_found(hub: ContacthubAccount) -> None:
    hub.seed(60)
    node = f"nodes/{hub.shop}"
    first, second = get(hub, node), get(hub, f"{node}?offset=50")
    assert first.index("Customer 60<") < first.index("Customer 11<")
    assert "Customer 10<" in second
    assert "60 customers" in first
    for text in ("000042", "c-42", "customer 42"):
        assert "Customer 42<" in get(hub, f"{node}?q={text}")
    assert "match “nobody”" in get(hub, f"{node}?q=nobody")


def test_a_customer_is_added_changed_and_deleted(hub: ContacthubAccount) -> None:
    new = f"nodes/{hub.shop}/customers/new"
    form = {
        "base.contacts.email": ADA,
        "base.firstName": "Ada",
        "tags.manual": "vip, new",
        "extended.points": "5",
        "extended.clubMember": "yes",
        "extended.favouriteShops": "Odense, Aarhus",
        "enabled": "yes",
    }
    assert "The customer was added" in post(hub, new, **form).text
    customer = hub.customer(ADA)
    assert customer["tags"] == {"auto": [], "manual": ["vip", "new"]}
    assert customer["extended"] == {"points": 5, "clubMember": True, "favouriteShops": ["Odense", "Aarhus"]}
    path = f"customers/{customer['id']}"
    assert 'value="vip, new"' in get(hub, path)
    said = post(hub, path, **(form | {"action": "save", "base.firstName": "", "base.address.geo.lat": "55.4"})).text
    assert "The customer was saved" in said
    after = hub.customer(ADA)
    assert (after["base"]["firstName"], after["base"]["address"]["geo"]) == (None, {"lat": 55.4})
    assert hub.ledger()[-1]["fields"] == ["base.firstName", "base.address.geo.lat"]
    assert "Nothing was changed" in post(hub, path, **(form | {"action": "save", "base.firstName": ""})).text
    assert "changed" in get(hub, path)
    assert "The customer was deleted" in post(hub, path, action="delete").text
    assert hub.customer_count() == 0


def test_what_the_schema_does_not_take_is_said_and_kept_in_the_form(hub: ContacthubAccount) -> None:
    new = f"nodes/{hub.shop}/customers/new"
    for wrong in ({"base.dob": "yesterday"}, {"extended.points": "many"}):
        reply = post(hub, new, **({"base.firstName": "Ada"} | wrong))
        assert reply.status_code == 400
        assert "Not added" in reply.text
        assert 'value="Ada"' in reply.text
    hub.save_person(ADA)
    assert "Conflict with exiting customer" in post(hub, new, **{"base.contacts.email": ADA}).text
    customer_id = hub.customer(ADA)["id"]
    assert "there is no such button" in post(hub, f"customers/{customer_id}", action="dance").text


def test_subscriptions_are_added_and_switched(hub: ContacthubAccount) -> None:
    customer = hub.save_person(ADA)
    path = f"customers/{customer['id']}"
    post(hub, path, action="subscribe", subscription="news", state="subscribed")
    (one,) = hub.customer(ADA)["base"]["subscriptions"]
    assert (one["id"], one["subscribed"]) == ("news", True)
    post(hub, path, action="subscribe", subscription="news", state="unsubscribed")
    (one,) = hub.customer(ADA)["base"]["subscriptions"]
    assert one["subscribed"] is False
    assert "a subscription needs an id" in post(hub, path, action="subscribe", subscription=" ").text


def test_roles_and_tokens_are_changed_per_source(hub: ContacthubAccount) -> None:
    post(hub, "sources", id=hub.source_id, role="GUEST", action="save")
    assert hub.settings()["role"] == "GUEST"
    post(hub, "sources", id=hub.source_id, role="GUEST", action="renew")
    assert hub.api("GET", "customers", nodeId=hub.shop).status_code == 401
    assert "Not saved" in post(hub, "sources", id=hub.source_id, role="KING").text


def test_settings_show_what_a_connection_needs(hub: ContacthubAccount) -> None:
    text = get(hub, "settings")
    for needed in (hub.api_address, hub.workspace_id, hub.token, hub.shop):
        assert needed in text


def test_settings_are_saved_or_refused_whole(hub: ContacthubAccount) -> None:
    form = {"role": "ADMIN", "uniqueness": "MERGE", "reindexing": "yes", "search_delay_s": "2", "latency_ms": ""}
    assert post(hub, "settings", **form).status_code == 400
    assert hub.settings()["role"] == "USER"
    assert "saved" in post(hub, "settings", **(form | {"latency_ms": "1"})).text
    settings = hub.settings()
    assert (settings["role"], settings["uniqueness"], settings["reindexing"]) == ("ADMIN", "MERGE", True)
    assert "search_delay_s is a number from 0 to 60" in post(hub, "settings", search_delay_s="61").text
    assert "role is one of" in post(hub, "settings", role="KING").text


def test_all_customers_are_deleted_by_a_button(hub: ContacthubAccount) -> None:
    hub.seed(2)
    node = hub.add_node("Kept")
    post(hub, "clear")
    assert (hub.customer_count(), hub.updates(), hub.customer_count(node)) == (0, [], 0)


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "practice.json"
    with Sandbox(state=state) as sandbox:
        hub = sandbox.contacthub("third")
        hub.settings(role="ADMIN", uniqueness="MERGE")
        outlet = hub.add_node("Outlet")
        hub.save_person(ADA, outlet, firstName="Ada")
        gone = hub.save_person("gone@example.test")
        hub.subscribe(hub.customer(ADA, outlet)["id"], "news")
        hub.remove_customer(gone["id"])
        before = everything(hub, outlet)
    with Sandbox(state=state) as sandbox:
        hub = sandbox.contacthub("third")
        assert everything(hub, outlet) == before
        assert hub.save_person(ADA, outlet)["base"]["firstName"] == "Ada"
        assert len(hub.api("GET", "customers", nodeId=outlet).json()["elements"]) == 1


def everything(hub: ContacthubAccount, outlet: str) -> list[object]:
    return [hub.settings(), hub.workspace(), hub.customers(), hub.customers(outlet), hub.updates(), hub.ledger()]
