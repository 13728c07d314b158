"""Lists, queries and the update stream of Contacthub's emulator."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_server import Sandbox

ADA, BO = "ada@example.test", "bo@example.test"


@pytest.fixture
def hub(sandbox: Sandbox) -> ContacthubAccount:
    return sandbox.contacthub()


def listed(hub: ContacthubAccount, **params: Any) -> dict[str, Any]:
    reply = hub.api("GET", "customers", **({"nodeId": hub.shop} | params))
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def atomic(attribute: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"type": "atomic", "attribute": attribute, "operator": operator, "value": value}


def query(condition: dict[str, Any]) -> str:
    return json.dumps({"name": "q", "query": {"type": "simple", "are": {"condition": condition}}})


def found(hub: ContacthubAccount, condition: dict[str, Any]) -> list[str]:
    return [customer["externalId"] for customer in listed(hub, query=query(condition))["elements"]]


def test_pages_count_from_zero(hub: ContacthubAccount) -> None:
    hub.seed(57)
    first, last = listed(hub), listed(hub, page=2)
    assert first["page"] == {"size": 20, "totalElements": 57, "totalPages": 3, "number": 0}
    assert [len(first["elements"]), len(last["elements"])] == [20, 17]
    assert listed(hub, page=3)["elements"] == []
    assert len(listed(hub, size=50)["elements"]) == 50


@pytest.mark.parametrize(
    "wrong", [{"size": 51}, {"size": 0}, {"page": -1}, {"page": "x"}, {"sort": "updatedAt,up"}, {"query": "{"}]
)
def test_wrong_parameters_are_refused(hub: ContacthubAccount, wrong: dict[str, Any]) -> None:
    assert hub.api("GET", "customers", nodeId=hub.shop, **wrong).status_code == 400


def test_customers_are_sorted_by_any_attribute(hub: ContacthubAccount) -> None:
    ids = hub.seed(3)
    hub.save_customer(ids[0], base={"firstName": "Zoe"})
    assert [one["id"] for one in listed(hub, sort="updatedAt,desc")["elements"]] == [ids[0], ids[2], ids[1]]
    assert [one["id"] for one in listed(hub, sort="registeredAt,asc")["elements"]] == ids
    assert listed(hub, sort="base.firstName,desc")["elements"][0]["id"] == ids[0]


def test_some_fields_come_with_the_id(hub: ContacthubAccount) -> None:
    (customer_id,) = hub.seed(1)
    (row,) = listed(hub, fields="base.firstName,base.contacts.email,updatedAt")["elements"]
    assert set(row) == {"id", "base", "updatedAt"}
    assert (row["id"], row["base"]["contacts"]) == (customer_id, {"email": "customer000001@example.test"})


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (atomic("base.contacts.email", "EQUALS", "customer000002@example.test"), [2]),
        (atomic("base.contacts.email", "EQUALS", "CUSTOMER000002@example.test"), []),
        (atomic("externalId", "EQUALS", "C-3"), [3]),
        (atomic("externalId", "NOT_EQUALS", "C-3"), [1, 2, 4]),
        (atomic("externalId", "IN", ["C-1", "C-4"]), [1, 4]),
        (atomic("externalId", "NOT_IN", ["C-1", "C-4"]), [2, 3]),
        (atomic("extended.points", "BETWEEN", [2, 3]), [2, 3]),
        (atomic("extended.points", "GT", 2), [3]),
        (atomic("extended.points", "LTE", 2), [1, 2]),
        (atomic("extended.points", "GT", "2"), []),
        (atomic("extended.points", "IS_NULL"), [4]),
        (atomic("extended.points", "IS_NOT_NULL"), [1, 2, 3]),
        (
            {
                "type": "composite",
                "conjunction": "and",
                "conditions": [atomic("extended.points", "GTE", 2), atomic("externalId", "NOT_EQUALS", "C-2")],
            },
            [3],
        ),
        (
            {
                "type": "composite",
                "conjunction": "or",
                "conditions": [atomic("externalId", "EQUALS", "C-1"), atomic("externalId", "EQUALS", "C-2")],
            },
            [1, 2],
        ),
    ],
)
def test_customers_are_found_by_conditions(
    hub: ContacthubAccount, condition: dict[str, Any], numbers: list[int]
) -> None:
    for number in (1, 2, 3):
        hub.seed(1, number, extended={"points": number})
    hub.seed(1, 4)
    assert found(hub, condition) == [f"C-{number}" for number in numbers]


def test_queries_are_combined(hub: ContacthubAccount) -> None:
    hub.seed(3)
    queries = [
        {"type": "simple", "are": {"condition": atomic("externalId", "IN", ["C-1", "C-2"])}},
        {"type": "simple", "are": {"condition": atomic("externalId", "EQUALS", "C-2")}},
    ]
    for conjunction, numbers in (("INTERSECT", [2]), ("UNION", [1, 2]), ("EXCEPT", [1])):
        combined = {"name": "q", "query": {"type": "combined", "conjunction": conjunction, "queries": queries}}
        rows = listed(hub, query=json.dumps(combined))["elements"]
        assert [row["externalId"] for row in rows] == [f"C-{number}" for number in numbers]


def test_customers_are_found_by_external_id_and_by_their_last_change(hub: ContacthubAccount) -> None:
    ids = hub.seed(3)
    assert [one["id"] for one in listed(hub, externalId="C-2")["elements"]] == [ids[1]]
    second = hub.customers()[1]["updatedAt"]
    for written in (second, f"{second[:23]}Z", second.replace("+0000", "+00:00")):
        assert found(hub, atomic("updatedAt", "GTE", written)) == ["C-2", "C-3"]
    assert found(hub, atomic("updatedAt", "EQUALS", second)) == ["C-2"]


@pytest.mark.parametrize("condition", [{}, atomic("externalId", "LIKE", "C"), atomic("updatedAt", "GTE", "soon")])
def test_an_unknown_condition_is_refused(hub: ContacthubAccount, condition: dict[str, Any]) -> None:
    assert hub.api("GET", "customers", nodeId=hub.shop, query=query(condition)).status_code == 400


def test_a_view_shows_the_customers_of_its_nodes(hub: ContacthubAccount) -> None:
    hub.save_person(ADA)
    hub.save_person(BO, hub.node("Newsletter"))
    rows = listed(hub, nodeId=hub.everybody)["elements"]
    assert [row["base"]["contacts"]["email"] for row in rows] == [ADA, BO]
    updates = hub.api("GET", "updates", nodeId=hub.everybody, entity="CUSTOMER").json()["updates"]
    assert len(updates) == 2


def test_lists_are_behind_but_a_customer_is_read_as_it_is(hub: ContacthubAccount) -> None:
    hub.save_person(ADA, firstName="Ada")
    hub.settings(search_delay_s=0.4)
    customer = hub.customer(ADA)
    hub.save_customer(customer["id"], base={"firstName": "Augusta"})
    hub.save_person(BO)
    (row,) = listed(hub)["elements"]
    assert row["base"]["firstName"] == "Ada"
    assert hub.api("GET", f"customers/{customer['id']}").json()["base"]["firstName"] == "Augusta"
    until = time.monotonic() + 10
    while len(listed(hub)["elements"]) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert {row["base"]["firstName"] for row in listed(hub)["elements"]} == {"Augusta", None}


def test_the_stream_tells_what_happened_after_an_offset(hub: ContacthubAccount) -> None:
    first = hub.save_person(ADA)
    hub.save_customer(first["id"], base={"firstName": "Ada"})
    hub.save_person(BO, hub.node("Newsletter"))
    hub.remove_customer(first["id"])
    stream = {"nodeId": hub.shop, "entity": "CUSTOMER"}
    assert hub.api("GET", "updates/last-offset", **stream).json() == {"lastOffset": 4}
    told = hub.api("GET", "updates", offset=0, **stream).json()
    assert [one["operation"] for one in told["updates"]] == ["CREATE", "UPDATE", "DELETE"]
    assert told["nextOffset"] == 4
    names = [one["entity"]["data"]["base"]["firstName"] for one in told["updates"]]
    assert names == [None, "Ada", "Ada"]
    page = hub.api("GET", "updates", offset=1, size=1, **stream).json()
    assert ([one["operation"] for one in page["updates"]], page["nextOffset"]) == (["UPDATE"], 2)
    assert hub.api("GET", "updates", offset=4, **stream).json() == {"nextOffset": 4, "updates": []}


def test_the_stream_can_start_at_a_time(hub: ContacthubAccount) -> None:
    hub.seed(2)
    time.sleep(0.005)
    now = int(time.time() * 1000)
    hub.save_person(ADA)
    stream = {"nodeId": hub.shop, "entity": "CUSTOMER"}
    assert len(hub.api("GET", "updates", timestamp=now - 1, **stream).json()["updates"]) == 1
    assert len(hub.api("GET", "updates", timestamp=0, offset=2, **stream).json()["updates"]) == 1
    assert len(hub.api("GET", "updates", **stream).json()["updates"]) == 3


@pytest.mark.parametrize("wrong", [{"size": 4001}, {"entity": "NODE"}, {"offset": "x"}])
def test_the_stream_refuses_what_it_does_not_know(hub: ContacthubAccount, wrong: dict[str, Any]) -> None:
    sent = {"nodeId": hub.shop, "entity": "CUSTOMER"} | wrong
    assert hub.api("GET", "updates", **sent).status_code == 400


def test_there_are_no_events(hub: ContacthubAccount) -> None:
    hub.seed(1)
    stream = {"nodeId": hub.shop, "entity": "EVENT"}
    assert hub.api("GET", "updates/last-offset", **stream).json() == {"lastOffset": 0}
    assert hub.api("GET", "updates", **stream).json()["updates"] == []
