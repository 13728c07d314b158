"""Loyalty's API over HTTP: one by one and in batches, what is refused and how, and that a repeat changes nothing."""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from integrations.sources.loyalty.models import Account, Customer, Movement
from tests.core.api_client import Program, refused
from tests.crawl import everything_stored

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/loyalty/customers"
MOVEMENTS = "/api/loyalty/movements"
PINS = "/api/loyalty/pins"
PIN = "canary4821"
at_once = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory refuses where a file would wait")


@pytest.fixture
def shop() -> Program:
    return Program("loyalty")


def customer(shop: Program, **changes: Any) -> int:
    response = shop.post(CUSTOMERS, {"external_id": "c-1", "email": "anna@example.test", **changes})
    assert response.status_code == 201, response.content
    return int(response.json()["id"])


def movement(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"external_id": f"m-{number}", "customer_external_id": "c-1", "value": 10, **changes}


def balance() -> int:
    return Account.objects.get().balance


def send(shop: Program, path: str, rows: list[Any], **options: Any) -> Any:
    return shop.post(f"{path}/batch", {"rows": rows, **options})


# -- customers --------------------------------------------------------------------------------------


def test_a_customer_is_created_changed_and_read(shop: Program) -> None:
    pk = customer(shop, first_name="Anna")
    response = shop.post(CUSTOMERS, {"external_id": "c-1", "last_name": "Nielsen"})
    assert (response.status_code, response.json()) == (200, {"outcome": "updated", "id": pk})
    assert shop.post(CUSTOMERS, {"external_id": "c-1", "last_name": "Nielsen"}).json()["outcome"] == "unchanged"
    read = shop.get(f"{CUSTOMERS}/{pk}").json()
    assert {name: read[name] for name in ("id", "external_id", "email", "first_name", "last_name", "balance")} == {
        "id": pk,
        "external_id": "c-1",
        "email": "anna@example.test",
        "first_name": "Anna",
        "last_name": "Nielsen",
        "balance": 0,
    }


@pytest.mark.parametrize("query", [{"email": "ANNA@example.test"}, {"external_id": "c-1"}])
def test_a_customer_is_found_by_email_without_regard_to_case_or_by_own_id(shop: Program, query: dict[str, str]) -> None:
    pk = customer(shop)
    customer(shop, external_id="c-2", email="")
    assert [row["id"] for row in shop.get(CUSTOMERS, **query).json()["rows"]] == [pk]


@pytest.mark.parametrize("query", [{"email": ""}, {"email": "nobody@example.test"}, {"external_id": "c-9"}])
def test_nobody_is_found_by_what_nobody_has(shop: Program, query: dict[str, str]) -> None:
    customer(shop, email="")
    assert shop.get(CUSTOMERS, **query).json() == {"rows": [], "next": None}


def test_customers_are_listed_page_by_page(shop: Program) -> None:
    ids = [customer(shop, external_id=f"c-{number}", email="") for number in range(5)]
    first = shop.get(CUSTOMERS, limit=2).json()
    second = shop.get(CUSTOMERS, limit=2, after=first["next"]).json()
    third = shop.get(CUSTOMERS, limit=2, after=second["next"]).json()
    assert [row["id"] for page in (first, second, third) for row in page["rows"]] == ids
    assert third["next"] is None
    assert shop.get(CUSTOMERS, limit=5).json()["next"] is None


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"after": -1}, {"after": 2**63}])
def test_a_page_that_cannot_be_is_refused(shop: Program, query: dict[str, Any]) -> None:
    field, _ = refused(shop.get(CUSTOMERS, **query), 422)
    assert field == next(iter(query))


@pytest.mark.parametrize("path", [f"{CUSTOMERS}/1", f"{CUSTOMERS}/{2**70}", f"{CUSTOMERS}/1/movements"])
def test_an_unknown_customer_is_not_found(shop: Program, path: str) -> None:
    refused(shop.get(path), 404)


def test_another_ones_email_is_refused(shop: Program) -> None:
    customer(shop)
    field, _ = refused(shop.post(CUSTOMERS, {"external_id": "c-2", "email": "Anna@Example.test"}), 422)
    assert field == "email"


def test_another_ones_id_is_a_conflict(shop: Program) -> None:
    pk = customer(shop)
    customer(shop, external_id="c-2", email="")
    field, _ = refused(shop.post(CUSTOMERS, {"id": pk, "external_id": "c-2"}), 409)
    assert field == "external_id"


# -- movements --------------------------------------------------------------------------------------


def test_movements_are_recorded_and_listed(shop: Program) -> None:
    pk = customer(shop)
    earned = movement(1, value=120, moved_at="2026-03-09T18:22:10+01:00", expires_on="2099-03-10", reason="review")
    assert shop.post(MOVEMENTS, earned).status_code == 201
    assert shop.post(MOVEMENTS, movement(2, value=-30)).status_code == 201
    first, second = shop.get(f"{CUSTOMERS}/{pk}/movements").json()["rows"]
    assert first["moved_at"] == "2026-03-09T17:22:10Z"
    assert (first["value"], first["remaining"], first["reason"], first["expires_on"]) == (
        120,
        90,
        "review",
        "2099-03-10",
    )
    assert (second["value"], second["reason"], second["external_id"]) == (-30, "spending", "m-2")
    read = shop.get(f"{CUSTOMERS}/{pk}").json()
    assert (read["balance"], read["next_expiry"], read["next_expiry_points"]) == (90, "2099-03-10", 90)


def test_movements_are_listed_page_by_page(shop: Program) -> None:
    pk = customer(shop)
    send(shop, MOVEMENTS, [movement(number) for number in range(5)])
    path = f"{CUSTOMERS}/{pk}/movements"
    first = shop.get(path, limit=3).json()
    second = shop.get(path, limit=3, after=first["next"]).json()
    assert [row["external_id"] for page in (first, second) for row in page["rows"]] == [f"m-{n}" for n in range(5)]
    assert second["next"] is None


def test_the_same_movement_again_changes_nothing(shop: Program) -> None:
    customer(shop)
    sent = movement(1, moved_at="2026-03-09T18:22:10Z")
    first, again = shop.post(MOVEMENTS, sent), shop.post(MOVEMENTS, sent)
    assert (first.status_code, again.status_code, again.json()["outcome"]) == (201, 200, "duplicate")
    assert again.json()["id"] == first.json()["id"]
    assert balance() == 10


def test_the_same_id_with_other_content_is_a_conflict(shop: Program) -> None:
    customer(shop)
    shop.post(MOVEMENTS, movement(1))
    field, _ = refused(shop.post(MOVEMENTS, movement(1, value=11)), 409)
    assert field == "external_id"
    assert balance() == 10


BAD_MOVEMENTS = {
    "points as text": ({"value": "10"}, "value"),
    "points with decimals": ({"value": 1.5}, "value"),
    "points as yes or no": ({"value": True}, "value"),
    "no points": ({"value": None}, "value"),
    "0 points": ({"value": 0}, "value"),
    "more points than can be": ({"value": 10**30}, "value"),
    "more spent than there is": ({"value": -100}, "value"),
    "an unknown customer": ({"customer_external_id": "c-9"}, "customer_external_id"),
    "an unknown customer by our id": ({"customer_external_id": None, "customer_id": 2**62}, "customer_id"),
    "no customer": ({"customer_external_id": None}, "customer_id"),
    "no id": ({"external_id": None}, "external_id"),
    "an empty id": ({"external_id": ""}, "external_id"),
    "a blank id": ({"external_id": "  "}, "external_id"),
    "a number as id": ({"external_id": 7}, "external_id"),
    "an id that is too long": ({"external_id": "x" * 101}, "external_id"),
    "an id that can't be stored": ({"external_id": "a\0b"}, "external_id"),
    "half a character": ({"external_id": "a\ud800"}, "external_id"),
    "an unknown reason": ({"reason": "whim"}, "reason"),
    "expiry as a reason": ({"reason": "expiry"}, "reason"),
    "expiry before it was earned": ({"expires_on": "2020-01-01"}, "expires_on"),
    "expiry in a thousand years": ({"expires_on": "3026-01-01"}, "expires_on"),
    "expiry of a spending": ({"value": -1, "expires_on": "2099-01-01"}, "expires_on"),
    "expiry as days": ({"expires_on": -30}, "expires_on"),
    "a day that doesn't exist": ({"expires_on": "2027-02-30"}, "expires_on"),
    "a Unix time": ({"moved_at": 1773080530}, "moved_at"),
    "a Unix time as text": ({"moved_at": "1773080530"}, "moved_at"),
    "a time without zone": ({"moved_at": "2026-03-09T18:22:10"}, "moved_at"),
    "a time long ago": ({"moved_at": "1999-12-31T23:00:00Z"}, "moved_at"),
    "a time to come": ({"moved_at": "2099-01-01T00:00:00Z"}, "moved_at"),
    "a year out of range": ({"moved_at": "0001-01-01T00:00:00+23:59"}, "moved_at"),
    "the last moment there is": ({"moved_at": "9999-12-31T23:59:59-23:59"}, "moved_at"),
    "a field that isn't one": ({"points": 10}, "points"),
}


@pytest.mark.parametrize("name", BAD_MOVEMENTS)
def test_a_bad_movement_is_refused_by_field_and_refuses_no_other(shop: Program, name: str) -> None:
    changes, field = BAD_MOVEMENTS[name]
    customer(shop)
    bad = {key: value for key, value in movement(2, **changes).items() if value is not None}
    found, _ = refused(shop.post(MOVEMENTS, bad), 422)
    assert found == field
    response = send(shop, MOVEMENTS, [movement(1), bad, movement(3)])
    rows = response.json()["rows"]
    assert [row["outcome"] for row in rows] == ["created", "refused", "created"]
    assert rows[1]["error"]["field"] == field
    assert rows[1]["error"]["message"].endswith(".")
    assert response.json()["counts"] == {"created": 2, "refused": 1}
    assert balance() == 20


@pytest.mark.parametrize("bad", [None, 7, "text", [], [movement(9)]])
def test_a_row_that_is_no_object_is_refused_and_refuses_no_other(shop: Program, bad: Any) -> None:
    customer(shop)
    rows = send(shop, MOVEMENTS, [bad, movement(1)]).json()["rows"]
    assert [(row["index"], row["outcome"]) for row in rows] == [(0, "refused"), (1, "created")]


def test_duplicates_inside_a_batch_count_once(shop: Program) -> None:
    customer(shop)
    response = send(shop, MOVEMENTS, [movement(1), movement(1), movement(1, value=11)])
    assert [row["outcome"] for row in response.json()["rows"]] == ["created", "duplicate", "refused"]
    assert balance() == 10


def test_a_batch_sent_again_changes_nothing(shop: Program) -> None:
    customer(shop)
    rows = [movement(number) for number in range(50)]
    first, again = send(shop, MOVEMENTS, rows), send(shop, MOVEMENTS, rows)
    assert first.json()["counts"] == {"created": 50}
    assert again.json()["counts"] == {"duplicate": 50}
    assert [row["id"] for row in again.json()["rows"]] == [row["id"] for row in first.json()["rows"]]
    assert balance() == 500


# -- all or nothing ---------------------------------------------------------------------------------


def test_all_or_nothing_keeps_nothing_and_names_each_bad_row(shop: Program) -> None:
    customer(shop)
    rows = [movement(1), movement(2, value="10"), movement(3), movement(4, customer_external_id="c-9")]
    response = send(shop, MOVEMENTS, rows, all_or_nothing=True)
    _, message = refused(response, 422)
    assert "2 of 4 rows" in message
    assert [(row["index"], row["error"]["field"]) for row in response.json()["rows"]] == [
        (1, "value"),
        (3, "customer_external_id"),
    ]
    assert not Movement.objects.exists()
    assert balance() == 0


def test_all_or_nothing_keeps_all_when_all_are_good(shop: Program) -> None:
    customer(shop)
    response = send(shop, MOVEMENTS, [movement(1), movement(2)], all_or_nothing=True)
    assert (response.status_code, response.json()["counts"]) == (200, {"created": 2})
    assert balance() == 20


@pytest.mark.parametrize("path", [CUSTOMERS, MOVEMENTS, PINS])
def test_1001_rows_are_refused_with_the_limit(shop: Program, path: str) -> None:
    field, message = refused(send(shop, path, [{}] * 1001), 422)
    assert field == "rows"
    assert "1,000" in message
    assert "1,001" in message
    assert not Customer.objects.exists()


@pytest.mark.parametrize("body", [{}, {"rows": []}, {"rows": {}}, {"rows": [{}], "all_or_nothing": "yes"}, []])
def test_a_batch_in_another_form_is_refused(shop: Program, body: Any) -> None:
    refused(shop.post(f"{MOVEMENTS}/batch", body), 422)


# -- PINs -------------------------------------------------------------------------------------------


def test_a_pin_is_changed_and_stands_in_no_answer_log_or_history(
    shop: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pk = customer(shop, pin=PIN)
    answers = [
        shop.post(PINS, {"customer_id": pk, "pin": PIN}),
        shop.post(PINS, {"email": "anna@example.test", "pin": f"{PIN}2"}),
        send(shop, PINS, [{"customer_id": pk, "pin": PIN}, {"customer_id": pk, "pin": f"{PIN} !"}]),
        shop.post(PINS, {"customer_id": pk, "pin": [PIN]}),
        shop.post(PINS, {"customer_id": PIN, "pin": PIN}),
        shop.post(CUSTOMERS, {"external_id": "c-1", "pin": PIN, "registered": PIN}),
        shop.get(CUSTOMERS),
        shop.get(f"{CUSTOMERS}/{pk}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 422, 422, 200, 200]
    assert Customer.objects.get().pin == PIN
    assert answers[-1].json()["has_pin"] is True
    everything = b"".join(answer.content for answer in answers).decode()
    assert PIN not in everything
    sql = [record for record in caplog.records if record.name == "django.db.backends"]
    assert PIN not in "".join(record.getMessage() for record in caplog.records if record not in sql)
    assert PIN not in everything_stored()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pin": "123"}, "pin"),
        ({"pin": 4821}, "pin"),
        ({"pin": None}, "pin"),
        ({"customer_external_id": "c-9"}, "customer_external_id"),
        ({"customer_external_id": "registered"}, "pin"),
    ],
)
def test_a_bad_pin_is_refused_and_refuses_no_other(shop: Program, changes: dict[str, Any], field: str) -> None:
    customer(shop)
    customer(shop, external_id="registered", email="", registered=True)
    bad = {"customer_external_id": "c-1", "pin": "4821", **changes}
    assert refused(shop.post(PINS, bad), 422)[0] == field
    rows = send(shop, PINS, [bad, {"customer_external_id": "c-1", "pin": "7310"}]).json()["rows"]
    assert [row["outcome"] for row in rows] == ["refused", "updated"]
    assert rows[0]["error"]["field"] == field


BAD_CUSTOMERS = {
    "neither id nor e-mail": ({"first_name": "Anna"}, "email"),
    "no e-mail address": ({"email": "anna"}, "email"),
    "an unknown id": ({"id": 2**62}, "id"),
    "an id that can't be": ({"id": 2**64}, "id"),
    "registered as text": ({"external_id": "c-2", "registered": "yes"}, "registered"),
    "a name that is too long": ({"external_id": "c-2", "first_name": "x" * 101}, "first_name"),
    "registered with a PIN": ({"external_id": "c-2", "registered": True, "pin": "4821"}, "pin"),
}


@pytest.mark.parametrize("name", BAD_CUSTOMERS)
def test_a_bad_customer_is_refused_and_refuses_no_other(shop: Program, name: str) -> None:
    bad, field = BAD_CUSTOMERS[name]
    assert refused(shop.post(CUSTOMERS, bad), 422)[0] == field
    rows = send(shop, CUSTOMERS, [bad, {"external_id": "c-1"}]).json()["rows"]
    assert [row["outcome"] for row in rows] == ["refused", "created"]
    assert rows[0]["error"]["field"] == field


# -- many at once -----------------------------------------------------------------------------------


def queries(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_the_rows(shop: Program) -> None:
    def customers(start: int, count: int) -> Any:
        return send(shop, CUSTOMERS, [{"external_id": f"q-{n}", "pin": "4821"} for n in range(start, start + count)])

    def movements(start: int, count: int) -> Any:
        rows = [movement(n, customer_external_id=f"q-{n}") for n in range(start, start + count)]
        return send(shop, MOVEMENTS, rows)

    def pins(start: int, count: int) -> Any:
        rows = [{"customer_external_id": f"q-{n}", "pin": "7310"} for n in range(start, start + count)]
        return send(shop, PINS, rows)

    for batch in (customers, movements, pins):
        batch(9000, 1)
        assert queries(partial(batch, 0, 10)) == queries(partial(batch, 10, 1000))
    assert Movement.objects.count() == 1011
    assert queries(lambda: shop.get(CUSTOMERS, limit=10)) == queries(lambda: shop.get(CUSTOMERS, limit=1000))


@at_once
@pytest.mark.django_db(transaction=True)
def test_the_same_batch_from_many_at_once_is_recorded_once() -> None:
    shop = Program("loyalty")
    customer(shop)
    rows = [movement(number) for number in range(20)]

    def once(_: int) -> Any:
        try:
            return send(Program("loyalty", token=shop.token), MOVEMENTS, rows).json()["counts"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(once, range(4)))
    assert sorted(json.dumps(count) for count in counts) == ['{"created": 20}'] + ['{"duplicate": 20}'] * 3
    assert balance() == 200


@at_once
@pytest.mark.django_db(transaction=True)
def test_the_same_new_customer_from_many_at_once_is_created_once() -> None:
    shop = Program("loyalty")

    def once(_: int) -> Any:
        try:
            return shop_again.post(CUSTOMERS, {"external_id": "c-1", "email": "anna@example.test"}).status_code
        finally:
            connections.close_all()

    shop_again = Program(token=shop.token)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == [200, 200, 200, 201]
    assert Customer.objects.count() == 1


# -- documentation ----------------------------------------------------------------------------------


def test_the_documentation_shows_the_form_and_an_example_of_each_row(shop: Program) -> None:
    schema = shop.get("/api/openapi.json").json()
    for path, row in (("customers", "CustomerBody"), ("movements", "MovementBody"), ("pins", "PinBody")):
        body = schema["paths"][f"/api/loyalty/{path}/batch"]["post"]["requestBody"]["content"]["application/json"]
        batch = schema["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        assert batch["properties"]["rows"]["items"]["$ref"].endswith(f"/{row}")
        assert batch["properties"]["rows"]["maxItems"] == 1000
        fields = schema["components"]["schemas"][row]["properties"]
        assert any(field.get("examples") for field in fields.values())
    assert "expiry" not in json.dumps(schema["components"]["schemas"]["MovementBody"]["properties"]["reason"])
    assert datetime.datetime.fromisoformat(
        schema["components"]["schemas"]["MovementBody"]["properties"]["moved_at"]["examples"][0]
    )
