"""The grammar of Audience.condition, read from JSON.

    group:     {"match": "all" | "any", "conditions": [group | property | event | attribute, …]}
    property:  {"property": "city", "is": "equal", "value": "Aarhus"}
    event:     {"event": "purchase", "did": true, "times": {"is": "at_least", "number": 3}, "within_days": 30 | null,
                "where": [{"field": "amount", "is": "over", "value": 100}, …]}
    attribute: {"attribute": 12, "is": "over", "value": 500}

Somebody who did something at most or exactly so often did it at least once. A group without conditions finds nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.sources.cdp.conditions.operators import ALL, DAYS, NO_VALUE, TIMES

DEEPEST, MOST = 4, 50
LONGEST_DAYS, MOST_TIMES = 36_500, 1_000_000


class ConditionError(ValueError):
    """A sentence that says what is wrong with a condition, and what to do."""


@dataclass(frozen=True)
class Test:
    """`value`: text, number, ISO date or number of days, as the operator and the kind want it; None: it takes none."""

    __test__ = False  # for pytest, which would collect it by its name

    operator: str
    value: Any = None


@dataclass(frozen=True)
class PropertyCondition:
    property: str
    test: Test


@dataclass(frozen=True)
class FieldTest:
    field: str
    test: Test


@dataclass(frozen=True)
class Times:
    operator: str = "at_least"
    number: int = 1


@dataclass(frozen=True)
class EventCondition:
    event: str
    did: bool = True
    times: Times = Times()
    within_days: int | None = None
    where: tuple[FieldTest, ...] = ()


@dataclass(frozen=True)
class AttributeCondition:
    attribute: int
    test: Test


@dataclass(frozen=True)
class Group:
    match: str
    conditions: tuple[Condition, ...] = ()


Condition = Group | PropertyCondition | EventCondition | AttributeCondition


@dataclass(frozen=True)
class Depends:
    """What a condition looks at: property keys, event type keys, attribute ids; and whether it changes at midnight."""

    properties: frozenset[str]
    events: frozenset[str]
    attributes: frozenset[int]
    midnight: bool


def parse(written: Any) -> Group:
    """Raises ConditionError when it isn't of the grammar, or larger than allowed."""
    group = _group(written, 1)
    if sum(1 for _ in leaves(group)) > MOST:
        raise ConditionError(_("An audience takes up to {number} conditions.").format(number=MOST))
    return group


def leaves(group: Group) -> Iterator[PropertyCondition | EventCondition | AttributeCondition]:
    for condition in group.conditions:
        if isinstance(condition, Group):
            yield from leaves(condition)
        else:
            yield condition


def depends_on(group: Group) -> Depends:
    found = list(leaves(group))
    tests = [test for leaf in found for test in _tests(leaf)]
    return Depends(
        frozenset(leaf.property for leaf in found if isinstance(leaf, PropertyCondition)),
        frozenset(leaf.event for leaf in found if isinstance(leaf, EventCondition)),
        frozenset(leaf.attribute for leaf in found if isinstance(leaf, AttributeCondition)),
        any(test.operator in DAYS for test in tests),
    )


def windows(group: Group) -> set[tuple[str, int]]:
    """Event type keys with the days within which their events count."""
    events = (leaf for leaf in leaves(group) if isinstance(leaf, EventCondition))
    return {(leaf.event, leaf.within_days) for leaf in events if leaf.within_days is not None}


def _tests(leaf: PropertyCondition | EventCondition | AttributeCondition) -> list[Test]:
    return [one.test for one in leaf.where] if isinstance(leaf, EventCondition) else [leaf.test]


def _group(written: Any, depth: int) -> Group:
    match, conditions = _parts(written, "match", "conditions")
    if match not in ("all", "any") or not isinstance(conditions, list):
        raise _unreadable(written)
    if depth > DEEPEST:
        raise ConditionError(_("Groups can be nested up to {number} levels deep.").format(number=DEEPEST))
    return Group(match, tuple(_condition(one, depth) for one in conditions))


def _condition(written: Any, depth: int) -> Condition:
    if not isinstance(written, dict):
        raise _unreadable(written)
    if "conditions" in written:
        return _group(written, depth + 1)
    if "event" in written:
        return _event(written)
    if "attribute" in written:
        attribute, *_rest = _parts(written, "attribute", "is", "value")
        if not _whole(attribute, 1, 2**63 - 1):
            raise _unreadable(written)
        return AttributeCondition(attribute, _test(written))
    name, *_rest = _parts(written, "property", "is", "value")
    return PropertyCondition(_name(name, written), _test(written))


def _event(written: Mapping[str, Any]) -> EventCondition:
    event, did, times, within_days, where = _parts(written, "event", "did", "times", "within_days", "where")
    did = True if did is None else did
    if not isinstance(did, bool) or not isinstance(where or [], list):
        raise _unreadable(written)
    if within_days is not None and not _whole(within_days, 1, LONGEST_DAYS):
        raise ConditionError(_("“Within days” takes a whole number from 1 to {most}.").format(most=LONGEST_DAYS))
    tests = tuple(_field_test(one) for one in where or [])
    return EventCondition(_name(event, written), did, _times(times if did else None), within_days, tests)


def _times(written: Any) -> Times:
    if written is None:
        return Times()
    operator, number = _parts(written, "is", "number")
    if operator not in TIMES:
        raise _unreadable(written)
    if not _whole(number, 1, MOST_TIMES):
        raise ConditionError(_("“How often” takes a whole number from 1 on."))
    return Times(operator, number)


def _field_test(written: Any) -> FieldTest:
    field, *_rest = _parts(written, "field", "is", "value")
    return FieldTest(_name(field, written), _test(written))


def _test(written: Mapping[str, Any]) -> Test:
    operator, value = written.get("is"), written.get("value")
    if not isinstance(operator, str) or operator not in ALL:
        raise _unreadable(written)
    if isinstance(value, list | dict):
        raise _unreadable(written)
    return Test(operator, None if operator in NO_VALUE else value)


def _parts(written: Any, *names: str) -> Sequence[Any]:
    """The values of a JSON object that has no others."""
    if not isinstance(written, dict) or not written.keys() <= set(names):
        raise _unreadable(written)
    return [written.get(name) for name in names]


def _name(value: Any, written: Any) -> str:
    # A path of SQLite can't hold what is left out here.
    if not isinstance(value, str) or not value or '"' in value or "\\" in value or "\0" in value:
        raise _unreadable(written)
    return value


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _unreadable(written: Any) -> ConditionError:
    return ConditionError(_("This is no condition: {text}").format(text=str(written)[:80]))
