"""Conditions as one WHERE over persons.

Whatever a condition asks of events or of attributes is a scalar subquery of the person: no database turns it into a
join, so that it is answered from the index (person, type, at) in every state of the statistics – for one person, for a
slice of an audience, and while a bulk load hasn't been analysed yet.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    DateTimeField,
    F,
    IntegerField,
    Lookup,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.lookups import Exact, GreaterThan, Range

from integrations.sources.cdp.asking import asked
from integrations.sources.cdp.conditions import (
    Catalogue,
    Condition,
    EventCondition,
    Group,
    PropertyCondition,
    Times,
)
from integrations.sources.cdp.data import JSONValue, Row
from integrations.sources.cdp.models import AttributeValue, Person, PersonEvent
from integrations.sources.cdp.models.people import Kind

COLUMNS = {Kind.TEXT: "text", Kind.NUMBER: "number", Kind.YES_NO: "number", Kind.DATE: "moment"}


@dataclass(frozen=True)
class Span:
    """Persons with after < id ≤ upto."""

    after: int
    upto: int


Among = Collection[int] | Span | None


class CountOf(Subquery):
    """How many rows a queryset has; slice it where no more needs to be known."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = BigIntegerField()


def persons(group: Group, now: datetime.datetime, catalogue: Catalogue, *, among: Among = None) -> QuerySet[Person]:
    """Who meets the condition, which has been checked against the catalogue; of everybody, or of these."""
    return chosen(among).filter(_where(group, now, catalogue))


def chosen(among: Among) -> QuerySet[Person]:
    return Person.objects.filter(within("pk", among))


def within(column: str, among: Among) -> Q:
    """Rows of these persons, whose ids are in `column`."""
    if among is None:
        return Q()
    if isinstance(among, Span):
        return Q((f"{column}__gt", among.after), (f"{column}__lte", among.upto))
    return Q((f"{column}__among", list(among)))


def meets(group: Group, now: datetime.datetime, catalogue: Catalogue) -> Case:
    """1 where the outer query's person meets the condition, else 0."""
    where = _where(group, now, catalogue)
    return Case(When(where, then=Value(1)), default=Value(0), output_field=IntegerField())


def events_of(type_id: int, within_days: int | None, now: datetime.datetime) -> QuerySet[PersonEvent]:
    """The outer query's person's events of a type, within a time."""
    person = OuterRef("pk")
    events = PersonEvent.objects.order_by().filter(person=person, type_id=type_id)
    if within_days is None:
        return events
    # As rows, which bound only the index that begins with the person. With statistics of before a bulk load there are
    # no recent events at all, and PostgreSQL would take the index that begins with the type and the time.
    begin = Row(person, Value(type_id), Value(begin_of(within_days, now), DateTimeField()))
    return events.filter(GreaterThan(Row(F("person_id"), F("type_id"), F("at")), begin))


def begin_of(within_days: int, now: datetime.datetime) -> datetime.datetime:
    """Events after this time are within so many days."""
    return now - datetime.timedelta(days=within_days)


def _where(condition: Condition, now: datetime.datetime, catalogue: Catalogue) -> Q:
    if isinstance(condition, Group):
        parts = [_where(one, now, catalogue) for one in condition.conditions]
        return reduce(and_ if condition.match == "all" else or_, parts) if parts else Q(pk__in=[])
    if isinstance(condition, EventCondition):
        return Q(_did(condition, now, catalogue))
    if isinstance(condition, PropertyCondition):
        kind = catalogue.properties[condition.property].kind
        return Q(asked(JSONValue("properties", condition.property, kind), condition.test, kind, now))
    kind = catalogue.attributes[condition.attribute].kind
    value = AttributeValue.objects.filter(attribute=condition.attribute, person=OuterRef("pk"))
    return Q(asked(Subquery(value.values(COLUMNS[Kind(kind)])), condition.test, kind, now, moment=True))


def _did(condition: EventCondition, now: datetime.datetime, catalogue: Catalogue) -> Lookup[Any]:
    event = catalogue.events[condition.event]
    events = events_of(event.id, condition.within_days, now)
    for one in condition.where:
        kind = event.fields[one.field]
        events = events.filter(asked(JSONValue("data", one.field, kind), one.test, kind, now))
    if not condition.did:
        return Exact(_up_to(events, 1), 0)
    return _counted(events, condition.times)


def _counted(events: QuerySet[PersonEvent], times: Times) -> Lookup[Any]:
    if times.operator == "at_least":
        return Exact(_up_to(events, times.number), times.number)
    number = _up_to(events, times.number + 1)
    return Exact(number, times.number) if times.operator == "exactly" else Range(number, (1, times.number))


def _up_to(events: QuerySet[PersonEvent], most: int) -> CountOf:
    return CountOf(events.values("pk")[:most])
