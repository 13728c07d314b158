"""Writing what Edit Mapping holds: rows with their history, and the search keys among the settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from integrations.core.admin.mapping.rows import COLUMNS
from integrations.core.models import FieldMapping


def save_rows(rows: Any, kept: list[dict[str, Any]], shown: Collection[int | None], owner: dict[str, Any]) -> None:
    """Make the saved rows (a queryset) those of the form. Rows that the form did not show – somebody else made them
    meanwhile – stay, unless they fill the same target."""
    present = {row.pk: row for row in rows.select_for_update()}
    staying, targets = {row["id"] for row in kept}, {row["target"] for row in kept}
    for pk, row in present.items():
        if pk not in staying and (pk in shown or row.target in targets):
            row.delete()
    _make_room([row for row in kept if row["id"] in present], present)
    for position, values in enumerate(kept, 1):
        _save_row(present.get(values["id"]), {**values, "position": position}, owner)


def _make_room(kept: list[dict[str, Any]], present: dict[int, FieldMapping]) -> None:
    """Two rows may exchange their targets, of which each can be there only once."""
    for values in kept:
        if present[values["id"]].target != values["target"]:
            FieldMapping.objects.filter(pk=values["id"]).update(target=f"~{values['id']}")


def _save_row(row: FieldMapping | None, values: dict[str, Any], owner: dict[str, Any]) -> None:
    wanted = {name: values.get(name, False) for name in COLUMNS}
    if row is None:
        FieldMapping.objects.create(**owner, **wanted)
    elif any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()


def search_keys(connection: Any, settings: Sequence[str]) -> list[str]:
    """The target fields that records are found by, the first one first."""
    return [value for name in settings if (value := getattr(connection, name))]


def set_search_keys(connection: Any, settings: Sequence[str], marked: list[str]) -> list[str]:
    """The marked rows are the search criteria of the settings: those that were stay in their order. Returns which
    settings changed; nothing is saved."""
    staying = [name for name in search_keys(connection, settings) if name in marked]
    wanted = [*staying, *(name for name in marked if name not in staying)][: len(settings)]
    wanted += [""] * (len(settings) - len(wanted))
    changed = {name: value for name, value in zip(settings, wanted, strict=True) if getattr(connection, name) != value}
    for name, value in changed.items():
        setattr(connection, name, value)
    return list(changed)


def save_search_keys(connection: Any, settings: Sequence[str], marked: list[str]) -> None:
    if changed := set_search_keys(connection, settings, marked):
        connection.save(update_fields=changed)


def mark_search_keys(connection: Any, record_type: str, keys: Collection[str]) -> list[str]:
    """Mark the rows of the search criteria; returns those criteria that no row fills."""
    rows = FieldMapping.objects.filter(connection_id=connection.pk, record_type=record_type)
    rows.filter(is_key=True).exclude(target__in=keys).update(is_key=False)
    rows.filter(is_key=False, target__in=keys).update(is_key=True)
    filled = set(rows.filter(enabled=True).values_list("target", flat=True))
    return [name for name in keys if name not in filled]
