"""Receipts and bookings of FlexPOS as records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.flexpos.orders import journals, tickets
from integrations.core.connector import Record
from integrations.core.mapping import read_path
from tests.connectors.flexpos.rows import row
from tests.sandbox_flexpos import FlexPOSAccount

SALE = row("journal_sale")


def test_each_line_is_a_record_with_its_receipt() -> None:
    first, second = journals([SALE]).records
    assert first == Record(
        "journal",
        "880012-1",
        SALE
        | {"Lines": SALE["Lines"][0]}
        | {"Instants": {"Date": "2026-03-09T11:41:00+00:00", "ModifiedDate": "2026-03-09T11:41:05+00:00"}},
        "mette@example.test",
        source_time=datetime(2026, 3, 9, 11, 41, 5, tzinfo=UTC),
        dedupe_key=first.dedupe_key,
    )
    assert second.key == "880012-2"
    assert [read_path(line.payload, "Lines.ProductName") for line in (first, second)] == ["Kaffe", "Krus"]
    assert read_path(second.payload, "StoreName") == "Roskilde"


def test_a_line_takes_effect_once_and_a_booking_once_in_each_state() -> None:
    first, second = journals([SALE]).records
    (corrected, _) = journals([SALE | {"ModifiedDate": "2026-03-10T09:00:00"}]).records
    assert (first.dedupe_key, len(first.dedupe_key or "")) == (corrected.dedupe_key, 64)
    assert first.dedupe_key != second.dedupe_key
    paid, again, refunded = (
        tickets([row("ticket_paid", **changes)]).records[0].dedupe_key
        for changes in ({}, {"Seat": "13"}, {"Status": "Refunded"})
    )
    assert paid == again != refunded


def test_a_return_stays_negative_and_a_line_without_a_list_is_one() -> None:
    (line,) = journals([row("journal_return")]).records
    assert (line.key, line.payload["Total"]) == ("880013-1", -35.0)
    assert (line.payload["Lines"]["Quantity"], line.payload["Lines"]["LineTotal"]) == (-1, -35.0)


@pytest.mark.parametrize("nobody", [None, "", 0, "0"])
def test_an_anonymous_sale_is_counted_and_left_out(nobody: Any) -> None:
    answer = journals([row("journal_anonymous", CustomerId=nobody), SALE])
    assert [line.key for line in answer.records] == ["880012-1", "880012-2"]
    assert answer.anonymous == 1
    assert tickets([row("ticket_paid", CustomerId=nobody)]).anonymous == 1


@pytest.mark.parametrize("lines", [None, [], "", {}, [None]])
def test_a_receipt_without_lines_is_counted(lines: Any) -> None:
    answer = journals([SALE | {"Lines": lines or None}])
    assert (answer.records, answer.anonymous, answer.empty) == ([], 0, 1)


def test_the_same_receipt_twice_is_the_newest() -> None:
    corrected = SALE | {"Total": 70.0, "Lines": SALE["Lines"][:1], "ModifiedDate": "2026-03-09T12:45:00"}
    (line,) = journals([corrected, SALE]).records
    assert line.payload["Total"] == 70.0


def test_a_missing_id_is_a_problem_of_that_line_alone() -> None:
    good, bad = SALE["Lines"][0], SALE["Lines"][1] | {"LineId": None}
    first, second = journals([SALE | {"Lines": [good, bad]}]).records
    assert (first.key, first.problem) == ("880012-1", "")
    assert second.problem.startswith("FlexPOS sent this without Lines.LineId")
    (lost,) = journals([SALE | {"JournalId": None, "Lines": [good]}]).records
    assert lost.problem.startswith("FlexPOS sent this without JournalId")
    assert lost.key.startswith("row ")


def test_a_booking_is_a_record_by_its_ticket() -> None:
    (ticket,) = tickets([row("ticket_paid")]).records
    assert (ticket.record_type, ticket.key, ticket.label) == ("ticket", "33190", "mette@example.test")
    assert ticket.payload["EventDate"] == "2026-07-12T19:30:00"
    assert ticket.payload["Instants"] == {
        "BookedDate": "2026-03-09T11:50:00+00:00",
        "EventDate": "2026-07-12T17:30:00+00:00",
        "ModifiedDate": "2026-03-09T11:50:02+00:00",
    }


def test_a_ticket_without_an_id_is_a_problem() -> None:
    (ticket,) = tickets([row("ticket_paid", TicketId=None)]).records
    assert ticket.problem.startswith("FlexPOS sent this without TicketId")


def test_what_the_till_rings_up_becomes_records(shop: FlexPOSAccount) -> None:
    customer_id = shop.customer(FirstName="Mette", Email="mette@example.test")
    sales = [shop.sale(customer_id, {"7711": 2, "8102": -1}), shop.sale(None, {"7711": 1})]
    answer = journals(sales)
    assert [line.payload["Lines"]["Quantity"] for line in answer.records] == [2, -1]
    assert (answer.anonymous, len({line.key for line in answer.records})) == (1, 2)
    assert len(tickets([shop.ticket(customer_id)]).records) == 1
