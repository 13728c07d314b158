"""What differs between two snapshots of a connection's settings, in the words of its pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from integrations.core.registry import connector_class

NOTHING = "–"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    what: str
    old: str
    new: str


def label_of(model: Any, name: str) -> str:
    """As the settings page calls it; the bare name of a column that isn't there any more."""
    try:
        return str(model._meta.get_field(name).verbose_name)
    except (AttributeError, FieldDoesNotExist):
        return name


def value_in_words(model: Any, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    if value in (None, ""):
        return NOTHING
    try:
        choices = dict(getattr(model._meta.get_field(name), "flatchoices", ()) or ())
    except (AttributeError, FieldDoesNotExist):
        choices = {}
    return str(choices.get(value, value))


def settings_differences(model: Any, old: Row, new: Row) -> Iterator[Difference]:
    for name, value in new.items():
        before, after = value_in_words(model, name, old.get(name)), value_in_words(model, name, value)
        if before != after:
            yield Difference(label_of(model, name), before, after)


def record_type_label(connector: str, name: str) -> str:
    types = {known.name: known.label for known in connector_class(connector).record_types}
    return str(types.get(name, name))


def mapping_differences(label: str, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Difference]:
    """Row by row: one is what fills a target field."""
    before = {row["target"]: mapping_row_in_words(row) for row in old}
    after = {row["target"]: mapping_row_in_words(row) for row in new}
    yield from _differences(_("Mapping of %(type)s") % {"type": label}, before, after)


def part_differences(label: str, old: Iterable[Row], new: Iterable[Row]) -> Iterator[Difference]:
    before = {words: words for words in map(row_in_words, old)}
    after = {words: words for words in map(row_in_words, new)}
    yield from _differences(label, before, after, named=False)


def _differences(
    label: str, before: dict[str, str], after: dict[str, str], *, named: bool = True
) -> Iterator[Difference]:
    changed = False
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, NOTHING), after.get(name, NOTHING)
        if old != new:
            changed = True
            yield Difference(f"{label}, {name}" if named else label, old, new)
    if not changed and list(before) != list(after):
        yield Difference(label, ", ".join(before), ", ".join(after))


def mapping_row_in_words(row: Row) -> str:
    words = [row["source"] or NOTHING]
    if row["default"]:
        words.append(_("default “%(value)s”") % {"value": row["default"]})
    if not row["enabled"]:
        words.append(_("off"))
    if row.get("is_key"):
        words.append(_("key"))
    return ", ".join(words)


def row_in_words(row: Row) -> str:
    # PostgreSQL keeps no order within a row of JSON.
    return " ↔ ".join(str(value) for _name, value in sorted(row.items()) if value not in (None, ""))
