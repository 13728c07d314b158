"""Finding leads: look-ups, operators, sorting, columns and pages, and the two shapes of a lead in a reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.errors import invalid, malformed, missing
from integrations.sandbox.leadsquared.store import Lead
from integrations.sandbox.leadsquared.values import DATE

PAGE_SIZE = 25
LARGEST_PAGE = 1000
QUICK_FIELDS = ("FirstName", "LastName", "EmailAddress", "Phone", "Mobile", "Company")
# The one list every account has; real accounts have many.
ALL_LEADS = "00000000-0000-4000-8000-000000000001"
ModifiedTwins = {"LeadLastModifiedOn": "ModifiedOn", "NotableEventdate": "ModifiedOn"}

Comparison = Callable[[Any, Any], bool]
OPERATORS: dict[str, Comparison] = {
    "=": lambda own, wanted: own == wanted,
    "<>": lambda own, wanted: own != wanted,
    ">": lambda own, wanted: own > wanted,
    "<": lambda own, wanted: own < wanted,
    ">=": lambda own, wanted: own >= wanted,
    "<=": lambda own, wanted: own <= wanted,
}


def section(body: Any, name: str) -> dict[str, Any]:
    """An object inside the body, empty when left out. Raises MXError (400) for another shape."""
    value = (body if isinstance(body, dict) else {}).get(name) or {}
    if not isinstance(value, dict):
        raise malformed(f"{name} is an object")
    return value


def matching(account: LeadSquaredAccount, parameter: Mapping[str, Any]) -> list[Lead]:
    """The leads one look-up parameter finds. Raises MXError for an unknown field, operator or a badly formed date."""
    name, wanted = str(parameter.get("LookupName") or ""), str(parameter.get("LookupValue") or "")
    operator = str(parameter.get("SqlOperator") or "=").upper()
    if name not in account.fields.fields:
        raise invalid(f"LookupName '{name}' does not exist in the system")
    kind, default = account.fields.fields[name].type, account.fields.defaults[name]
    stored = ModifiedTwins.get(name, name)
    leads = list(account.store.leads.values())
    if operator == "LIKE":
        like = re.compile(".*".join(re.escape(part) for part in f"%{wanted}%".split("%")), re.IGNORECASE | re.DOTALL)
        return [lead for lead in leads if like.fullmatch(lead.get(stored) or default or "")]
    if operator not in OPERATORS:
        raise invalid(f"SqlOperator '{operator}' is not supported")
    if kind == "Date" and not DATE.fullmatch(wanted):
        raise invalid(f"LookupValue '{wanted}' is not of the form yyyy-mm-dd hh:mm:ss")
    compare, comparable = OPERATORS[operator], comparable_form(kind)
    limit = comparable(wanted)
    return [
        lead for lead in leads if (own := lead.get(stored) or default) is not None and compare(comparable(own), limit)
    ]


def comparable_form(kind: str) -> Callable[[str], Any]:
    if kind == "Number":
        return as_number
    return str if kind == "Date" else str.casefold


def as_number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise invalid(f"LookupValue '{value}' is not a Number") from None


def in_order(account: LeadSquaredAccount, leads: list[Lead], sorting: Mapping[str, Any]) -> list[Lead]:
    """Sorted by a column, newest change first unless told; leads that tie keep their number's order."""
    name = str(sorting.get("ColumnName") or "ModifiedOn")
    if name not in account.fields.fields:
        raise invalid(f"ColumnName '{name}' does not exist in the system")
    stored = ModifiedTwins.get(name, name)
    number = account.fields.fields[name].type == "Number"
    downwards = str(sorting.get("Direction") or "1") == "1"

    def key(lead: Lead) -> Any:
        value = lead.get(stored) or ""
        return (float(value) if value else 0.0) if number else value.casefold()

    return sorted(leads, key=key, reverse=downwards)


def page_of(rows: list[Any], paging: Mapping[str, Any]) -> list[Any]:
    """A page, numbered from 1, of up to LARGEST_PAGE rows. Raises MXError when PageIndex or PageSize is no number."""
    try:
        index, size = int(paging.get("PageIndex") or 1), int(paging.get("PageSize") or PAGE_SIZE)
    except (TypeError, ValueError):
        raise invalid("PageIndex and PageSize are numbers") from None
    size = min(max(size, 1), LARGEST_PAGE)
    start = (max(index, 1) - 1) * size
    return rows[start : start + size]


def columns_of(account: LeadSquaredAccount, body: Any) -> list[str]:
    """The columns asked for, empty for all. Raises MXError for an unknown one."""
    wanted = str(section(body, "Columns").get("Include_CSV") or "")
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    for name in names:
        if name not in account.fields.fields:
            raise invalid(f"Column '{name}' does not exist in the system")
    return names


def flat_leads(account: LeadSquaredAccount, lead_ids: list[str], columns: list[str]) -> list[dict[str, Any]]:
    rows = [account.store.flat(lead_id) for lead_id in lead_ids]
    return [{name: row[name] for name in columns} for row in rows] if columns else rows


def property_lists(account: LeadSquaredAccount, lead_ids: list[str], columns: list[str]) -> list[dict[str, Any]]:
    return [
        {"LeadPropertyList": [{"Attribute": name, "Value": value} for name, value in row.items()]}
        for row in flat_leads(account, lead_ids, columns)
    ]


def ids(leads: list[Lead]) -> list[str]:
    return [lead["ProspectID"] or "" for lead in leads]


def quick_search(account: LeadSquaredAccount, text: str) -> list[str]:
    wanted = text.strip().casefold()
    if not wanted:
        return []
    found = [
        lead
        for lead in account.store.leads.values()
        if any(wanted in (lead.get(name) or "").casefold() for name in QUICK_FIELDS)
    ]
    return ids(in_order(account, found, {}))[:PAGE_SIZE]


def in_list(account: LeadSquaredAccount, list_id: Any) -> list[Lead]:
    if str(list_id) != ALL_LEADS:
        raise missing("List")
    return list(account.store.leads.values())


def modified_between(account: LeadSquaredAccount, parameter: Mapping[str, Any]) -> list[Lead]:
    """Leads with ModifiedOn from FromDate to ToDate, both optional."""
    start, end = str(parameter.get("FromDate") or ""), str(parameter.get("ToDate") or "")
    for value in (start, end):
        if value and not DATE.fullmatch(value):
            raise invalid(f"'{value}' is not of the form yyyy-mm-dd hh:mm:ss")
    end = end or "9999"
    return [lead for lead in account.store.leads.values() if start <= (lead["ModifiedOn"] or "") <= end]
