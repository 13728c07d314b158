"""Conditions and attributes worked out naively: a person at a time, event by event, in Python."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DAY = datetime.timedelta(days=1)
DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.DOTALL)


@dataclass
class Did:
    """An event; `order` is the one in which they came."""

    type: str
    at: datetime.datetime
    data: Mapping[str, Any]
    order: int


@dataclass
class Somebody:
    properties: dict[str, Any] = field(default_factory=dict)
    events: list[Did] = field(default_factory=list)
    values: dict[int, Any] = field(default_factory=dict)


@dataclass
class World:
    """Kinds of properties, of the fields of event types, and of attributes; and what time it is."""

    properties: dict[str, str]
    events: dict[str, dict[str, str]]
    attributes: dict[int, str]
    now: datetime.datetime

    @property
    def today(self) -> datetime.date:
        return self.now.date()


def fitting(kind: str, value: Any) -> Any:
    """The value as it is compared; None when it isn't of the kind."""
    match kind:
        case "text" if isinstance(value, str):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e100:
            return float(value)
        case "yes_no" if isinstance(value, bool):
            return float(value)
        case "date" if isinstance(value, str) and (found := DATE.fullmatch(value)):
            try:
                return datetime.date.fromisoformat(found[1])
            except ValueError:
                return None
    return None


def passes(value: Any, test: Mapping[str, Any], kind: str, today: datetime.date) -> bool:
    operator, other = test["is"], test.get("value")
    if operator in ("known", "unknown"):
        return (value is None) == (operator == "unknown")
    if operator == "not_equal":
        return bool(value != other)
    if value is None:
        return False
    if kind == "date" and not isinstance(other, int):
        other = datetime.date.fromisoformat(other)
    answers = {
        "equal": lambda: value == other,
        "on": lambda: value == other,
        "contains": lambda: other in value,
        "starts_with": lambda: value.startswith(other),
        "over": lambda: value > other,
        "after": lambda: value > other,
        "at_least": lambda: value >= other,
        "under": lambda: value < other,
        "before": lambda: value < other,
        "at_most": lambda: value <= other,
        "yes": lambda: value == 1,
        "no": lambda: value == 0,
        "within_last": lambda: today - other * DAY <= value <= today,
        "longer_ago": lambda: value < today - other * DAY,
        "within_next": lambda: today <= value <= today + other * DAY,
    }
    return bool(answers[operator]())


def meets(who: Somebody, condition: Mapping[str, Any], world: World) -> bool:
    if "conditions" in condition:
        answers = [meets(who, one, world) for one in condition["conditions"]]
        return bool(answers) and (all(answers) if condition["match"] == "all" else any(answers))
    if "event" in condition:
        return _did(who, condition, world)
    if "property" in condition:
        kind = world.properties[condition["property"]]
        value = fitting(kind, who.properties.get(condition["property"]))
        return passes(value, condition, kind, world.today)
    kind = world.attributes[condition["attribute"]]
    value = who.values.get(condition["attribute"])
    if isinstance(value, datetime.datetime):
        value = value.date()
    return passes(value, condition, kind, world.today)


def _did(who: Somebody, condition: Mapping[str, Any], world: World) -> bool:
    kinds = world.events[condition["event"]]
    number = 0
    for event in within(who.events, condition["event"], condition.get("within_days"), world.now):
        tests = condition.get("where", ())
        number += all(
            passes(fitting(kinds[one["field"]], event.data.get(one["field"])), one, kinds[one["field"]], world.today)
            for one in tests
        )
    if not condition["did"]:
        return number == 0
    times = condition.get("times") or {"is": "at_least", "number": 1}
    return (
        number > 0
        and {
            "at_least": number >= times["number"],
            "at_most": number <= times["number"],
            "exactly": number == times["number"],
        }[times["is"]]
    )


def within(events: Iterable[Did], type_: str, days: int | None, now: datetime.datetime) -> list[Did]:
    """By time."""
    found = [one for one in events if one.type == type_ and (days is None or one.at > now - days * DAY)]
    return sorted(found, key=lambda one: (one.at, one.order))


def calculated(events: list[Did], aggregate: str, kind: str, name: str) -> Any:
    """The value of an attribute over events by time; None: there is none."""
    if aggregate == "count":
        return len(events) or None
    if kind == "date" and not name:
        return events[0 if aggregate == "first" else -1].at if events else None
    values = [value for one in events if (value := fitting(kind, one.data.get(name))) is not None]
    if not values:
        return None
    found = _aggregated(values, aggregate)
    if isinstance(found, datetime.date):
        return datetime.datetime.combine(found, datetime.time.min, datetime.UTC)
    return found


def _aggregated(values: list[Any], aggregate: str) -> Any:
    if aggregate == "most_frequent":
        number = Counter(values)
        return max(values[::-1], key=lambda value: number[value])
    return {
        "sum": lambda: round(sum(values), 6),
        "average": lambda: round(sum(values) / len(values), 6),
        "first": lambda: values[0],
        "last": lambda: values[-1],
    }[aggregate]()
