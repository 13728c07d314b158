"""Purchases and bookings for the activity feed: from plain values to the file of an import. Pure.

Nothing keeps the same row from being imported twice: whoever calls remembers what was sent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.bulk import DELIMITER, File, split
from integrations.connectors.heyloyalty.values import COPENHAGEN, local, read_moment, written
from integrations.core.errors import RecordError
from integrations.core.mapping import is_empty
from integrations.core.spreadsheet import inert

# https://tracking.heycommerce.dk/api: the columns an import of transactions knows.
TRANSACTION_COLUMNS = (
    "email",
    "product_id",
    "variation_type",
    "variation_id",
    "product_name",
    "product_price",
    "product_url",
    "original_price",
    "discount",
    "description",
    "currency",
    "event_type",
    "amount",
    "created_at",
)
NUMBERS = frozenset({"product_price", "original_price", "discount", "amount"})
CREATED_AT = "created_at"
# Heyloyalty documents the first only; the second is ours.
BOUGHT, RETURNED = "bought", "returned"
DATE_FORMAT = "Y-m-d H:i:s"

Line = dict[str, str]


def transaction(values: Mapping[str, Any], zone: datetime.tzinfo = COPENHAGEN) -> Line:
    """A purchase by column; one of a negative amount is a return, unless `event_type` says what it is. A time with an
    offset is turned to the clocks of the zone.

    Raises RecordError naming the column, never the value.
    """
    line = booking({name: value for name, value in values.items() if name in TRANSACTION_COLUMNS}, zone)
    returned = line.get("amount", "").startswith("-")
    return {"event_type": RETURNED if returned else BOUGHT} | line


def booking(values: Mapping[str, Any], zone: datetime.tzinfo = COPENHAGEN) -> Line:
    """A booking by column, whatever columns it has beside `email`."""
    line = {name: written_cell(name, value, zone) for name, value in values.items() if not is_empty(value)}
    if not line.get("email"):
        raise RecordError(_("It has no e-mail address, and the activity feed knows people by theirs only."))
    return line


def written_cell(name: str, value: Any, zone: datetime.tzinfo) -> str:
    try:
        if name in NUMBERS:
            return decimal(value)
        if name == CREATED_AT:
            return local(read_moment(value), zone).isoformat(" ", "seconds")
        return inert(written(value))
    except ValueError as error:
        raise RecordError(
            _("%(name)s: what the source sent %(error)s. Correct it at the source, then press Retry.")
            % {"name": name, "error": error}
        ) from None


def decimal(value: Any) -> str:
    try:
        number = Decimal(written(value))
    except InvalidOperation:
        number = Decimal("nan")
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(_("is not a number"))
    return format(number, "f")


def transactions(lines: Iterable[Line], errors_to: str) -> list[File]:
    """Files for `import_transactions`; Heyloyalty wants an address for its error report."""
    return _files(lines, TRANSACTION_COLUMNS, errors_to)


def bookings(lines: Sequence[Line], errors_to: str) -> list[File]:
    """Files for `import_bookings`, with the columns that any line has."""
    return _files(lines, list(dict.fromkeys(name for line in lines for name in line)), errors_to)


def _files(lines: Iterable[Line], columns: Sequence[str], errors_to: str) -> list[File]:
    parameters: dict[str, str | list[str]] = {
        "fields_selected": list(columns),
        "delimiter": DELIMITER,
        "skip_header_line": "0",
        "date_format": DATE_FORMAT,
        "sendErrorsTo": errors_to,
    }
    return [File(content, parameters) for content in split([line.get(name, "") for name in columns] for line in lines)]
