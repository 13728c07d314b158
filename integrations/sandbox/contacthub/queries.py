"""The query language of GET /customers. Everything here raises HubError (400) for what it doesn't know."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from integrations.sandbox.contacthub.clock import moment_of, stamp
from integrations.sandbox.contacthub.errors import bad_request

Customer = dict[str, Any]
Test = Callable[[Customer], bool]

TIMES = ("registeredAt", "updatedAt")
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": lambda value, wanted: value == wanted,
    "GT": lambda value, wanted: value > wanted,
    "GTE": lambda value, wanted: value >= wanted,
    "LT": lambda value, wanted: value < wanted,
    "LTE": lambda value, wanted: value <= wanted,
    "BETWEEN": lambda value, wanted: wanted[0] <= value <= wanted[1],
    "IN": lambda value, wanted: value in wanted,
    "IS_NOT_NULL": lambda value, wanted: True,
}
OPPOSITES = {"NOT_EQUALS": "EQUALS", "NOT_IN": "IN", "IS_NULL": "IS_NOT_NULL"}
OPERATORS = (*COMPARED, *OPPOSITES)


def valued(customer: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    for part in path.split("."):
        customer = customer.get(part) if isinstance(customer, dict) else None
    return customer


def condition_of(text: str) -> Any:
    """The condition of a simple query, or what combines several."""
    try:
        outer = json.loads(text)
        query = outer["query"]
        return query if query["type"] == "combined" else query["are"]["condition"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise bad_request("query is not valid") from None


def test_of(condition: Any) -> Test:
    kind = condition.get("type") if isinstance(condition, dict) else None
    try:
        return KINDS[str(kind)](condition)
    except (KeyError, TypeError, AttributeError):
        raise bad_request("query is not valid") from None


def atomic(condition: Any) -> Test:
    attribute, operator, wanted = str(condition["attribute"]), condition["operator"], condition.get("value")
    if operator not in OPERATORS:
        raise bad_request(f"operator {operator} is not valid")
    wanted = moments(wanted) if attribute in TIMES else wanted
    compare, positive = COMPARED[OPPOSITES.get(operator, operator)], operator in COMPARED

    def test(customer: Customer) -> bool:
        value = valued(customer, attribute)
        try:
            return (value is not None and compare(value, wanted)) is positive
        except TypeError:
            return False

    return test


def moments(wanted: Any) -> Any:
    """Times however they were written, as customers have them."""
    if isinstance(wanted, list):
        return [moments(one) for one in wanted]
    try:
        return wanted if wanted is None else stamp(moment_of(wanted))
    except (ValueError, TypeError):
        raise bad_request(f"{wanted} is not a date") from None


def composite(condition: Any) -> Test:
    tests = [test_of(one) for one in condition["conditions"]]
    passes = {"and": all, "or": any}[str(condition["conjunction"]).lower()]
    return lambda customer: passes(test(customer) for test in tests)


def combined(condition: Any) -> Test:
    first, *others = (test_of(one["are"]["condition"]) for one in condition["queries"])
    rules: dict[str, Test] = {
        "INTERSECT": lambda customer: first(customer) and all(test(customer) for test in others),
        "UNION": lambda customer: first(customer) or any(test(customer) for test in others),
        "EXCEPT": lambda customer: first(customer) and not any(test(customer) for test in others),
    }
    return rules[condition["conjunction"]]


KINDS: dict[str, Callable[[Any], Test]] = {"atomic": atomic, "composite": composite, "combined": combined}


def single(condition: Any) -> tuple[str, str, Any]:
    """Attribute, operator and value of a query with one condition; empty for a composed one."""
    if condition.get("type") != "atomic":
        return "", "", None
    attribute, value = str(condition["attribute"]), condition.get("value")
    return attribute, condition["operator"], moments(value) if attribute in TIMES else value
