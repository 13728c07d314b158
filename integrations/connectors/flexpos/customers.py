"""Customers of FlexPOS as records: filtered again, one a person, and how a person is found on the list. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.windows import instant_of, version_of
from integrations.core.connector import Record
from integrations.core.mapping import digest, is_empty, read_path

MEMBER = "member"
EMAIL, MOBILE = "email", "mobile"
HOME_REGION = "DK"
YES = frozenset({"1", "true"})
# Setting -> how FlexPOS is asked for it.
FILTERS = {"active": ("IsActive", "true"), "club_member": ("IsClubMember", "1"), "newsletter": ("GetsNewsletter", "1")}
# Where a payload keeps the instants of its local times, in UTC: {"ModifiedDate": "2024-03-08T23:03:11+00:00"}.
INSTANTS = "Instants"
LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)
NO_ID = _("FlexPOS sent this without %(name)s, so it can't be told apart from others. Show it to FlexPOS support.")
NO_EMAIL = _("FlexPOS has no e-mail address of this customer.")
NO_MOBILE = _("FlexPOS has no mobile number of this customer.")
WRONG_EMAIL = _("Email in FlexPOS is not an e-mail address. Correct it there.")
WRONG_MOBILE = _("Mobile in FlexPOS is not a phone number. Correct it there.")

Row = dict[str, Any]


@dataclass(frozen=True)
class CustomerFilter:
    """Fetch Customers: all, or only those with IsActive (true), IsClubMember (1), GetsNewsletter (1)."""

    active: bool = False
    club_member: bool = False
    newsletter: bool = False

    def parameters(self) -> dict[str, str]:
        """As FlexPOS takes it: {"IsActive": "true"}."""
        return {name: value for chosen, (name, value) in FILTERS.items() if getattr(self, chosen)}

    def takes(self, row: Row) -> bool:
        """The same on our side, as FlexPOS may ignore it: 1, "1", true and "true" are alike."""
        return all(is_yes(row.get(name)) for name in self.parameters())


EVERYBODY = CustomerFilter()


class Match(NamedTuple):
    """What a member is found by on the list; None with the reason, a sentence without personal data."""

    value: str | None
    reason: Any = ""


class Customers(NamedTuple):
    """The records of a page; how many customers the filter left out, and how many gave way to a newer one."""

    records: list[Record]
    filtered: int
    merged: int


def customers(
    rows: Iterable[Row], filters: CustomerFilter = EVERYBODY, match_on: str = EMAIL, region: str = HOME_REGION
) -> Customers:
    """Customers as records. Of the same person, by id or by match value, the newest is kept."""
    given = list(rows)
    # Before filtering: the newest version of a customer says whether they are wanted.
    current = newest(given, lambda row: key_of(row, "CustomerId"))
    wanted = [row for row in current if filters.takes(row)]
    people = newest(wanted, lambda row: match(row, match_on, region).value or key_of(row, "CustomerId"))
    merged = len(given) - len(current) + len(wanted) - len(people)
    return Customers([_record(row) for row in people], len(current) - len(wanted), merged)


def match(row: Row, field: str = EMAIL, region: str = HOME_REGION) -> Match:
    """The e-mail address in lower case, or the mobile number as +4520112233."""
    return _email(row.get("Email")) if field == EMAIL else _mobile(row.get("Mobile"), region)


def is_yes(value: Any) -> bool:
    return str(value).strip().lower() in YES


def newest(rows: Iterable[Row], key: Callable[[Row], str]) -> list[Row]:
    """One row a key: the one with the latest ModifiedDate, the later one of equals."""
    found: dict[str, Row] = {}
    for row in rows:
        other = found.get(name := key(row))
        if other is None or _version(row) >= _version(other):
            found[name] = row
    return list(found.values())


def key_of(row: Row, *ids: str) -> str:
    """Its ids (dotted paths) with hyphens; a row that lacks one is told apart by what it holds."""
    values = [read_path(row, name) for name in ids]
    return f"row {digest(row)[:32]}" if any(map(is_empty, values)) else "-".join(map(str, values))


def record(record_type: str, row: Row, ids: Iterable[str], times: Iterable[str], label: str) -> Record:
    """A row as a record. Of `times` the payload keeps the text as sent and, apart, the instant.

    A row that lacks one of its ids has a problem.
    """
    ids = tuple(ids)
    missing = next((name for name in ids if is_empty(read_path(row, name))), None)
    instants = {name: instant.isoformat() for name in times if (instant := instant_of(row.get(name)))}
    return Record(
        record_type,
        key_of(row, *ids),
        {**row, INSTANTS: instants},
        label,
        source_time=version_of(row.get("ModifiedDate")),
        problem=str(NO_ID % {"name": missing}) if missing else "",
    )


def label_of(row: Row) -> str:
    """What people search for: the e-mail address, else the mobile number."""
    return next((str(row[name]).strip().lower() for name in ("Email", "Mobile") if not is_empty(row.get(name))), "")


def _record(row: Row) -> Record:
    return record(MEMBER, row, ("CustomerId",), ("CreatedDate", "ModifiedDate"), label_of(row))


def _version(row: Row) -> datetime.datetime:
    return version_of(row.get("ModifiedDate")) or LONG_AGO


def _email(raw: Any) -> Match:
    if is_empty(raw) or not str(raw).strip():
        return Match(None, NO_EMAIL)
    text = str(raw).strip().lower()
    try:
        validate_email(text)
    except ValidationError:
        return Match(None, WRONG_EMAIL)
    return Match(text)


def _mobile(raw: Any, region: str) -> Match:
    if is_empty(raw) or not str(raw).strip():
        return Match(None, NO_MOBILE)
    try:
        # A text: of a list it would take the first digits that look like a number.
        number = phonenumbers.parse(str(raw) if isinstance(raw, str | int) else "", region)
    except phonenumbers.NumberParseException:
        return Match(None, WRONG_MOBILE)
    if not phonenumbers.is_possible_number(number):
        return Match(None, WRONG_MOBILE)
    return Match(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
