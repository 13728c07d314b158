"""The API of FlexPOS: what can be read, by which filters, page by page. Errors are raised as FlexPOSError."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.catalogue import ATTRACTIONS, Attraction
from integrations.sandbox.flexpos.errors import refused
from integrations.sandbox.flexpos.rows import Json, Table
from integrations.sandbox.flexpos.till import touch
from integrations.sandbox.flexpos.times import instant_of_local, local_time, year_before

PAGE_SIZE = 100
LARGEST_PAGE = 500
WINDOW = ("ModifiedFrom", "ModifiedTo")
TRUTH = {"true": True, "false": False}
BITS = {"1": 1, "0": 0}
FILTERS: dict[str, tuple[Mapping[str, object], str]] = {
    "IsActive": (TRUTH, "must be true or false"),
    "IsClubMember": (BITS, "must be 0 or 1"),
    "GetsNewsletter": (BITS, "must be 0 or 1"),
}
ORDERING: dict[str, Callable[[Any], Any]] = {
    "id": lambda row: row[0],
    "oldest_first": lambda row: (row.ModifiedDate, row[0]),
    "newest_first": lambda row: (-row.ModifiedDate, -row[0]),
}
Parameters = Mapping[str, str]
"""Lower-cased name -> value: the vendor takes names in any case."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that can be read: `page` gives the answer."""

    name: str
    page: Callable[[FlexPOSAccount, Parameters], Json]


def number(parameters: Parameters, name: str, default: int) -> int:
    """Raises FlexPOSError (400) unless it is a positive number."""
    text = parameters.get(name.lower()) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise refused(f"{name} must be a positive number")
    return int(text)


def window(account: FlexPOSAccount, parameters: Parameters) -> tuple[int | None, int | None]:
    """ModifiedFrom (inclusive) and ModifiedTo (exclusive) as instants. Raises FlexPOSError (400)."""
    oldest = year_before(account.clock.now())
    start, end = (instant(account, parameters, name, oldest) for name in WINDOW)
    return (None, None) if account.ignores_dates else (start, end)


def instant(account: FlexPOSAccount, parameters: Parameters, name: str, oldest: int) -> int | None:
    text = parameters.get(name.lower())
    if not text:
        return None
    try:
        found = instant_of_local(text, account.repeated_hour_is_first)
    except ValueError as error:
        raise refused(f"{name} {error}") from error
    if found < oldest:
        raise refused(f"{name} must be within the last year")
    return found


def wanted_values(account: FlexPOSAccount, parameters: Parameters) -> dict[str, object]:
    """Field -> the value a customer must have. Raises FlexPOSError (400)."""
    wanted = {}
    for name, (values, must) in FILTERS.items():
        text = parameters.get(name.lower(), "").lower()
        if text and text not in values:
            raise refused(f"{name} {must}")
        if text:
            wanted[name] = values[text]
    return {} if account.ignores_filters else wanted


def changed_rows(
    account: FlexPOSAccount, table: Table[Any], parameters: Parameters, wanted: Mapping[str, object]
) -> list[Any]:
    """The rows of a query in the account's order, found once and kept until a row changes."""
    start, end = window(account, parameters)
    query = (start, end, sorted(wanted.items()), account.order, table.version)
    last, rows = account.found.get(table.kind, (None, []))
    if last == query:
        return rows
    rows = [
        row
        for row in table.rows.values()
        if (start is None or row.ModifiedDate >= start)
        and (end is None or row.ModifiedDate < end)
        and all(getattr(row, name) == value for name, value in wanted.items())
    ]
    rows.sort(key=ORDERING[account.order])
    account.found[table.kind] = (query, rows)
    return rows


def page_of(
    account: FlexPOSAccount, rows: list[Any], parameters: Parameters, shown: Callable[[Any], Json]
) -> tuple[Json, list[Any]]:
    """The answer, and the rows that are in it."""
    page = number(parameters, "Page", 1)
    size = min(number(parameters, "PageSize", PAGE_SIZE), LARGEST_PAGE)
    first = 0 if account.repeats_page else (page - 1) * size
    part = rows[first : first + size]
    return {"Data": [shown(row) for row in part], "Page": page, "PageSize": size, "TotalCount": len(rows)}, part


def table_page(
    account: FlexPOSAccount, table: Table[Any], parameters: Parameters, wanted: Mapping[str, object]
) -> Json:
    rows = changed_rows(account, table, parameters, wanted)
    answer, part = page_of(account, rows, parameters, lambda row: row.json())
    if account.edits_between_pages and part:
        for row_id in {part[0][0], rows[-1][0]}:
            touch(account, table, row_id, "edit between pages")
    return answer


def customers(account: FlexPOSAccount, parameters: Parameters) -> Json:
    return table_page(account, account.customers, parameters, wanted_values(account, parameters))


def journals(account: FlexPOSAccount, parameters: Parameters) -> Json:
    return table_page(account, account.journals, parameters, {})


def tickets(account: FlexPOSAccount, parameters: Parameters) -> Json:
    return table_page(account, account.tickets, parameters, {})


def memberships(account: FlexPOSAccount, parameters: Parameters) -> Json:
    return table_page(account, account.memberships, parameters, {})


def attractions(account: FlexPOSAccount, parameters: Parameters) -> Json:
    """What can be booked this year; no dates to filter by."""
    year = local_time(account.clock.now()).year

    def shown(attraction: Attraction) -> Json:
        return {
            "AttractionId": attraction.id,
            "Name": attraction.name,
            "Type": attraction.kind,
            "IsMembership": attraction.is_membership,
            "ValidFrom": f"{year}-01-01T00:00:00",
            "ValidTo": f"{year}-12-31T00:00:00",
        }

    return page_of(account, list(ATTRACTIONS.values()), parameters, shown)[0]


def by_name(*resources: Resource) -> dict[str, Resource]:
    return {resource.name.lower(): resource for resource in resources}


def read(resource: Resource, account: FlexPOSAccount, arguments: Iterable[tuple[str, str]]) -> Json:
    """Raises FlexPOSError."""
    if resource.name.lower() in (name.strip().lower() for name in account.forbidden.split(",")):
        raise refused(f"This client may not read {resource.name}.", 403)
    return resource.page(account, {name.lower(): value for name, value in arguments})


RESOURCES: dict[str, dict[str, Resource]] = {
    "main": by_name(
        Resource("Customers", customers),
        Resource("Journals", journals),
        Resource("Tickets", tickets),
    ),
    "attractions": by_name(
        Resource("Attractions", attractions),
        Resource("Memberships", memberships),
    ),
}
