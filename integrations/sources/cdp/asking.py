"""One test of one value, as SQL."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Union

from django.db.models import BooleanField, Case, Value, When
from django.db.models.expressions import Expression, Subquery
from django.db.models.functions import StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Lookup,
    Range,
)

from integrations.sources.cdp import days
from integrations.sources.cdp.conditions import Test
from integrations.sources.cdp.models.people import Kind

Asked = Union["Lookup[Any]", Case]
Known = Expression | Subquery
TICK = datetime.timedelta(microseconds=1)


def asked(value: Known, test: Test, kind: str, now: datetime.datetime, *, moment: bool = False) -> Asked:
    """True for what passes `test`; never true where nothing is known, except for what isn't known or isn't equal.

    `value` is named once in the answer: it may be a subquery. `moment`: dates come as times, not as text.
    """
    if test.operator == "known":
        return IsNull(value, False)
    if test.operator == "unknown":
        return IsNull(value, True)
    if kind == Kind.DATE:
        return _within(value, days.asked_for(test, now), moment=moment)
    return _TESTS[test.operator](value, test.value)


def _differs(value: Known, other: Any) -> Case:
    return Case(When(Exact(value, other), then=Value(False)), default=Value(True), output_field=BooleanField())


_TESTS: Mapping[str, Callable[[Known, Any], Asked]] = {
    "equal": lambda value, other: Exact(value, other),
    "not_equal": _differs,
    "contains": lambda value, other: GreaterThan(StrIndex(value, Value(other)), 0),
    "starts_with": lambda value, other: Exact(StrIndex(value, Value(other)), 1),
    "over": lambda value, other: GreaterThan(value, other),
    "at_least": lambda value, other: GreaterThanOrEqual(value, other),
    "under": lambda value, other: LessThan(value, other),
    "at_most": lambda value, other: LessThanOrEqual(value, other),
    "yes": lambda value, other: Exact(value, 1.0),
    "no": lambda value, other: Exact(value, 0.0),
}


def _within(value: Known, wanted: days.Days, *, moment: bool) -> Asked:
    write: Callable[[datetime.date], Any] = days.midnight if moment else datetime.date.isoformat
    first, end = wanted
    if first is None:
        return LessThan(value, write(end or datetime.date.max))
    if end is None:
        return GreaterThanOrEqual(value, write(first))
    return Range(value, (write(first), write(end) - TICK if moment else write(end - days.ONE)))
