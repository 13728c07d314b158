"""Which record a preview is about: one of the last, one that is searched for, or one that was pasted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from integrations.core.admin.log.sight import Sight, unreadable_note
from integrations.core.connector import Connector, Record
from integrations.core.errors import RecordError
from integrations.core.preview.payloads import Stored, by_id, by_search, latest_events

SHOWN = 10
LAST, FOUND, PASTED = "last", "found", "pasted"
LARGEST = 1024 * 1024  # bytes of pasted JSON


@dataclass(frozen=True)
class Asked:
    """What was chosen in the form. Pasted JSON is never stored."""

    kind: str = LAST
    event: str = ""
    search: str = ""
    pasted: str = ""

    @classmethod
    def of(cls, posted: QueryDict) -> Asked:
        kind = posted.get("try_from", LAST)
        names = ("try_event", "try_search", "try_json")
        return cls(kind if kind in (LAST, FOUND, PASTED) else LAST, *(posted.get(name, "") for name in names))


def choices(connection_id: int, record_type: str, sight: Sight) -> list[tuple[str, str]]:
    """The last records: (event id, how it is called, what became of it, when)."""
    return [
        (str(event.pk), " · ".join(filter(None, (_name(event, sight), event.get_outcome_display(), _when(event)))))
        for event in latest_events(connection_id, record_type, SHOWN)
    ]


def _name(event: Any, sight: Sight) -> str:
    return sight.label(event.label) if event.label else sight.key(event.key)


def _when(event: Any) -> str:
    return date_format(localtime(event.created_at), "SHORT_DATETIME_FORMAT")


def chosen(asked: Asked, connector: Connector, record_type: str, newest: str = "") -> Record:
    """Raises RecordError with a plain sentence when there is none."""
    if asked.kind == PASTED:
        return connector.example(record_type, read_json(asked.pasted))
    if asked.kind == FOUND:
        return _record(_searched(asked.search, connector, record_type), record_type)
    event = asked.event or newest
    if not event:
        raise RecordError(_("No record has come in yet, or all were deleted. Search for one, or paste one as JSON."))
    found = by_id(connector.connection.pk, record_type, int(event)) if event.isdecimal() and len(event) < 19 else None
    if found is None:
        raise RecordError(_("This record isn't there any more. Choose another."))
    return _record(found, record_type)


def _searched(text: str, connector: Connector, record_type: str) -> Stored:
    if not text.strip():
        raise RecordError(_("Enter an e-mail address, a phone number with country code, or a record key."))
    found = by_search(connector.connection.pk, record_type, text)
    if found is None:
        raise RecordError(
            _("No record of this person was found. The search is for whole values; payloads are kept for a time only.")
        )
    return found


def _record(found: Stored, record_type: str) -> Record:
    if found.payload is None:
        raise RecordError(unreadable_note())
    return Record(record_type, found.key, found.payload, found.label)


def read_json(text: str) -> Any:
    """Raises RecordError that says where it is broken."""
    if not text.strip():
        raise RecordError(_("Paste a record as JSON first."))
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise RecordError(_("This is more than 1 MB. Paste a single record."))
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        words = _(
            "This is not JSON: it is broken in line %(line)s, column %(column)s. Often a comma, a quotation mark or a "
            "bracket is missing right before."
        )
        problem = words % {"line": error.lineno, "column": error.colno}
    except (ValueError, RecursionError):
        problem = _("This JSON can't be read: it is nested too deeply, or a number in it is none.")
    raise RecordError(problem)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
