"""What a row must be like, before anything is looked up. Every check raises Refused with what to do."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.models import Movement, Reason

LONGEST_NAME = LONGEST_ID = 100
LONGEST_EMAIL = 254
MOST_POINTS = 1_000_000_000
PIN = re.compile(r"[0-9A-Za-z]{4,12}")
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
FIRST_YEAR = 2000
MOST_YEARS_AHEAD = 100
CLOCKS_DIFFER = datetime.timedelta(days=1)


def is_storable(text: str) -> bool:
    """No control characters (PostgreSQL has no place for NUL) and no halves of surrogate pairs."""
    return UNSTORABLE.search(text) is None


def check_customer(row: CustomerRow) -> CustomerRow:
    """The row without blanks around its values."""
    return replace(
        row,
        external_id=own_id("external_id", row.external_id),
        email=_email(row.email),
        first_name=_name("first_name", row.first_name),
        last_name=_name("last_name", row.last_name),
        pin=None if row.pin is None else check_pin(row.pin),
    )


def check_pin(pin: str) -> str:
    pin = pin.strip()
    if not PIN.fullmatch(pin):
        raise Refused("pin", _("A PIN has 4 to 12 digits or letters (a to z)."))
    return pin


def check_movement(row: MovementRow, zone: datetime.tzinfo, now: datetime.datetime) -> Movement:
    """The movement of a row, still without account."""
    value = _points(row.value)
    moved_at = _moment(row.moved_at, zone, now)
    _check_expiry(row.expires_on, value, moved_at.astimezone(zone).date(), now.astimezone(zone).date())
    return Movement(
        external_id=own_id("external_id", row.external_id),
        value=value,
        reason=_reason(row.reason, value),
        moved_at=moved_at,
        expires_on=row.expires_on,
    )


def own_id(field: str, text: str | None) -> str | None:
    """The caller's own id; a blank one is none."""
    return _storable(field, (text or "").strip(), LONGEST_ID) or None


def _name(field: str, text: str | None) -> str | None:
    return None if text is None else _storable(field, " ".join(text.split()), LONGEST_NAME)


def _email(text: str | None) -> str | None:
    if text is None or not text.strip():
        return None if text is None else ""
    text = _storable("email", text.strip(), LONGEST_EMAIL)
    try:
        validate_email(text)
    except ValidationError:
        raise Refused("email", _("This is not a valid e-mail address.")) from None
    return text


def _storable(field: str, text: str, most: int) -> str:
    # The lower-cased e-mail is stored as well, and some letters are two then.
    if len(text.lower()) > most:
        raise Refused(field, _("This text is too long: at most %(most)s characters.") % {"most": most})
    if not is_storable(text):
        raise Refused(field, _("This text holds a control character or one that can't be stored. Remove it."))
    return text


def _points(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("value", _("Points are a whole number, below 0 when they are spent."))
    if value == 0:
        raise Refused("value", _("A movement of 0 points changes nothing. Leave the row out."))
    if abs(value) > MOST_POINTS:
        raise Refused("value", _("This is more than a movement can hold: at most 1,000,000,000 points."))
    return value


def _reason(reason: str, value: int) -> str:
    if not reason:
        return Reason.ORDER if value > 0 else Reason.SPENDING
    if reason == Reason.EXPIRY:
        raise Refused("reason", _("Points expire by themselves on their date. Leave the row out."))
    if reason not in Reason.values:
        known = ", ".join(name for name in Reason.values if name != Reason.EXPIRY)
        raise Refused("reason", _("This reason is not known. Use one of: %(known)s.") % {"known": known})
    return reason


def _moment(at: datetime.datetime | None, zone: datetime.tzinfo, now: datetime.datetime) -> datetime.datetime:
    if at is None:
        return now
    if at.year < FIRST_YEAR:
        raise Refused("moved_at", _("This date is before the year 2000."))
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if at > now + CLOCKS_DIFFER:
        raise Refused("moved_at", _("This date is in the future. Send a movement when it has happened."))
    return at.astimezone(datetime.UTC)


def _check_expiry(expires_on: datetime.date | None, value: int, moved_on: datetime.date, today: datetime.date) -> None:
    if expires_on is None:
        return
    if value < 0:
        raise Refused("expires_on", _("Only points that are earned can expire. Leave the date out."))
    if expires_on <= moved_on:
        raise Refused("expires_on", _("Points must expire later than the day on which they are earned."))
    if expires_on.year > today.year + MOST_YEARS_AHEAD:
        raise Refused("expires_on", _("This date is more than 100 years ahead."))
