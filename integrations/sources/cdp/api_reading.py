"""Persons and their events as the API answers with them: four queries a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations.sources.cdp.models import AttributeValue, Identifier, Membership, Person, PersonEvent
from integrations.sources.cdp.schemas import EventOut, PersonOut


def persons_out(persons: Sequence[Person]) -> list[PersonOut]:
    ids = [person.pk for person in persons]
    named: dict[int, dict[str, list[str]]] = {pk: {} for pk in ids}
    identifiers = Identifier.objects.filter(person_id__among=ids).order_by("pk")
    for person_id, key, value in identifiers.values_list("person_id", "type__key", "value"):
        named[person_id].setdefault(key, []).append(value)
    inside: dict[int, list[int]] = {pk: [] for pk in ids}
    members = Membership.objects.filter(person_id__among=ids).order_by("audience_id")
    for person_id, audience_id in members.values_list("person_id", "audience_id"):
        inside[person_id].append(audience_id)
    values: dict[int, dict[int, Any]] = {pk: {} for pk in ids}
    for one in AttributeValue.objects.filter(person_id__among=ids).order_by("attribute_id"):
        values[one.person_id][one.attribute_id] = one.value
    return [
        PersonOut(
            id=person.pk,
            identifiers=named[person.pk],
            properties=person.properties,
            audiences=inside[person.pk],
            attributes=values[person.pk],
            created_at=person.created_at,
            updated_at=person.updated_at,
        )
        for person in persons
    ]


def events_of(person: Person, after: int, limit: int) -> list[EventOut]:
    found = PersonEvent.objects.filter(person=person, pk__gt=after).select_related("type").order_by("pk")[:limit]
    return [
        EventOut(id=event.pk, type=event.type.key, at=event.at, data=event.data, external_id=event.external_id)
        for event in found
    ]
