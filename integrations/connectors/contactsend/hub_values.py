"""How Contacthub writes values: from what the other side sends, and back from what a read returns. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.connector import Kind

SEPARATOR = "|"
# What tags may be as the one text in which they travel: https://explore.contactlab.com/data-model/?lang=en
LONGEST_TAG, LONGEST_TAGS = 100, 255
YES = frozenset({"1", "true", "yes", "si", "sì", "on", "y"})
NO = frozenset({"0", "false", "no", "off", "n"})


def read_moment(text: Any, zone: datetime.tzinfo = datetime.UTC) -> datetime.datetime:
    """`2024-03-09T11:31:31.842+0000`, or any ISO 8601; without a zone it is of `zone`. Raises ValueError."""
    moment = datetime.datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def write_moment(moment: datetime.datetime) -> str:
    """To the millisecond, cut off rather than rounded; a naive time is UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def join(items: list[Any]) -> str:
    """A list as one text. Raises ValueError for an item that holds the separator: it could not be taken apart again."""
    texts = [written(item) for item in items]
    if any(SEPARATOR in one for one in texts):
        raise ValueError(_("holds “%(separator)s”, which separates one entry from the next") % {"separator": SEPARATOR})
    return SEPARATOR.join(texts)


def split(text: Any) -> list[str]:
    """The items of such a text, each once."""
    return list(dict.fromkeys(part.strip() for part in written(text).split(SEPARATOR) if part.strip()))


def within_limits(tags: list[str]) -> list[str]:
    """Raises ValueError where tags would not fit into the text they travel in."""
    if any(len(tag) > LONGEST_TAG for tag in tags):
        raise ValueError(_("holds a tag of more than %(most)s characters") % {"most": LONGEST_TAG})
    if len(SEPARATOR.join(tags)) > LONGEST_TAGS:
        raise ValueError(_("has more than %(most)s characters in all its tags together") % {"most": LONGEST_TAGS})
    return tags


def written(raw: Any) -> str:
    if isinstance(raw, dict | list | tuple | set):
        raise ValueError(_("is not a single value"))
    if isinstance(raw, bool):
        return "1" if raw else "0"
    if isinstance(raw, datetime.datetime):
        return write_moment(raw)
    return raw.isoformat() if isinstance(raw, datetime.date) else str(raw)


def number(raw: Any) -> int | float:
    try:
        value = Decimal(written(raw).strip())
    except InvalidOperation:
        raise ValueError(_("is not a number")) from None
    if not value.is_finite() or value.adjusted() > 17:
        raise ValueError(_("is not a number of at most 18 digits"))
    return int(value) if value == value.to_integral_value() else float(value)


def boolean(raw: Any) -> bool:
    text = written(raw).strip().lower()
    if text not in YES | NO:
        raise ValueError(_("is neither yes nor no"))
    return text in YES


def date(raw: Any) -> str:
    """`YYYY-MM-DD`; the time of day is left off as it stands."""
    if isinstance(raw, datetime.datetime):
        return raw.date().isoformat()
    try:
        return datetime.datetime.fromisoformat(written(raw).strip()).date().isoformat()
    except ValueError:
        raise ValueError(_("is not a date of the form YYYY-MM-DD")) from None


def moment(raw: Any) -> str:
    try:
        return write_moment(read_moment(written(raw).strip()))
    except (ValueError, OverflowError):
        raise ValueError(_("is not a date and time of the form YYYY-MM-DDThh:mm:ss")) from None


# Each raises ValueError saying what is wrong, never the value.
CONVERSIONS: dict[Kind, Callable[[Any], Any]] = {
    Kind.NUMBER: number,
    Kind.BOOLEAN: boolean,
    Kind.DATE: date,
    Kind.DATETIME: moment,
}
