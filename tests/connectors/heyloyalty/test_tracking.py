"""Purchases and bookings for the activity feed."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest

from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.tracking import (
    TRANSACTION_COLUMNS,
    booking,
    bookings,
    transaction,
    transactions,
)
from integrations.core.errors import RecordError
from integrations.core.spreadsheet import inert
from tests.sandbox_heyloyalty import HeyloyaltyAccount

ADA = "ada@example.test"
BOUGHT: dict[str, Any] = {
    "email": ADA,
    "product_id": 7711,
    "product_name": "Kaffe; stor",
    "product_price": 35.0,
    "amount": 2,
    "currency": "DKK",
    "created_at": "2026-11-20T10:00:00",
}


def test_a_purchase_is_written_by_column() -> None:
    assert transaction(BOUGHT | {"discount": None, "colour": "red"}) == {
        "event_type": "bought",
        "email": ADA,
        "product_id": "7711",
        "product_name": "Kaffe; stor",
        "product_price": "35.0",
        "amount": "2",
        "currency": "DKK",
        "created_at": "2026-11-20 10:00:00",
    }


def test_a_negative_amount_is_a_return_unless_told_otherwise() -> None:
    assert transaction(BOUGHT | {"amount": -1})["event_type"] == "returned"
    assert transaction(BOUGHT | {"amount": "-1.5"})["amount"] == "-1.5"
    assert transaction(BOUGHT | {"amount": -1, "event_type": "exchanged"})["event_type"] == "exchanged"


@pytest.mark.parametrize(
    ("created_at", "written"),
    [
        ("2026-07-01T10:00:00Z", "2026-07-01 12:00:00"),
        ("2026-12-01T10:00:00+00:00", "2026-12-01 11:00:00"),
        (datetime.datetime(2026, 12, 1, 10, 30, 5, 900), "2026-12-01 10:30:05"),
    ],
)
def test_times_are_those_of_the_shop(created_at: Any, written: str) -> None:
    assert transaction(BOUGHT | {"created_at": created_at})["created_at"] == written


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": ""}, "no e-mail address"),
        ({"email": None}, "no e-mail address"),
        ({"product_price": "free"}, "product_price: what the source sent is not a number"),
        ({"amount": "NaN"}, "amount: what the source sent is not a number"),
        ({"amount": "1e999999"}, "amount: what the source sent is not a number"),
        ({"amount": True}, "amount: what the source sent is not a number"),
        ({"created_at": "20-11-2026"}, "created_at: what the source sent is not a date"),
        ({"product_name": {"da": "Kaffe"}}, "product_name: what the source sent is not a single value"),
    ],
)
def test_a_purchase_that_does_not_fit_is_refused_without_its_value(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RecordError, match=words) as caught:
        transaction(BOUGHT | change)
    assert all(str(value) not in caught.value.message for value in change.values() if value and value is not True)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-10% T-shirt", "@SUM(A1)", "\tx", "\rx"])
def test_no_text_is_a_formula_to_a_spreadsheet(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert inert("10% off = cheap") == "10% off = cheap"


def test_cells_stay_cells_whatever_is_in_them() -> None:
    text = 'x";"2\n3;4'
    (file,) = transactions([transaction(BOUGHT | {"product_name": text, "amount": -1})], "it@example.test")
    ((*cells,),) = csv.reader(io.StringIO(file.csv.decode(), newline=""), delimiter=";")
    row = dict(zip(TRANSACTION_COLUMNS, cells, strict=True))
    assert (row["product_name"], row["amount"], row["discount"]) == (text, "-1", "")


def test_purchases_arrive_in_the_activity_feed(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    member_id = practice.save_member(email=ADA)
    lines = [transaction(BOUGHT), transaction(BOUGHT | {"amount": -1})]
    for file in transactions(lines, "it@example.test"):
        client.import_transactions(practice.tracking_id, file.csv, file.parameters)
    (report,) = practice.wait_for_imports(1)
    assert (report["created"], report["failed"]) == (2, 0)
    first, second = practice.activities()
    assert (first["kind"], first["time"], first["member_id"]) == ("bought", "2026-11-20 10:00:00", member_id)
    assert (first["values"]["product_name"], first["values"]["product_price"]) == ("Kaffe; stor", "35.0")
    assert (second["kind"], second["values"]["amount"]) == ("returned", "-1")


def test_bookings_arrive_with_the_columns_they_have(client: HeyloyaltyClient, practice: HeyloyaltyAccount) -> None:
    lines = [booking({"email": ADA, "ticket_id": 33190, "seat": None}), booking({"email": ADA, "zone": "=A"})]
    for file in bookings(lines, "it@example.test"):
        client.import_bookings(practice.tracking_id, file.csv, file.parameters)
    practice.wait_for_imports(1)
    assert [activity["values"] for activity in practice.activities()] == [
        {"email": ADA, "ticket_id": "33190", "zone": ""},
        {"email": ADA, "ticket_id": "", "zone": "'=A"},
    ]


def test_many_purchases_are_several_files_and_none_is_no_file() -> None:
    lines = [transaction(BOUGHT | {"description": "x" * 200}) for _ in range(8_000)]
    assert len(transactions(lines, "it@example.test")) == 2
    assert transactions([], "it@example.test") == bookings([], "it@example.test") == []
