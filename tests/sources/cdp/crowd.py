"""Persons, events, definitions and what was announced of them, as tests want them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from integrations.sources.cdp import recalculation
from integrations.sources.cdp.models import Attribute, Audience, EventType, Membership, Person, PersonEvent, Property
from integrations.sources.cdp.signals import memberships_changed, values_changed

NUMBERS = count(1)
DAY = datetime.timedelta(days=1)


def know(**kinds: str) -> None:
    """Properties by key."""
    for key, kind in kinds.items():
        Property.objects.update_or_create(key=key, defaults={"name": key.capitalize(), "kind": kind})


def happens(key: str, **fields: str) -> EventType:
    """An event type with the kinds of its fields."""
    return EventType.objects.update_or_create(key=key, defaults={"fields": fields})[0]


def person(**properties: Any) -> Person:
    return Person.objects.create(properties=properties)


def did(who: Person, type_: EventType, at: datetime.datetime | None = None, **data: Any) -> PersonEvent:
    """Without the recalculation that follows."""
    return PersonEvent.objects.create(person=who, type=type_, at=at or timezone.now(), data=data)


def ago(days: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def all_of(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"match": "all", "conditions": list(conditions)}


def any_of(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return {"match": "any", "conditions": list(conditions)}


def audience(*conditions: Mapping[str, Any], **values: Any) -> Audience:
    """Not calculated yet."""
    return Audience.objects.create(name=f"Audience {next(NUMBERS)}", condition=all_of(*conditions), **values)


def attribute(**values: Any) -> Attribute:
    """Not calculated yet."""
    return Attribute.objects.create(name=f"Attribute {next(NUMBERS)}", **values)


def change(who: Person, **properties: Any) -> None:
    """A person's properties, as the platform changes them; None takes one away."""
    with transaction.atomic():
        locked = Person.objects.select_for_update(no_key=True).get(pk=who.pk)
        kept = {key: value for key, value in (locked.properties | properties).items() if value is not None}
        Person.objects.filter(pk=who.pk).update(properties=kept)
        recalculation.persons_changed([who.pk], properties=list(properties))


def act(who: Person, type_: EventType, at: datetime.datetime | None = None, **data: Any) -> None:
    """An event, as the platform records it."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=who.pk)
        event = did(who, type_, at, **data)
        recalculation.persons_changed([who.pk], event_types=[type_.pk], new_events=[event.pk])


def members(of: Audience) -> set[int]:
    return set(Membership.objects.filter(audience=of).values_list("person_id", flat=True))


def values(of: Attribute) -> dict[int, Any]:
    return {one.person_id: one.value for one in of.values.all()}


def fresh(row: Model) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


@contextmanager
def announced() -> Iterator[list[Any]]:
    """Every change of memberships and values that is announced meanwhile, in its order."""
    heard: list[Any] = []

    def hear(changes: list[Any], **kwargs: Any) -> None:
        heard.extend(changes)

    memberships_changed.connect(hear)
    values_changed.connect(hear)
    try:
        yield heard
    finally:
        memberships_changed.disconnect(hear)
        values_changed.disconnect(hear)


def calculated(*definitions: Audience | Attribute) -> None:
    """From scratch, to the end."""
    from integrations.sources.cdp import scratch

    for one in definitions:
        kind = "attribute" if isinstance(one, Attribute) else "audience"
        recalculation.from_scratch(kind, one.pk)
        while scratch.go_on(kind, one.pk):
            pass


Found = Callable[[], Any]
