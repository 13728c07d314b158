"""The fields of FlexPOS's rows that can be mapped: those that were agreed, and what else the newest rows have."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from integrations.connectors.flexpos.client import FlexPOSClient
from integrations.connectors.flexpos.customers import EVERYBODY
from integrations.connectors.flexpos.import_reading import fetching
from integrations.connectors.flexpos.initial_import import CUSTOMERS, JOURNALS, TICKETS
from integrations.connectors.flexpos.windows import between
from integrations.core.connector import Field

RESOURCES = {
    CUSTOMERS: "CustomerId FirstName LastName Email Mobile Address Zip City Country BirthDate IsActive IsClubMember "
    "GetsNewsletter CreatedDate ModifiedDate cards.Cardnumber cards.Cardname",
    JOURNALS: "JournalId JournalNumber Date StoreId StoreName CustomerId Email Mobile Total Currency ModifiedDate "
    "Lines.LineId Lines.ProductId Lines.ProductName Lines.CategoryName Lines.Quantity Lines.UnitPrice Lines.LineTotal",
    TICKETS: "TicketId OrderId CustomerId Email AttractionId EventName EventDate BookedDate Zone Row Seat ProductId "
    "ProductName Quantity Price IsOnline Status ModifiedDate",
}
# Far enough back that a shop with fields of its own shows them; a call a week, and none after the first with rows.
LOOKED_BACK = datetime.timedelta(weeks=4)


def described(client: FlexPOSClient, resource: str, separator: str, now: datetime.datetime) -> list[Field]:
    """Raises what a read of FlexPOS raises."""
    names = {name.replace(".", separator) for name in RESOURCES[resource].split()}
    fetch = fetching(client, resource, EVERYBODY)
    for window in reversed(between(now - LOOKED_BACK, now, now)):
        if rows := fetch(window, 1).rows:
            names.update(path for row in rows for path in paths(row, separator))
            break
    return [Field(name, name) for name in sorted(names - branches(names, separator))]


def paths(row: dict[str, Any], separator: str) -> Iterator[str]:
    """The way to each value, through objects and lists of them."""
    for name, value in row.items():
        inner = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
        yield from (f"{name}{separator}{path}" for one in inner for path in paths(one, separator))
        if not inner:
            yield name


def branches(names: Iterable[str], separator: str) -> set[str]:
    """What lies on the way to others: an object, though some rows have nothing in it."""
    steps = [name.split(separator) for name in names]
    return {separator.join(parts[:number]) for parts in steps for number in range(1, len(parts))}
