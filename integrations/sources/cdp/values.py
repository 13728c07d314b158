"""Values of calculated attributes: as differences, each written and announced exactly once.

Like memberships: whoever calls `write` holds the attribute's row (`lock`).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.cdp.locks import hold_definitions
from integrations.sources.cdp.matching import COLUMNS, Among, chosen
from integrations.sources.cdp.models import Attribute, AttributeValue
from integrations.sources.cdp.models.people import Kind
from integrations.sources.cdp.signals import ValueChange, values_changed

TYPED = ("text", "number", "moment")


def lock(attribute_ids: Collection[int]) -> dict[int, Attribute]:
    """The attributes, by id, for the rest of the transaction. Always before audiences, in the order of the ids."""
    hold_definitions()
    locked = Attribute.objects.select_for_update(no_key=True).filter(pk__in=attribute_ids).order_by("pk")
    return {attribute.pk: attribute for attribute in locked}


def write(
    attribute: Attribute, values: Mapping[int, Any], at: datetime.datetime, *, among: Among = None
) -> list[ValueChange]:
    """Set persons' values of a locked attribute: text, number (1 or 0 for Yes/No) or time; None: no value.

    Returns, and announces, the differences that made. Audiences follow by `recalculation.persons_changed`. `among`: the
    span that these persons are in.
    """
    column = COLUMNS[Kind(attribute.kind)]
    changed, gone = {}, []
    for pk, row, stored in _stored(attribute, column, list(values) if among is None else among):
        value = values.get(pk)
        # A row without a value in this column has one of an earlier type.
        if row is not None and value is None:
            gone.append(pk)
        elif value != stored:
            changed[pk] = value
    if gone:
        AttributeValue.objects.filter(attribute=attribute, person__among=gone).delete()
    places = [name == column for name in TYPED]
    insert(
        AttributeValue,
        ("person_id", *TYPED),
        [(pk, *(value if mine else None for mine in places)) for pk, value in changed.items()],
        same={"attribute_id": attribute.pk, "updated_at": at},
        unique=("attribute_id", "person_id"),
        update=(*TYPED, "updated_at"),
    )
    changes = [ValueChange(attribute.pk, pk, at) for pk in sorted([*changed, *gone])]
    announce(values_changed, changes=changes)
    return changes


def _stored(attribute: Attribute, column: str, among: Among) -> QuerySet[Any, Any]:
    """Id, id of the row, and value: asked of each person, so that a plan can't go wrong (`matching.py`)."""
    rows = AttributeValue.objects.filter(attribute=attribute, person=OuterRef("pk"))
    return chosen(among).values_list("pk", Subquery(rows.values("pk")), Subquery(rows.values(column)))
