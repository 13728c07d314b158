"""What the builder of conditions (static/cdp.js) offers, and what is wrong with what it sent, condition by condition.

A *state* is a condition as Audience has it, or on the way there: with blanks, or with things that are gone by now.
Places are counted as the builder counts them: "1.0" is the first condition of the group that stands second; "" is all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.sources.cdp.conditions import DAYS, OPERATORS, Catalogue, ConditionError, check, parse
from integrations.sources.cdp.conditions.operators import NO_VALUE
from integrations.sources.cdp.models.people import Kind

LONGEST_STATE = 100_000
# Deeper than any that can be saved.
DEEPEST = 20
BLANK = {"match": "all", "conditions": [{"property": ""}]}

VALUE_TYPES = {Kind.TEXT: "text", Kind.NUMBER: "number", Kind.DATE: "date", Kind.YES_NO: "none"}


class UnreadableState(ValueError):
    """Not of the builder's making."""


def read_state(text: str) -> dict[str, Any]:
    """Raises UnreadableState."""
    try:
        state: dict[str, Any] = json.loads(text) if len(text) <= LONGEST_STATE else {}
    except (ValueError, RecursionError):
        raise UnreadableState from None
    if not _is_group(state, 1):
        raise UnreadableState
    return state


def _is_group(state: Any, depth: int) -> bool:
    if not isinstance(state, dict) or not isinstance(state.get("conditions"), list) or depth > DEEPEST:
        return False
    groups = [one for one in state["conditions"] if isinstance(one, dict) and "conditions" in one]
    return all(isinstance(one, dict) for one in state["conditions"]) and all(
        _is_group(one, depth + 1) for one in groups
    )


# -- what it offers ------------------------------------------------------------------------------------


def offered(known: Catalogue) -> dict[str, Any]:
    """For json_script: choices as {value, label, kind}, operators by kind as {value, label, value_type}, and words."""
    return {
        "properties": [_choice(key, one.name, one.kind) for key, one in known.properties.items()],
        "attributes": [_choice(str(pk), one.name, one.kind) for pk, one in known.attributes.items()],
        "events": [
            {"value": key, "label": key, "fields": [_choice(name, name, kind) for name, kind in one.fields.items()]}
            for key, one in known.events.items()
        ],
        "operators": {
            str(kind): [_operator(kind, name, str(label)) for name, label in operators.items()]
            for kind, operators in OPERATORS.items()
        },
        "words": {
            "choose": _("Choose…"),
            "gone": _("%s (does not exist any more)"),
            "property": _("Property"),
            "attribute": _("Calculated attribute"),
            "condition": _("Condition"),
            "group": _("Group"),
            "conditions": _("Conditions"),
        },
    }


def _choice(value: str, label: str, kind: str) -> dict[str, str]:
    return {"value": value, "label": label, "kind": str(kind)}


def _operator(kind: str, name: str, label: str) -> dict[str, str]:
    value_type = "none" if name in NO_VALUE else "days" if name in DAYS else VALUE_TYPES[Kind(kind)]
    # “is within the last … days”: the number stands after it.
    return {"value": name, "label": label.partition("…")[0].strip(), "value_type": value_type}


# -- what is wrong -------------------------------------------------------------------------------------


def errors_of(state: Mapping[str, Any], known: Catalogue) -> dict[str, str]:
    """A sentence for each place that can't be saved."""
    errors = dict(_errors(state, known, ()))
    if not errors:
        try:
            check(parse(state), known)
        except ConditionError as error:
            errors[""] = str(error)
    return errors


def _errors(state: Mapping[str, Any], known: Catalogue, path: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    if not state["conditions"]:
        empty = _("This group is empty: add a condition, or remove the group.")
        yield _place(path), empty if path else _("Add a condition: without any nobody is in it.")
    for at, one in enumerate(state["conditions"]):
        if "conditions" in one:
            yield from _errors(one, known, (*path, at))
        elif error := _missing(one) or _wrong(one, known):
            yield _place((*path, at)), error


def _place(path: tuple[int, ...]) -> str:
    return ".".join(str(at) for at in path)


def _missing(condition: Mapping[str, Any]) -> str:
    if "event" in condition:
        if not condition["event"]:
            return _("Choose an event.")
        where = condition.get("where")
        tests = [one for one in where if isinstance(one, dict)] if isinstance(where, list) else []
        if any(not one.get("field") for one in tests):
            return _("Choose the field after “where”, or remove it.")
        return next((error for one in tests if (error := _no_value(one))), "")
    if "attribute" in condition:
        return _no_value(condition) if condition["attribute"] else _("Choose a calculated attribute.")
    return _no_value(condition) if condition.get("property") else _("Choose a property.")


def _no_value(test: Mapping[str, Any]) -> str:
    asks = test.get("is")
    if isinstance(asks, str) and asks not in NO_VALUE and test.get("value") in ("", None):
        return _("Enter a number of days.") if asks in DAYS else _("Enter what it is compared with.")
    return ""


def _wrong(condition: Mapping[str, Any], known: Catalogue) -> str:
    try:
        check(parse({"match": "all", "conditions": [condition]}), known)
    except ConditionError as error:
        return str(error)
    return ""
