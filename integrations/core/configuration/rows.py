"""Mapping rows for the form of Edit Mapping: the one way in for rows that nobody typed there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core.admin.mapping.pages import MappingPage
from integrations.core.admin.mapping.rows import MAX_ROWS
from integrations.core.admin.mapping.save import save_rows
from integrations.core.connector import RecordType
from integrations.core.models import FieldMapping

Row = dict[str, Any]
COLUMNS = ("source", "target", "default", "enabled", "is_key")


@dataclass(frozen=True)
class ReadRows:
    """Rows as the editor would save them, and what is wrong: (place of the row or None, column, sentence)."""

    rows: list[Row]
    problems: list[tuple[int | None, str, str]] = field(default_factory=list)


def by_type(mappings: Iterable[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """A snapshot's flat list of rows, by record type and without positions."""
    found: dict[str, list[Row]] = {}
    for row in mappings:
        found.setdefault(row["record_type"], []).append({name: row[name] for name in COLUMNS})
    return found


def with_keys(rows: Sequence[Row], record_type: RecordType, keys: Collection[str]) -> list[Row]:
    """Which rows are search keys is told by the settings (`keys`, target fields), unless both sides are kept equal;
    then the rows themselves tell."""
    if record_type.two_way:
        return [dict(row) for row in rows]
    return [{**row, "is_key": row["target"] in keys} for row in rows]


def read_rows(page: Any, request: HttpRequest, obj: Any, record_type: RecordType, rows: Sequence[Row]) -> ReadRows:
    if len(rows) > MAX_ROWS:
        return ReadRows([], [(None, "", _("There can be %(most)s rows at most.") % {"most": MAX_ROWS})])
    posted: dict[str, Any] = {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": 0}
    for place, row in enumerate(rows):
        values = {**row, "position": place + 1}
        posted |= {f"rows-{place}-{name}": value for name, value in values.items()}
    form = MappingPage(page, request, obj, record_type).read(posted)
    if form.is_valid():
        kept = [each.cleaned_data for each in form.kept()]
        return ReadRows([{name: row.get(name, False) for name in COLUMNS} for row in kept])
    problems: list[tuple[int | None, str, str]] = [(None, "", text) for text in form.non_form_errors()]
    for place, each in enumerate(form.forms):
        for name, texts in each.errors.items():
            problems += [(place, "" if name == "__all__" else name, text) for text in texts]
    return ReadRows([], problems)


def write_rows(connection_id: int, record_type: str, rows: Sequence[Row]) -> None:
    """Make the saved rows these. A row is what fills a target field: its history goes on."""
    saved = FieldMapping.objects.filter(connection_id=connection_id, record_type=record_type)
    present = dict(saved.values_list("target", "pk"))
    kept = [{**row, "id": present.get(row["target"])} for row in rows]
    save_rows(saved, kept, set(present.values()), {"connection_id": connection_id, "record_type": record_type})
