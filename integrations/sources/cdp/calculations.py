"""Calculated attributes: the values that follow from what persons did.

Who did nothing of the kind within the time has no value. A value whose type doesn't fit the attribute's is left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import Expression
from django.db.models.functions import Left
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sources.cdp import days
from integrations.sources.cdp.conditions import Catalogue, ConditionError
from integrations.sources.cdp.data import Aggregated, JSONValue, Present
from integrations.sources.cdp.matching import COLUMNS, Among, chosen, events_of
from integrations.sources.cdp.models import Attribute, AttributeValue, PersonEvent
from integrations.sources.cdp.models.attributes import Aggregate
from integrations.sources.cdp.models.people import Kind

# What is left of a longer text: what an attribute's value can hold.
LONGEST_TEXT = 255
# Sums of 0.1 are decimal ones then, whatever the database added them up with and in which order.
DECIMALS = 6
NUMBERS = (Aggregate.COUNT, Aggregate.SUM, Aggregate.AVERAGE)


def is_told(attribute: Attribute) -> bool:
    """Its values come from outside."""
    return not attribute.aggregate


def of_event_time(attribute: Attribute) -> bool:
    """First and last value of no field: when the event happened."""
    return attribute.kind == Kind.DATE and not attribute.field


def check(attribute: Attribute, catalogue: Catalogue) -> None:
    """Raises ConditionError with a sentence when it can't be calculated."""
    if is_told(attribute):
        return
    event = next((one for one in catalogue.events.values() if one.id == attribute.event_type_id), None)
    if event is None:
        raise ConditionError(_("The type of its events doesn't exist any more. Choose another one."))
    if attribute.aggregate in NUMBERS and attribute.kind != Kind.NUMBER:
        raise ConditionError(
            _("“{calculation}” gives a number. Set the type to Number, or choose another calculation.").format(
                calculation=Aggregate(attribute.aggregate).label
            )
        )
    if attribute.aggregate == Aggregate.COUNT:
        return
    if of_event_time(attribute) and attribute.aggregate in (Aggregate.FIRST, Aggregate.LAST):
        return
    _check_field(attribute, event.fields.get(attribute.field))


def _check_field(attribute: Attribute, kind: str | None) -> None:
    if not attribute.field:
        raise ConditionError(_("Say of which field of the events it is calculated."))
    if kind is None:
        raise ConditionError(
            _("Its events have no field “{field}” any more. Choose another one.").format(field=attribute.field)
        )
    if kind != attribute.kind:
        raise ConditionError(
            _(
                "The field “{field}” is {kind} now, which doesn't fit the type {own}. Change the type or the field."
            ).format(field=attribute.field, kind=Kind(kind).label, own=Kind(attribute.kind).label)
        )


def calculate(attribute: Attribute, now: datetime.datetime, among: Among) -> dict[int, Any]:
    """The value of each of these persons, None where there is none; in one query."""
    if is_told(attribute):
        return _told(attribute, among)
    found = chosen(among).annotate(calculated=_expression(attribute, now))
    return {pk: _finished(attribute, value) for pk, value in found.values_list("pk", "calculated")}


def misfits(attribute: Attribute, now: datetime.datetime, among: Among) -> int:
    """How many values of these persons' events are left out."""
    if not _reads_field(attribute):
        return 0
    unfit = _unfit(_events(attribute, now), attribute)
    found = chosen(among).annotate(unfit=Aggregated("COUNT(e.value)", unfit.values(value=F("pk"))))
    return found.aggregate(number=Sum("unfit"))["number"] or 0


def new_misfits(attribute: Attribute, event_ids: Collection[int]) -> int:
    """How many of these events' values are left out. A calculation that is under way will come to those of persons it
    hasn't come past."""
    if not _reads_field(attribute) or not event_ids:
        return 0
    events = PersonEvent.objects.filter(pk__among=list(event_ids), type_id=attribute.event_type_id)
    if attribute.calculating_after is not None:
        events = events.filter(person__lte=attribute.calculating_after)
    return _unfit(events, attribute).count()


def left_out(attribute: Attribute) -> str:
    """A sentence for the attribute's `problem`; empty when every value was fine."""
    if not attribute.left_out:
        return ""
    return ngettext(
        "{number} value of “{field}” isn't {kind} and was left out.",
        "{number} values of “{field}” aren't {kind} and were left out.",
        attribute.left_out,
    ).format(number=attribute.left_out, field=attribute.field, kind=Kind(attribute.kind).label)


def _reads_field(attribute: Attribute) -> bool:
    return not is_told(attribute) and attribute.aggregate != Aggregate.COUNT and not of_event_time(attribute)


def _events(attribute: Attribute, now: datetime.datetime) -> QuerySet[PersonEvent]:
    return events_of(attribute.event_type_id or 0, attribute.within_days, now)


def _unfit(events: QuerySet[PersonEvent], attribute: Attribute) -> QuerySet[PersonEvent]:
    fitting = JSONValue("data", attribute.field, attribute.kind)
    return events.filter(Present("data", attribute.field)).alias(fitting=fitting).filter(fitting=None)


def _expression(attribute: Attribute, now: datetime.datetime) -> Subquery:
    events = _events(attribute, now)
    if attribute.aggregate == Aggregate.COUNT:
        return Aggregated("NULLIF(COUNT(*), 0)", events.values("pk"))
    if of_event_time(attribute):
        ordered = events.order_by("at" if attribute.aggregate == Aggregate.FIRST else "-at")
        return Subquery(ordered.values("at")[:1])
    value: Expression = JSONValue("data", attribute.field, attribute.kind)
    if attribute.kind == Kind.TEXT:
        value = Left(value, LONGEST_TEXT)
    if attribute.aggregate == Aggregate.SUM:
        return Aggregated("SUM(e.value)", events.values(value=value))
    if attribute.aggregate == Aggregate.AVERAGE:
        return Aggregated("AVG(e.value)", events.values(value=value))
    known = events.annotate(value=value).filter(value__isnull=False)
    return Subquery(_one(known, attribute.aggregate).values("value")[:1])


def _one(events: QuerySet[Any], aggregate: str) -> QuerySet[Any]:
    """Of events at the same time the one that came later is the later one; of values that are equally frequent the one
    that was seen last counts."""
    if aggregate == Aggregate.FIRST:
        return events.order_by("at", "pk")
    if aggregate == Aggregate.LAST:
        return events.order_by("-at", "-pk")
    groups: QuerySet[Any] = events.values("value").annotate(number=Count("pk"), last=Max("at"), newest=Max("pk"))
    return groups.order_by("-number", "-last", "-newest")


def _finished(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.aggregate in (Aggregate.SUM, Aggregate.AVERAGE):
        return round(value, DECIMALS)
    if attribute.kind == Kind.DATE and isinstance(value, str):
        return days.midnight(datetime.date.fromisoformat(value))
    return value


def _told(attribute: Attribute, among: Among) -> dict[int, Any]:
    """What is there, as far as it fits the attribute's type by now."""
    own = AttributeValue.objects.filter(attribute=attribute, person=OuterRef("pk"))
    values = chosen(among).values_list("pk", Subquery(own.values(COLUMNS[Kind(attribute.kind)])))
    if attribute.kind != Kind.YES_NO:
        return dict(values)
    return {pk: value if value in (0, 1) else None for pk, value in values}
