"""Values as a userdb's fields take and give them: typed one way, comparable the other. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

LONGEST_TEXT = 255
# What XML has no place for.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
FLAGS = {"1": "true", "true": "true", "yes": "true", "0": "false", "false": "false", "no": "false"}
COMPOUND = (dict, list, tuple, set)
INT, LONG = 2**31, 2**63


class Typed(NamedTuple):
    """A value as it is sent: the local name of its XML Schema type, and its text."""

    type: str
    text: str


# What empties a field: a value can be neither left out nor nil.
EMPTY = Typed("string", "")


def text(raw: Any) -> str:
    """The value as text. Raises ValueError, as do all below: its words complete “The value …”."""
    if isinstance(raw, COMPOUND):
        raise ValueError(_("is not a single value"))
    value = ("1" if raw else "0") if isinstance(raw, bool) else str(raw)
    if UNPRINTABLE.search(value):
        raise ValueError(_("holds a character that cannot be sent"))
    return value


def short_text(raw: Any) -> str:
    value = text(raw)
    if len(value) > LONGEST_TEXT:
        raise ValueError(_("is longer than %(most)s characters") % {"most": LONGEST_TEXT})
    return value


def flag(raw: Any) -> str:
    value = FLAGS.get(text(raw).strip().lower())
    if value is None:
        raise ValueError(_("is neither yes nor no"))
    return value


def whole(least: int, most: int) -> Callable[[Any], str]:
    def read(raw: Any) -> str:
        value = decimal(raw)
        if value != value.to_integral_value():
            raise ValueError(_("is not a whole number"))
        if not least <= value < most:
            raise ValueError(_("is less than 0") if least == 0 and value < 0 else _("is too large a number"))
        return str(int(value))

    return read


def double(raw: Any) -> str:
    return repr(float(decimal(raw)))


def decimal(raw: Any) -> Decimal:
    try:
        value = Decimal(text(raw).strip())
    except InvalidOperation:
        raise ValueError(_("is not a number")) from None
    if not value.is_finite() or value.adjusted() > 300:
        raise ValueError(_("is not a number"))
    return value


def date(raw: Any) -> str:
    """Of a date, or of a time with its date: the day on which it was there."""
    if isinstance(raw, datetime.datetime | datetime.date):
        return raw.strftime("%Y-%m-%d")
    return _iso(raw).date().isoformat()


def moment(zone: datetime.tzinfo) -> Callable[[Any], str]:
    """To the second on the clocks of `zone`, without an offset: userdbs have none."""

    def read(raw: Any) -> str:
        value = raw if isinstance(raw, datetime.datetime) else _iso(raw)
        try:
            return (value.astimezone(zone) if value.tzinfo else value).replace(tzinfo=None).isoformat("T", "seconds")
        except OverflowError:
            raise ValueError(_("is not a date")) from None

    return read


def time(raw: Any) -> str:
    try:
        value = raw if isinstance(raw, datetime.time) else datetime.time.fromisoformat(text(raw).strip())
    except ValueError:
        raise ValueError(_("is not a time of day")) from None
    return value.replace(tzinfo=None).isoformat("seconds")


def _iso(raw: Any) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text(raw).strip())
    except ValueError:
        raise ValueError(_("is not a date")) from None


# Type of a field -> how a value becomes its text, and the XML Schema type it is sent as.
TYPES: dict[str, tuple[Callable[[Any], str], str]] = {
    "FLAG": (flag, "boolean"),
    "DATE": (date, "date"),
    "TIME": (time, "time"),
    "DOUBLE": (double, "double"),
    "INTEGER": (whole(-INT, INT), "int"),
    "POSITIVE_INTEGER": (whole(0, INT), "int"),
    "LONG": (whole(-LONG, LONG), "long"),
    "CHAR": (short_text, "string"),
    "STRING": (short_text, "string"),
    "TEXT": (text, "string"),
}
MOMENTS = frozenset({"DATETIME", "TIMESTAMP"})


def typed(field_type: str, raw: Any, zone: datetime.tzinfo = datetime.UTC) -> Typed:
    """A value for a field of this type; None and "" empty it. A type nobody knows yet is sent as text.

    Raises ValueError whose words complete “The value …”.
    """
    if raw is None or raw == "":
        return EMPTY
    if field_type in MOMENTS:
        return Typed("dateTime", moment(zone)(raw))
    read, sent_as = TYPES.get(field_type, TYPES["STRING"])
    value = read(raw)
    return Typed(sent_as, value) if value else EMPTY


def normal(field_type: str, value: str, zone: datetime.tzinfo = datetime.UTC) -> str:
    """A value as it was read, or as it was sent, in the one form in which equal means unchanged.

    What a field can't hold by its type is left as it is.
    """
    value = value.replace("\r\n", "\n").strip()
    try:
        return typed(field_type, value, zone).text
    except ValueError:
        return value
