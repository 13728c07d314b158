"""What a field may hold, by its type: values as they come in a call, are kept, and go out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from xml.etree import ElementTree as ET

from integrations.sandbox.contactsend.errors import too_long, untyped, wrong_value
from integrations.sandbox.contactsend.soap import XSD, XSI_TYPE, Typed

# How many characters a text may have: PROPOSED, the vendor publishes none.
LONGEST = {"CHAR": 255, "STRING": 255, "TEXT": 65_535}
# XML Schema types that a value may be sent as; `int` and `long` are Java's.
SENT_AS = frozenset({"string", "boolean", "int", "integer", "long", "short", "decimal", "double", "float", "date",
                     "dateTime", "time"})  # fmt: skip
# XML characters no parser takes; a form may send them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
INT, LONG = 2**31, 2**63


def number(most: int, least: int | None = None) -> Callable[[str], str]:
    def read(text: str) -> str:
        value = int(text)
        if not (-most if least is None else least) <= value < most:
            raise ValueError
        return str(value)

    return read


def flag(text: str) -> str:
    return {"true": "true", "1": "true", "false": "false", "0": "false"}[text.lower()]


def moment(text: str) -> str:
    """Without a time zone: a userdb has none. Also `2026-11-20 10:30:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(timespec="seconds")


# Type of a field -> how its text becomes what is kept, and the XML Schema type it goes out as.
TYPES: dict[str, tuple[Callable[[str], str], str]] = {
    "FLAG": (flag, "boolean"),
    "DATE": (lambda text: date.fromisoformat(text[:10]).isoformat(), "date"),
    "DATETIME": (moment, "dateTime"),
    "TIMESTAMP": (moment, "dateTime"),
    "TIME": (lambda text: time.fromisoformat(text).replace(tzinfo=None).isoformat("seconds"), "time"),
    "DOUBLE": (lambda text: repr(float(text)), "double"),
    "INTEGER": (number(INT), "int"),
    "POSITIVE_INTEGER": (number(INT, 0), "int"),
    "LONG": (number(LONG), "long"),
    "CHAR": (str, "string"),
    "STRING": (str, "string"),
    "TEXT": (str, "string"),
}


def kept(name: str, field_type: str, text: str) -> str:
    """The value as it is kept; an empty text empties the field. Raises ContactsendError."""
    longest = LONGEST.get(field_type)
    if longest is not None and len(text) > longest:
        raise too_long(name, longest)
    if UNPRINTABLE.search(text):
        raise wrong_value(name, field_type)
    text = text if longest else text.strip()
    try:
        return TYPES[field_type][0](text) if text else ""
    except (ValueError, KeyError):
        raise wrong_value(name, field_type) from None


def sent_text(name: str, value: ET.Element | None) -> str:
    """The text of a `value` in a call. Raises ContactsendError when it has no XML Schema type of its own."""
    if value is None:
        raise untyped(name)
    uri, _, local = value.get(XSI_TYPE, "").removeprefix("{").partition("}")
    if uri != XSD or local not in SENT_AS or len(value):
        raise untyped(name)
    return value.text or ""


def typed(field_type: str, text: str) -> Typed:
    """As an answer has it; what is empty is an empty string."""
    return Typed(TYPES[field_type][1], text) if text else Typed("string", "")


def comparable(field_type: str, text: str) -> tuple[bool, float, str]:
    """Sorts and compares by what it means: numbers as such, empty first; all else as its text, dates are ISO."""
    if field_type in ("INTEGER", "POSITIVE_INTEGER", "LONG", "DOUBLE"):
        return (bool(text), float(text or 0), "")
    return (bool(text), 0.0, text)
