"""A condition in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sources.cdp.conditions.catalogue import Catalogue
from integrations.sources.cdp.conditions.grammar import (
    AttributeCondition,
    Condition,
    EventCondition,
    Group,
    PropertyCondition,
    Test,
)
from integrations.sources.cdp.conditions.operators import DAYS, NO_VALUE, OPERATORS, TIMES

# By operator; the same in every kind that has it.
LABELS = {name: label for operators in OPERATORS.values() for name, label in operators.items()}


def sentence(group: Group, catalogue: Catalogue) -> str:
    """Like: City is “Aarhus” and (did purchase at least 3 times within 30 days or Spent is over 500)."""
    joint = _(" and ") if group.match == "all" else _(" or ")
    return joint.join(_words(one, catalogue) for one in group.conditions) or _("nobody")


def _words(condition: Condition, catalogue: Catalogue) -> str:
    if isinstance(condition, Group):
        return f"({sentence(condition, catalogue)})"
    if isinstance(condition, EventCondition):
        return _event(condition)
    return f"{_name(condition, catalogue)} {_test(condition.test)}"


def _name(condition: PropertyCondition | AttributeCondition, catalogue: Catalogue) -> str:
    if isinstance(condition, PropertyCondition):
        property_ = catalogue.properties.get(condition.property)
        return property_.name if property_ else condition.property
    attribute = catalogue.attributes.get(condition.attribute)
    return attribute.name if attribute else _("Attribute {id}").format(id=condition.attribute)


def _event(condition: EventCondition) -> str:
    parts = [(_("did {event}") if condition.did else _("did not {event}")).format(event=condition.event)]
    if condition.where:
        parts.append(
            _("where {tests}").format(tests=_(" and ").join(f"{w.field} {_test(w.test)}" for w in condition.where))
        )
    times = condition.times
    if condition.did and (times.operator, times.number) != ("at_least", 1):
        count = ngettext("{number} time", "{number} times", times.number).format(number=times.number)
        parts.append(f"{TIMES[times.operator]} {count}")
    if condition.within_days is not None:
        parts.append(
            ngettext("within {days} day", "within {days} days", condition.within_days).format(
                days=condition.within_days
            )
        )
    return " ".join(parts)


def _test(test: Test) -> str:
    label = str(LABELS[test.operator])
    if test.operator in NO_VALUE:
        return label
    if test.operator in DAYS:
        return label.replace("…", str(test.value))
    return f"{label} “{test.value}”" if isinstance(test.value, str) else f"{label} {test.value}"
