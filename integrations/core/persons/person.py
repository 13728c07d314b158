"""Whom a search is about: the names a person has, and the records that are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import phonenumbers
from django.conf import settings

from integrations.core.logbook import labels

LONGEST = 191
_PHONE = re.compile(r"\+?[\d\s()./-]{7,}")


class RecordKey(NamedTuple):
    """A record as its connection tells it apart."""

    connection_id: int
    record_type: str
    key: str


@dataclass(frozen=True)
class Person:
    """`names`: e-mail addresses and phone numbers as the log's labels have them, or the id that was searched for.

    `capped`: there are more records than were looked at. `several`: an id that belongs to more than one person.
    """

    names: frozenset[str] = frozenset()
    records: frozenset[RecordKey] = frozenset()
    capped: bool = False
    several: bool = False


def is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text.strip()))


def lacks_country(text: str) -> bool:
    """It may be a phone number, but nothing says of which country."""
    return is_phone(text) and not e164(text)


def is_personal(text: str) -> bool:
    """An e-mail address or a phone number: somebody's own, not an id of some system."""
    return "@" in text or is_phone(text)


def spellings(term: str) -> list[str]:
    """The forms in which labels and keys may have it: as typed, in small letters, and a phone number as E.164."""
    found = [term.strip()[:LONGEST], *labels(term[:LONGEST])]
    if is_phone(term) and (number := e164(term)):
        found += [number, number.removeprefix("+")]
    return [one for one in dict.fromkeys(found) if one]


def e164(text: str) -> str:
    """A phone number as the log writes it; "" when it is none, or nothing says of which country it is.

    Without a country code it is one of PHONE_COUNTRY, if it is as long as one: an id may be longer or shorter.
    """
    text = re.sub(r"^\s*00", "+", text)
    try:
        number = phonenumbers.parse(text, settings.PHONE_COUNTRY or None)
    except phonenumbers.NumberParseException:
        return ""
    if not text.lstrip().startswith("+") and not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Mentions:
    """Whether a text holds one of a person's e-mail addresses, phone numbers or long ids, however it is written.

    Short ids are left out: they stand in every second text by chance.
    """

    SHORTEST_ID = 12
    FEWEST_DIGITS = 7

    def __init__(self, names: Iterable[str]) -> None:
        patterns = [pattern for name in sorted(set(names)) if (pattern := self._pattern(name))]
        self._pattern_of_all = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def __bool__(self) -> bool:
        return self._pattern_of_all is not None

    def in_text(self, text: str) -> bool:
        return self._pattern_of_all is not None and self._pattern_of_all.search(text) is not None

    def without(self, text: str, instead: str = "•••") -> str:
        return self._pattern_of_all.sub(instead, text) if self._pattern_of_all is not None else text

    def _pattern(self, name: str) -> str:
        if "@" in name:
            # At the ends no letter that could belong to a longer address.
            return rf"(?<![\w.+-]){self._written(name)}(?![\w-]|\.\w)"
        if is_phone(name):
            digits = re.sub(r"\D", "", name)
            return self._phone(digits) if len(digits) >= self.FEWEST_DIGITS else ""
        return rf"(?<!\w){self._written(name)}(?!\w)" if len(name) >= self.SHORTEST_ID else ""

    def _written(self, name: str) -> str:
        """Each sign as it stands, percent-encoded or escaped in JSON."""
        return "".join(
            sign if sign.isalnum() and sign.isascii() else f"(?:{'|'.join(self._forms(sign))})" for sign in name
        )

    def _forms(self, sign: str) -> list[str]:
        percent = "".join(f"%{byte:02x}" for byte in sign.encode("utf-8", "replace"))
        return [re.escape(sign), re.escape(percent), *(rf"\\u{ord(one):04x}" for one in (sign,) if ord(one) < 0x10000)]

    def _phone(self, digits: str) -> str:
        """With and without country code, with the separators people write."""
        forms = {digits}
        if number := e164(f"+{digits}"):
            national = str(phonenumbers.parse(number, None).national_number)
            forms |= {national} if len(national) >= self.FEWEST_DIGITS else set()
        separated = (r"[ ().\-]{0,2}".join(form) for form in sorted(forms, key=len, reverse=True))
        return rf"(?<!\d)(?:{'|'.join(separated)})(?!\d)"
