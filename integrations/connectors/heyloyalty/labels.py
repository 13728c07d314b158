"""The label of a field follows its audience: renamed, or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty.list_connector import Changed
from integrations.connectors.heyloyalty.models import AttachedField
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.mapping import Mapped

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation

GONE = gettext_lazy("The list doesn't have this field any more: there is nothing to label.")


def refresh(connector: HeyloyaltyActivation, items: Sequence[Item]) -> None:
    """What each field is to be called by now."""
    rows = AttachedField.objects.in_bulk([item.payload.get("field", 0) for item in items])
    for item in items:
        row = rows.get(item.payload.get("field", 0))
        wanted = row is not None and row.state != AttachedField.State.DETACHED
        item.payload["values"] = {"name": row.field_name, "label": row.label} if row and wanted else {}


def prepare(item: Item) -> Mapped | Skip:
    # Whatever was sent last: the label may have been changed by another way since.
    values = item.payload["values"]
    return Changed(Mapped(values), item.event_id) if values else Skip.GONE


def deliver(connector: HeyloyaltyActivation, items: Sequence[Item]) -> Iterator[Outcome]:
    """Nothing but the label is sent; options stay as they are."""
    connector.forget_list()
    fields, list_id = connector.member_list.fields, connector.member_list.id
    changed = []
    for item in items:
        field = fields.get(item.values["name"])
        if field is None:
            yield Outcome(item, Result.SKIPPED, str(GONE), Skip.GONE)
        elif field.label == item.values["label"]:
            yield Outcome(item, Result.UNCHANGED, _("The field has this label already."), remote_id=field.name)
        else:
            changed.append(item)
    for item in changed:
        spec = {"type": "custom", "name": item.values["name"], "label": item.values["label"]}
        call = connector.heyloyalty.add_fields(list_id, [{**spec, "format": fields[item.values["name"]].format}])
        yield Outcome(item, Result.UPDATED, remote_id=item.values["name"], call=call)
    if changed:
        connector.forget_list()
