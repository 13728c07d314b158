"""Values of calculated attributes: as differences, each written and announced exactly once.

Like memberships: whoever calls `write` holds the attribute's row (`lock`).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any

from integrations.core.announce import announce
from integrations.core.engine.rows import insert
from integrations.sources.cdp.locks import hold_definitions
from integrations.sources.cdp.matching import COLUMNS
from integrations.sources.cdp.models import Attribute, AttributeValue
from integrations.sources.cdp.models.people import Kind
from integrations.sources.cdp.signals import ValueChange, values_changed

TYPED = ("text", "number", "moment")


def lock(attribute_ids: Collection[int]) -> dict[int, Attribute]:
    """The attributes, by id, for the rest of the transaction. Always before audiences, in the order of the ids."""
    hold_definitions()
    locked = Attribute.objects.select_for_update(no_key=True).filter(pk__in=attribute_ids).order_by("pk")
    return {attribute.pk: attribute for attribute in locked}


def write(attribute: Attribute, values: Mapping[int, Any], at: datetime.datetime) -> list[ValueChange]:
    """Set these persons' values of a locked attribute: text, number (1 or 0 for Yes/No) or time; None: no value.

    Returns, and announces, the differences that made. Audiences follow by `recalculation.persons_changed`.
    """
    column = COLUMNS[Kind(attribute.kind)]
    before = stored(attribute, list(values))
    changed = {pk: value for pk, value in values.items() if before.get(pk) != _typed(column, value)}
    gone = [pk for pk, value in changed.items() if value is None]
    if gone:
        AttributeValue.objects.filter(attribute=attribute, person_id__among=gone).delete()
    rows = [
        (pk, *(value if name == column else None for name in TYPED), at)
        for pk, value in changed.items()
        if value is not None
    ]
    insert(
        AttributeValue,
        ("person_id", *TYPED, "updated_at"),
        rows,
        same={"attribute_id": attribute.pk},
        unique=("attribute_id", "person_id"),
        update=(*TYPED, "updated_at"),
    )
    changes = [ValueChange(attribute.pk, pk, at) for pk in sorted(changed)]
    announce(values_changed, changes=changes)
    return changes


def stored(attribute: Attribute, people: Collection[int]) -> dict[int, tuple[str, Any]]:
    """Column and value, by person, of those who have one."""
    rows = AttributeValue.objects.filter(attribute=attribute, person_id__among=list(people))
    found = {}
    for pk, *values in rows.values_list("person_id", *TYPED):
        found[pk] = next((name, value) for name, value in zip(TYPED, values, strict=True) if value is not None)
    return found


def _typed(column: str, value: Any) -> tuple[str, Any] | None:
    return None if value is None else (column, value)
