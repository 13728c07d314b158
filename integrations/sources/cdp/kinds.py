"""Values of properties and of events' data by their kind. Every check raises Refused with what to do."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.cdp.models.people import Kind

LAST_ID = 2**63 - 1
LONGEST_TEXT = 255
LARGEST = 10**15
# PostgreSQL has no place for these.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
YES, NO = ("yes", "true"), ("no", "false")
FIRST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
CLOCKS_DIFFER = datetime.timedelta(days=1)


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def is_number(value: float) -> bool:
    """Not what JSON has no digits for, and not so large that neighbours can't be told apart."""
    return -LARGEST <= value <= LARGEST


def kind_of(value: Any) -> Kind | None:
    """The kind a value of JSON looks like; None when it is none of them, as a list."""
    if isinstance(value, bool):
        return Kind.YES_NO
    if isinstance(value, int | float):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.DATE if as_moment(value) else Kind.TEXT
    return None


def as_moment(text: str) -> datetime.datetime | None:
    """A date (its local midnight) or time as ISO 8601 has it; None for any other text."""
    if not DATE.fullmatch(text):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        return None


def checked(value: Any, kind: str, field: str) -> Any:
    """A JSON value as a property of this kind holds it; a date as ISO 8601 has it. Raises Refused."""
    match kind:
        case Kind.TEXT if isinstance(value, str):
            return _text(value, field)
        case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(value, field)
        case Kind.YES_NO if isinstance(value, bool):
            return value
        case Kind.DATE if isinstance(value, str) and (moment := as_moment(value.strip())):
            return timezone.localtime(moment).date().isoformat()
    raise Refused(field, wanted(kind))


def wanted(kind: str) -> str:
    """What to write for a kind."""
    return {
        Kind.TEXT: _("This is a text: write it in quotes."),
        Kind.NUMBER: _("This is a number: write it like 12.5, without quotes."),
        Kind.YES_NO: _("This is a Yes/No: write true or false, without quotes."),
        Kind.DATE: _("This is a date: write it like 2026-03-09."),
    }[Kind(kind)]


def _text(value: str, field: str) -> str:
    text = value.strip()
    if len(text) > LONGEST_TEXT:
        raise Refused(field, _("This text is too long: at most %(most)s characters.") % {"most": LONGEST_TEXT})
    if not is_storable(text):
        raise Refused(field, _("This text holds a control character or one that can't be stored. Remove it."))
    return text


def _number(value: float, field: str) -> float:
    if not is_number(value):
        raise Refused(field, _("This number is too large."))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def typed(text: str, kind: str, field: str) -> Any:
    """What was typed in a form or a cell, as JSON would have it. Raises Refused."""
    text = text.strip()
    if kind == Kind.NUMBER:
        if not NUMBER.fullmatch(text):
            raise Refused(field, _("This is a number: write it like 12.5, without separators."))
        return json.loads(text)
    if kind == Kind.YES_NO:
        if text.lower() not in (*YES, *NO):
            raise Refused(field, _("Write yes or no."))
        return text.lower() in YES
    return text


def moment(at: datetime.datetime | None, now: datetime.datetime, field: str = "at") -> datetime.datetime:
    """When something happened; without time zone local time. Raises Refused for what is long before, or ahead."""
    if at is None:
        return now
    try:
        at = at if at.tzinfo else timezone.make_aware(at)
        if at < FIRST:
            raise Refused(field, _("This time is before 1970."))
        if at > now + CLOCKS_DIFFER:
            raise Refused(field, _("This time is in the future. Send it when it has happened."))
        return at.astimezone(datetime.UTC)
    except OverflowError:
        raise Refused(field, _("This time can't be stored.")) from None
