"""Whether a condition can be asked of the persons there are: everything it names exists and has a fitting kind."""

from __future__ import annotations

import datetime
import math
from typing import Any

from django.utils.translation import gettext as _

from integrations.sources.cdp.conditions.catalogue import Catalogue
from integrations.sources.cdp.conditions.grammar import (
    LONGEST_DAYS,
    ConditionError,
    EventCondition,
    Group,
    PropertyCondition,
    Test,
    leaves,
)
from integrations.sources.cdp.conditions.operators import DAYS, NO_VALUE, OPERATORS
from integrations.sources.cdp.models.people import Kind

# Numbers beyond are no measure of anything, and no database's floating point holds them all.
LARGEST = 1e100
LONGEST_TEXT = 255


def check(group: Group, catalogue: Catalogue) -> None:
    """Raises ConditionError with a sentence about the first thing that doesn't fit."""
    for leaf in leaves(group):
        if isinstance(leaf, PropertyCondition):
            property_ = catalogue.properties.get(leaf.property)
            if property_ is None:
                raise _gone(_("the property “{name}”").format(name=leaf.property))
            check_test(leaf.test, property_.kind, property_.name)
        elif isinstance(leaf, EventCondition):
            _check_event(leaf, catalogue)
        else:
            attribute = catalogue.attributes.get(leaf.attribute)
            if attribute is None:
                raise _gone(_("the calculated attribute {id}").format(id=leaf.attribute))
            check_test(leaf.test, attribute.kind, attribute.name)


def _check_event(leaf: EventCondition, catalogue: Catalogue) -> None:
    event = catalogue.events.get(leaf.event)
    if event is None:
        raise _gone(_("the event type “{name}”").format(name=leaf.event))
    for one in leaf.where:
        if one.field not in event.fields:
            raise _gone(_("the field “{field}” of the event type “{name}”").format(field=one.field, name=leaf.event))
        check_test(one.test, event.fields[one.field], f"{leaf.event}.{one.field}")


def check_test(test: Test, kind: str, name: str) -> None:
    """Raises ConditionError unless the operator is one of the kind's and the value is of its form."""
    if test.operator not in OPERATORS[kind]:
        raise _unfit(name, kind)
    if not _fits(test, kind):
        raise ConditionError(
            _("“{name}” is compared with a value that isn't {wanted}. Enter one in the condition.").format(
                name=name, wanted=_wanted(test, kind)
            )
        )


def _fits(test: Test, kind: str) -> bool:
    value = test.value
    if test.operator in NO_VALUE:
        return True
    if test.operator in DAYS:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_DAYS
    if kind == Kind.NUMBER:
        return is_number(value)
    if kind == Kind.DATE:
        return is_date(value)
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and "\0" not in value


def is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST < value < LARGEST and not math.isnan(value)


def is_date(value: Any) -> bool:
    """A date as 2026-01-31, with room before and after it to count in."""
    try:
        date = datetime.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return date is not None and 1000 <= date.year <= 9000 and date.isoformat() == value


def _wanted(test: Test, kind: str) -> str:
    if test.operator in DAYS:
        return _("a number of days")
    return {Kind.NUMBER: _("a number"), Kind.DATE: _("a date")}.get(Kind(kind), _("a text of up to 255 characters"))


def _gone(what: str) -> ConditionError:
    return ConditionError(
        _("A condition uses {what}, which doesn't exist any more. Take the condition out, or bring it back.").format(
            what=what
        )
    )


def _unfit(name: str, kind: str) -> ConditionError:
    return ConditionError(
        _("A condition asks something of “{name}” that doesn't fit its type, which is {kind} now. Change it.").format(
            name=name, kind=Kind(kind).label
        )
    )
