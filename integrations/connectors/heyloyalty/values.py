"""How Heyloyalty writes values: from what a source sends, and back from what a read returns. Pure."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.fields import (
    BOOLEAN,
    CHOICE,
    COUNTRY,
    DATE,
    EMAIL,
    LONGEST_TEXT,
    MOBILE,
    MULTI,
    NUMBER,
    ListField,
    MemberList,
)
from integrations.core.errors import ConfigurationError, RecordError

DANISH = "DK"
COPENHAGEN = zoneinfo.ZoneInfo("Europe/Copenhagen")
BOOLEANS = dict.fromkeys(("1", "true", "yes", "ja", "on"), "1") | dict.fromkeys(("0", "false", "no", "nej", "off"), "0")
COMPOUND = (dict, list, tuple, set)
# Letters of a PHP date format, as Heyloyalty's settings page has it.
DATE_LETTERS = {"Y": "%Y", "y": "%y", "m": "%m", "n": "%m", "d": "%d", "j": "%d", "H": "%H", "G": "%H", "i": "%M",
                "s": "%S"}  # fmt: skip
# Countries that tzdata's ISO table names in a way address forms don't.
USUAL_NAMES = {"GB": ("United Kingdom", "Great Britain"), "KR": ("South Korea",), "BA": ("Bosnia and Herzegovina",),
               "CZ": ("Czechia",), "TR": ("Türkiye",), "VN": ("Viet Nam",)}  # fmt: skip
FEWEST_DIGITS = 6

# As sent: text, or option ids of a multi field.
Value = str | list[str]
# As compared: sent and read values of one meaning are equal; None is empty.
Normal = str | tuple[str, ...] | None


class Converter:
    """Converts source values to what the fields of one list take.

    `separator` stands between options of a multi field, `region` is the country of phone numbers that name none,
    `date_format` how the source writes dates (PHP letters; empty: ISO 8601), `zone` whose clock the list shows: times
    with an offset are turned to it, times without are taken as they are.
    """

    def __init__(
        self,
        member_list: MemberList,
        *,
        separator: str = ",",
        region: str = DANISH,
        date_format: str = "",
        zone: datetime.tzinfo = COPENHAGEN,
    ) -> None:
        self.member_list = member_list
        self.separator = separator
        self.region = region
        self.date_format = date_format
        self.zone = zone
        self._by_format: dict[str, Callable[[Any], Value]] = {NUMBER: number, BOOLEAN: boolean, DATE: self._date}
        self._by_name: dict[str, Callable[[Any], Value]] = {
            EMAIL: email,
            MOBILE: lambda raw: mobile(raw, self.region),
        }

    def convert(self, name: str, raw: Any) -> Value:
        """The value as the field `name` takes it. `raw` is not empty.

        Raises RecordError naming the field, never the value; ConfigurationError when the list has no such field.
        """
        field = self.member_list.fields.get(name)
        if field is None:
            raise ConfigurationError(
                _(
                    "The list “%(list)s” has no field %(name)s any more. Choose another field in the field "
                    "mapping, or add it to the list in Heyloyalty."
                )
                % {"list": self.member_list.name, "name": name}
            )
        try:
            return self._converted(field, raw)
        except ValueError as error:
            raise RecordError(
                _(
                    "%(label)s (%(name)s): what the source sent %(error)s. Correct it at the source, or remove "
                    "the field from the field mapping, then press Retry."
                )
                % {"label": field.label, "name": field.name, "error": error}
            ) from None

    def _converted(self, field: ListField, raw: Any) -> Value:
        if field.format == MULTI:
            return self._options(field, raw)
        if isinstance(raw, COMPOUND):
            raise ValueError(_("is not a single value"))
        if field.format == CHOICE:
            return country(field, raw) if field.name == COUNTRY else option(field, raw)
        return (self._by_name.get(field.name) or self._by_format.get(field.format, text))(raw)

    def _options(self, field: ListField, raw: Any) -> list[str]:
        if isinstance(raw, dict):
            raise ValueError(_("is not a list of options"))
        parts = raw if isinstance(raw, COMPOUND) else written(raw).split(self.separator or "\0")
        return list(dict.fromkeys(option(field, part) for part in parts if written(part)))

    def _date(self, raw: Any) -> str:
        moment = local(read_moment(raw, self.date_format), self.zone)
        return moment.isoformat(" ", "seconds") if self.member_list.with_time else moment.date().isoformat()


def written(raw: Any) -> str:
    if isinstance(raw, COMPOUND):
        raise ValueError(_("is not a single value"))
    return ("1" if raw else "0") if isinstance(raw, bool) else str(raw).strip()


def text(raw: Any) -> str:
    """Up to 255 characters. Raises ValueError, as do all below."""
    value = written(raw)
    if len(value) > LONGEST_TEXT:
        raise ValueError(_("is longer than %(most)s characters") % {"most": LONGEST_TEXT})
    return value


def email(raw: Any) -> str:
    value = text(raw)
    try:
        validate_email(value)
    except ValidationError:
        raise ValueError(_("is not an e-mail address")) from None
    return value


def mobile(raw: Any, region: str = DANISH) -> str:
    """E.164 without its plus: the field takes digits only. “20 30 40 50” → “4520304050”."""
    try:
        parsed = phonenumbers.parse(written(raw), region)
    except phonenumbers.NumberParseException:
        raise ValueError(_("is not a mobile number")) from None
    digits: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    if not phonenumbers.is_possible_number(parsed) or len(digits) < FEWEST_DIGITS:
        raise ValueError(_("is not a mobile number"))
    return digits


def number(raw: Any) -> str:
    if isinstance(raw, bool):
        raise ValueError(_("is yes/no, but the field takes a number"))
    try:
        value = Decimal(written(raw))
    except InvalidOperation:
        raise ValueError(_("is not a number")) from None
    if not value.is_finite() or value.adjusted() > 17:
        raise ValueError(_("is not a number of at most 18 digits"))
    if value != value.to_integral_value():
        raise ValueError(_("is not a whole number"))
    return str(int(value))


def boolean(raw: Any) -> str:
    value = BOOLEANS.get(written(raw).lower())
    if value is None:
        raise ValueError(_("is neither yes nor no"))
    return value


def option(field: ListField, raw: Any) -> str:
    found = field.option_id(written(raw))
    if found is None:
        raise ValueError(_("is not one of the field's options"))
    return found


def country(field: ListField, raw: Any) -> str:
    """By the list's own label, or by ISO code (“DK”): ids differ between accounts."""
    value = written(raw)
    labels = [value, *country_names().get(value.upper(), ())]
    found = next((found for label in labels if (found := field.option_id(label))), None)
    if found is None:
        raise ValueError(_("is not one of the field's countries"))
    return found


@lru_cache(maxsize=1)
def country_names() -> dict[str, tuple[str, ...]]:
    """English names by ISO 3166 code."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {code: (*USUAL_NAMES.get(code, ()), name, name.replace("&", "and")) for code, name in rows}


def read_moment(raw: Any, date_format: str = "") -> datetime.datetime:
    """A date or time as the source writes it: PHP letters, or ISO 8601 when no format is given."""
    try:
        if date_format:
            return datetime.datetime.strptime(written(raw), strptime_format(date_format))
        return datetime.datetime.fromisoformat(written(raw))
    except ValueError:
        if date_format:
            raise ValueError(_("is not a date of the form %(form)s") % {"form": date_format}) from None
        raise ValueError(_("is not a date")) from None


def local(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """The time on the clocks of the zone, without an offset; one that comes without is taken to be that already."""
    try:
        return (moment.astimezone(zone) if moment.tzinfo else moment).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(_("is not a date")) from None


def strptime_format(date_format: str) -> str:
    return "".join(DATE_LETTERS.get(letter, "%%" if letter == "%" else letter) for letter in date_format)


# -- what a read returns ------------------------------------------------------------------------


def normal(field: ListField, value: Any) -> Normal:
    """A value sent or read in the one form in which equal means unchanged."""
    if isinstance(value, dict):  # older reads: {"id": "7"}
        value = value.get("id")
    if value is None or value == "" or value == []:
        return None
    if field.format == MULTI:
        values = value if isinstance(value, list) else str(value).split(",")
        return tuple(sorted(str(one.get("id") if isinstance(one, dict) else one) for one in values))
    return _normal_text(field, written(value).replace("\r\n", "\n")) or None


def _normal_text(field: ListField, value: str) -> str:
    if field.format == DATE:
        return "" if value.startswith("0000-00-00") else value
    if field.name == EMAIL:
        return value.casefold()
    if field.name == MOBILE:
        return re.sub(r"\D", "", value)
    if field.format == NUMBER:
        return str(int(value)) if re.fullmatch(r"[+-]?\d{1,30}", value) else value
    return BOOLEANS.get(value.lower(), value) if field.format == BOOLEAN else value


def read_values(member_list: MemberList, member: Mapping[str, Any]) -> dict[str, Normal]:
    """The values of a member as read, by field name; older reads have them beside the id."""
    return {name: normal(field, raw_value(member, name)) for name, field in member_list.fields.items()}


def raw_value(member: Mapping[str, Any], name: str) -> Any:
    """A value of a member as it was read."""
    found = member.get("fields")
    value = (found if isinstance(found, dict) else member).get(name)
    return value["value"] if isinstance(value, dict) and "value" in value else value


def changes(member_list: MemberList, sent: Mapping[str, Value], known: Mapping[str, Normal]) -> list[str]:
    """The names of what would change; none means unchanged."""
    return [name for name, value in sent.items() if normal(member_list.fields[name], value) != known.get(name)]
