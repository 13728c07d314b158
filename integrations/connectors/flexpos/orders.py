"""Receipts and bookings of FlexPOS as records. Pure.

What is given back has negative quantities and totals; they stay negative. A sale without a customer is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from integrations.connectors.flexpos.customers import Row, key_of, label_of, newest, record
from integrations.core.connector import Record
from integrations.core.mapping import digest

JOURNAL, TICKET = "journal", "ticket"


class Orders(NamedTuple):
    """The records of a page; how many sales were anonymous, and how many receipts had no lines."""

    records: list[Record]
    anonymous: int
    empty: int = 0


def journals(rows: Iterable[Row]) -> Orders:
    """Each line of each receipt: key `880012-1`, payload the receipt with that one line under Lines."""
    receipts, anonymous = _sold(rows, "JournalId")
    ids, times = ("JournalId", "Lines.LineId"), ("Date", "ModifiedDate")
    lines = [{**receipt, "Lines": line} for receipt in receipts for line in lines_of(receipt)]
    records = [_once(record(JOURNAL, line, ids, times, label_of(line))) for line in lines]
    return Orders(records, anonymous, sum(not lines_of(receipt) for receipt in receipts))


def tickets(rows: Iterable[Row]) -> Orders:
    """Bookings by TicketId."""
    bookings, anonymous = _sold(rows, "TicketId")
    times = ("BookedDate", "EventDate", "ModifiedDate")
    records = [_once(record(TICKET, row, ("TicketId",), times, label_of(row))) for row in bookings]
    return Orders(records, anonymous)


def has_customer(row: Row) -> bool:
    """Tills write no customer as null, some as 0."""
    return row.get("CustomerId") not in (None, "", 0, "0")


def lines_of(row: Row) -> list[Any]:
    """Its lines, also where a single one comes without a list around it."""
    lines = row.get("Lines")
    return [line for line in (lines if isinstance(lines, list) else [lines]) if isinstance(line, dict)]


def _once(record: Record) -> Record:
    """A receipt's line, or a booking in one state, takes effect once: windows overlap, and imports repeat them."""
    status = record.payload.get("Status") if record.record_type == TICKET else None
    return replace(record, dedupe_key=digest([record.record_type, record.key, status]))


def _sold(rows: Iterable[Row], name: str) -> tuple[list[Row], int]:
    """The newest of each that was sold to a customer, and how many were sold to nobody known."""
    sales = newest(rows, lambda row: key_of(row, name))
    theirs = [row for row in sales if has_customer(row)]
    return theirs, len(sales) - len(theirs)
