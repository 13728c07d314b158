"""A person as connectors see one: by an identifier, with audiences and calculated attributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from integrations.sources.cdp.models import AttributeValue, Identifier, IdentifierType, Membership


@dataclass(frozen=True)
class PersonState:
    """What is so of one identifier's person by now. A person with two e-mail addresses is there twice.

    `audiences` are ids; `values` maps an attribute's id to text, a number (1 or 0 for Yes/No) or a time.
    """

    identifier_id: int
    identifier: str
    person_id: int
    audiences: frozenset[int]
    values: Mapping[int, Any]


def states(
    identifier_type: IdentifierType,
    after_id: int,
    limit: int,
    *,
    audiences: Collection[int] = (),
    attributes: Collection[int] = (),
) -> list[PersonState]:
    """The next `limit` identifiers of a type with an id greater than `after_id`, by id. Three queries."""
    found = Identifier.objects.filter(type=identifier_type, pk__gt=after_id).order_by("pk")[:limit]
    return _states(found, audiences, attributes)


def states_of(
    identifier_ids: Collection[int], *, audiences: Collection[int] = (), attributes: Collection[int] = ()
) -> list[PersonState]:
    """Those of these identifiers that exist, by id. Three queries."""
    return _states(Identifier.objects.filter(pk__among=list(identifier_ids)).order_by("pk"), audiences, attributes)


def count_identifiers(identifier_type: IdentifierType) -> int:
    """How many there are: an exact count, for the start of a sync; not for a page that opens often."""
    return Identifier.objects.filter(type=identifier_type).count()


def _states(found: QuerySet[Identifier], audiences: Collection[int], attributes: Collection[int]) -> list[PersonState]:
    rows = list(found.values_list("pk", "value", "person_id"))
    people = list({person_id for _, _, person_id in rows})
    # By person alone, and the wanted ones picked here: with both, PostgreSQL may read whole audiences while its
    # statistics are those of before a bulk load.
    inside: dict[int, set[int]] = {}
    members = Membership.objects.filter(person_id__among=people)
    for person_id, audience_id in members.values_list("person_id", "audience_id"):
        if audience_id in audiences:
            inside.setdefault(person_id, set()).add(audience_id)
    values: dict[int, dict[int, Any]] = {}
    for value in AttributeValue.objects.filter(person_id__among=people):
        if value.attribute_id in attributes:
            values.setdefault(value.person_id, {})[value.attribute_id] = value.value
    return [
        PersonState(pk, name, person_id, frozenset(inside.get(person_id, ())), values.get(person_id, {}))
        for pk, name, person_id in rows
    ]
