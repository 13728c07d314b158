"""What travels from FlexPOS to Heyloyalty: default mappings, the columns of purchases and bookings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.connectors.heyloyalty.tracking import CREATED_AT, NUMBERS, TRANSACTION_COLUMNS
from integrations.core.connector import Field, Kind
from integrations.core.mapping import Mapped, MappingRow, is_empty, map_record

MEMBER_MAPPING = (
    MappingRow("Email", "email"),
    MappingRow("Mobile", "mobile"),
    MappingRow("FirstName", "firstname"),
    MappingRow("LastName", "lastname"),
    MappingRow("Address", "address"),
    MappingRow("Zip", "postalcode"),
    MappingRow("City", "city"),
    MappingRow("Country", "country"),
    MappingRow("BirthDate", "birthdate"),
    MappingRow("CustomerId", "reference"),
)
JOURNAL_MAPPING = (
    MappingRow("Email", "email"),
    MappingRow("Lines.ProductId", "product_id"),
    MappingRow("Lines.ProductName", "product_name"),
    MappingRow("Lines.CategoryName", "variation_type"),
    MappingRow("Lines.UnitPrice", "product_price"),
    MappingRow("Lines.Quantity", "amount"),
    MappingRow("Currency", "currency"),
    MappingRow("StoreName", "description"),
    MappingRow("Date", "created_at"),
)
TICKET_MAPPING = (
    MappingRow("Email", "email"),
    MappingRow("TicketId", "ticket_id"),
    MappingRow("OrderId", "order_id"),
    MappingRow("ProductId", "product_id"),
    MappingRow("ProductName", "product_name"),
    MappingRow("EventName", "event_name"),
    MappingRow("EventDate", "event_date"),
    MappingRow("Zone", "zone"),
    MappingRow("Row", "row"),
    MappingRow("Seat", "seat"),
    MappingRow("Quantity", "amount"),
    MappingRow("Price", "product_price"),
    MappingRow("IsOnline", "online"),
    MappingRow("Status", "status"),
    MappingRow("BookedDate", "created_at"),
)
# Heyloyalty publishes no columns of bookings; these are the nouns its FlexPOS segments are made of.
BOOKING_COLUMNS = tuple(row.target for row in TICKET_MAPPING)


def tracking_fields(columns: Iterable[str]) -> list[Field]:
    """The columns of purchases or bookings, for Edit Mapping."""
    return [Field(name, name.replace("_", " ").capitalize(), _kind(name), required=name == "email") for name in columns]


def transaction_fields() -> list[Field]:
    return tracking_fields(TRANSACTION_COLUMNS)


def booking_fields() -> list[Field]:
    return tracking_fields(BOOKING_COLUMNS)


def _kind(name: str) -> Kind:
    if name == "email":
        return Kind.EMAIL
    if name == CREATED_AT:
        return Kind.DATETIME
    return Kind.NUMBER if name in NUMBERS else Kind.TEXT


def mapped(rows: Iterable[MappingRow], payload: dict[str, Any], separator: str) -> Mapped:
    """The payload by target field; of a list on the way to a value all values, as a list."""
    rows = tuple(rows)
    found = map_record(rows, payload, separator)
    for row in rows:
        if row.target in found.values and len(several := read_all(payload, row.source, separator)) > 1:
            found.values[row.target] = several
    return found


def read_all(payload: Any, path: str, separator: str) -> list[Any]:
    """Every value at a path, where `read_path` gives the first: of two cards two numbers."""
    if isinstance(payload, list):
        return [value for entry in payload for value in read_all(entry, path, separator)]
    if isinstance(payload, dict) and path not in payload:
        head, more, rest = path.partition(separator)
        return read_all(payload.get(head), rest, separator) if more else []
    value = payload[path] if isinstance(payload, dict) else None
    values = value if isinstance(value, list) else [value]
    return [one for one in values if not is_empty(one)]
