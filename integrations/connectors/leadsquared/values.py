"""How LeadSquared writes phones, dates, booleans and numbers. Pure: values in, values out."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from integrations.core.connector import Field, Kind
from integrations.core.errors import RecordError

# https://apidocs.leadsquared.com/ – dates in and out are UTC, seconds only.
WIRE_FORMAT = "%Y-%m-%d %H:%M:%S"
WCF_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
BOOLEANS = dict.fromkeys(("1", "true", "yes", "y", "on"), "1") | dict.fromkeys(("0", "false", "no", "n", "off"), "0")
COMPOUND = (dict, list)
# A number as LeadSquared itself writes it. No leading zero: what that means differs by country.
CANONICAL_PHONE = re.compile(r"\+([1-9]\d{0,2})-([1-9]\d{3,13})")


def phone(raw: Any, country_code: str) -> str:
    """“20 30 40 50” → “+45-20304050”, as LeadSquared writes it. Raises ValueError."""
    if (match := CANONICAL_PHONE.fullmatch(str(raw))) and _is_possible(int(match[1]), int(match[2])):
        return match[0]
    text = re.sub(r"^\s*00", "+", str(raw))
    region = phonenumbers.region_code_for_country_code(int(country_code or 0))
    try:
        number = phonenumbers.parse(text, None if text.lstrip().startswith("+") else region)
    except phonenumbers.NumberParseException:
        raise ValueError(_("is not a phone number")) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(_("is not a phone number"))
    zeros = "0" * (number.number_of_leading_zeros or 1) if number.italian_leading_zero else ""
    return f"+{number.country_code}-{zeros}{number.national_number}"


def _is_possible(country_code: int, national: int) -> bool:
    return bool(phonenumbers.is_possible_number(phonenumbers.PhoneNumber(country_code, national)))


def moment(raw: Any, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """A date and time as the source account sends it, in UTC; without an offset it is in `zone`. Raises ValueError."""
    text = str(raw).strip()
    if match := WCF_DATE.fullmatch(text):
        return datetime.datetime.fromtimestamp(int(match[1]) / 1000, datetime.UTC)
    try:
        parsed = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_("is not a date")) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=zone)
    try:
        return parsed.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError(_("is not a date")) from None


def is_date_only(raw: Any) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(raw).strip()) is not None


class Converter:
    """Converts a source value to what a target field takes; `zone` and `country_code` are the source account's."""

    def __init__(self, zone: zoneinfo.ZoneInfo, country_code: str) -> None:
        self.zone = zone
        self.country_code = country_code
        self._by_kind: dict[Kind, Callable[[Any], str]] = {
            Kind.NUMBER: self._number,
            Kind.BOOLEAN: self._boolean,
            Kind.DATE: self._date,
            Kind.DATETIME: self._datetime,
            Kind.EMAIL: self._email,
            Kind.PHONE: lambda raw: phone(raw, self.country_code),
        }

    def convert(self, raw: Any, field: Field) -> str:
        """The value as LeadSquared takes it. Raises RecordError naming the field, never the value."""
        try:
            if isinstance(raw, COMPOUND):
                raise ValueError(_("is not a single value"))
            if field.options:
                return self._choice(raw, field)
            return self._fitting(self._by_kind.get(field.kind, self._text)(raw), field)
        except ValueError as error:
            raise RecordError(
                _(
                    "%(label)s (%(name)s): what the source sent %(error)s. Correct it at the source, or switch "
                    "the field off in Edit Mapping, then press Retry."
                )
                % {"label": field.label, "name": field.name, "error": error}
            ) from None

    def _fitting(self, value: str, field: Field) -> str:
        if field.max_length and len(value) > field.max_length:
            raise ValueError(_("is longer than %(most)s characters") % {"most": field.max_length})
        return value

    def _text(self, raw: Any) -> str:
        return ("1" if raw else "0") if isinstance(raw, bool) else str(raw)

    def _number(self, raw: Any) -> str:
        if isinstance(raw, bool):
            raise ValueError(_("is yes/no, but the field takes a number"))
        try:
            number = Decimal(str(raw).strip())
        except InvalidOperation:
            raise ValueError(_("is not a number")) from None
        if not number.is_finite():
            raise ValueError(_("is not a number"))
        return format(number, "f")

    def _boolean(self, raw: Any) -> str:
        value = BOOLEANS.get(str(raw).strip().lower())
        if value is None:
            raise ValueError(_("is neither yes nor no"))
        return value

    def _date(self, raw: Any) -> str:
        """LeadSquared wants a time with a date, too; a date alone is nobody's midnight and is not shifted."""
        return moment(raw, zoneinfo.ZoneInfo("UTC") if is_date_only(raw) else self.zone).strftime(WIRE_FORMAT)

    def _datetime(self, raw: Any) -> str:
        return moment(raw, self.zone).strftime(WIRE_FORMAT)

    def _email(self, raw: Any) -> str:
        text = str(raw).strip()
        try:
            validate_email(text)
        except ValidationError:
            raise ValueError(_("is not an e-mail address")) from None
        return text

    def _choice(self, raw: Any, field: Field) -> str:
        text = self._text(raw).strip()
        for option in field.options:
            if option.casefold() == text.casefold():
                return option
        raise ValueError(_("is not one of the field's options"))
