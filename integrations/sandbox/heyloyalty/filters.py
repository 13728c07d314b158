"""Filters of the member list: `filter[field][op][]=value`, `logic=and|or`. Only active members are ever found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.members import Member, key_of
from integrations.sandbox.heyloyalty.values import Value

Test = Callable[[Member], bool]
TEXT, NUMBERS, DATES, BOOLEANS, CHOICES, MULTIS = "text", "number", "date", "boolean", "choice", "multi"
EQUAL = frozenset({TEXT, NUMBERS, DATES, BOOLEANS, CHOICES})
ORDERED = frozenset({NUMBERS, DATES})
# op -> formats it can be used on; ie and nie on all.
FORMATS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("eq", "neq"), EQUAL),
    **dict.fromkeys(("sw", "ew", "ct", "nct"), frozenset({TEXT})),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), ORDERED),
    **dict.fromkeys(("in", "nin"), frozenset({CHOICES})),
    "ina": frozenset({MULTIS}),
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "sw": lambda value, wanted: value.startswith(wanted),
    "ew": lambda value, wanted: value.endswith(wanted),
    "ct": lambda value, wanted: wanted in value,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "in": lambda value, wanted: value == wanted,
    "ina": lambda value, wanted: wanted in value,
}
OPPOSITES = {"neq": "eq", "nct": "ct", "nin": "in"}


def matching(one: MemberList, filters: Any, logic: str) -> Iterator[Member]:
    """Raises HeyloyaltyError for an unknown field or operator, or one that isn't for the field's format."""
    if not filters:
        return one.store.active()
    conditions = list(conditions_of(filters))
    tests = [test_of(one, *condition) for condition in conditions]
    passes = any if logic == "or" else all
    field, op, values = conditions[0]
    candidates: Iterable[Member] = one.store.members.values()
    if len(conditions) == 1 and op == "eq" and field in one.store.indexes:
        candidates = {member.id: member for value in values for member in one.store.find(field, value)}.values()
    return (member for member in candidates if member.state == "active" and passes(test(member) for test in tests))


def conditions_of(filters: Any) -> Iterator[tuple[str, str, list[Any]]]:
    if not isinstance(filters, Mapping):
        raise invalid("filter is of the form filter[field][operator][]=value")
    for field, operators in filters.items():
        if not isinstance(operators, Mapping):
            raise invalid("filter is of the form filter[field][operator][]=value")
        for op, values in operators.items():
            yield field, op, values if isinstance(values, list) else [values]


def test_of(one: MemberList, field: str, op: str, values: list[Any]) -> Test:
    known = one.fields.fields.get(field)
    if known is None:
        raise invalid(f"The field '{field}' does not exist on the list")
    if op in ("ie", "nie"):
        return lambda member: (field not in member.values) is (op == "ie")
    format = "text" if known.format == "password" else known.format
    if format not in FORMATS.get(op, ()):
        raise invalid(f"The operator '{op}' can't be used on the field '{field}'")
    form = int if format == NUMBERS and op in ("gt", "gte", "lt", "lte") else key_of
    try:
        wanted = [form(value) for value in values]
    except ValueError:
        raise invalid(f"The field '{field}' is compared with numbers") from None
    compared, opposite = COMPARED[OPPOSITES.get(op, op)], op in OPPOSITES

    def test(member: Member) -> bool:
        value: Value | None = member.values.get(field)
        if value is None:
            return opposite
        kept = value if isinstance(value, list) else form(value)
        return any(compared(kept, one_wanted) for one_wanted in wanted) is not opposite

    return test
