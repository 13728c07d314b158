"""What travels: a person's fields, and the label of a field. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.translation import gettext_lazy as _

from integrations.core.connector import Record, RecordType

# Most members of a file, and those that a look and its answers are worth.
BATCH = 500
MEMBER = RecordType("member", _("Member"), _("Members"), batch_size=BATCH)
FIELD = RecordType("field", _("Field"), _("Fields"), batch_size=20, merges=True)


def member(
    identifier_id: int, type_id: int, address: str, fields: Collection[str] | None = None, *, again: bool = False
) -> Record:
    """The fields of the list by name that changed for the person of this identifier; None: all. What they hold is found
    out when they are sent: `again` also when it was sent before, as the list has something else."""
    named = None if fields is None else sorted(fields)
    payload = {"identifier": identifier_id, "type": type_id, "fields": named, "again": again}
    return Record(MEMBER.name, str(identifier_id), payload, address)


def emptied(identifier_id: str, field_name: str) -> Record:
    """A field that the member is to have nothing in any more."""
    return Record(MEMBER.name, identifier_id, {"identifier": int(identifier_id), "empty": field_name})


def field(row_ids: Iterable[int]) -> list[Record]:
    """Fields whose label changed."""
    return [Record(FIELD.name, f"field {pk}", {"field": pk}) for pk in row_ids]
