"""What persons are named by, in the form in which the same is equal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.cdp.models import Identifier, IdentifierType
from integrations.sources.cdp.models.people import LONGEST_VALUE, IdentifierKind

UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
FIELD = "identifiers"


class Name(NamedTuple):
    """An identifier of a row, checked."""

    type_id: int
    key: str
    value: str


class Types:
    """All types of identifiers, also the deactivated ones. One query."""

    def __init__(self) -> None:
        self.by_key = {one.key: one for one in IdentifierType.objects.all()}

    def read(self, identifiers: Mapping[str, Any]) -> list[Name]:
        """Raises Refused. Blank values count as not given; there may be none left."""
        return [self._read(key, value) for key, value in identifiers.items() if value not in (None, "")]

    def read_some(self, identifiers: Mapping[str, Any]) -> list[Name]:
        """As `read`, and refused without any."""
        names = self.read(identifiers)
        if not names:
            known = {"known": self._known()}
            raise Refused(FIELD, _("No person is named. Give at least one of these identifiers: %(known)s.") % known)
        return names

    def _read(self, key: str, value: Any) -> Name:
        found = self.by_key.get(key)
        field = f"{FIELD}.{key}"
        if found is None:
            known = {"known": self._known()}
            raise Refused(field, _("There is no person identifier of this name. There are: %(known)s.") % known)
        if not found.active:
            raise Refused(field, _("This person identifier is deactivated. Leave it out."))
        value, compared = normalised(found.kind, value, field)
        return Name(found.pk, compared, value)

    def _known(self) -> str:
        return ", ".join(key for key, one in self.by_key.items() if one.active)


def normalised(kind: str, value: Any, field: str) -> tuple[str, str]:
    """The value as it is shown, and as it is compared. Raises Refused, with `field`."""
    if not isinstance(value, str):
        raise Refused(field, _("Write an identifier as text."))
    text = value.strip()
    if UNSTORABLE.search(text):
        raise Refused(field, _("This text holds a control character or one that can't be stored. Remove it."))
    if not text:
        raise Refused(field, _("This identifier is blank. Leave it out, or give its value."))
    # Some letters are two when they are small.
    if max(len(text), len(text.lower())) > LONGEST_VALUE:
        raise Refused(field, _("This text is too long: at most %(most)s characters.") % {"most": LONGEST_VALUE})
    return READERS[kind](text, field)


def _email(text: str, field: str) -> tuple[str, str]:
    try:
        validate_email(text)
    except ValidationError:
        raise Refused(field, _("This is not a valid e-mail address.")) from None
    return text, text.lower()


def _phone(text: str, field: str) -> tuple[str, str]:
    """E.164; only the country code says which country's number it is."""
    text = f"+{text[2:]}" if text.startswith("00") else text
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise _no_phone(field) from None
    if not phonenumbers.is_possible_number(number):
        raise _no_phone(field)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written, written


def _no_phone(field: str) -> Refused:
    return Refused(field, _("This is not a phone number with its country code, like +45 12 34 56 78."))


READERS: Mapping[str, Callable[[str, str], tuple[str, str]]] = {
    IdentifierKind.EMAIL: _email,
    IdentifierKind.PHONE: _phone,
    IdentifierKind.TEXT: lambda text, _field: (text, text),
}


class Found(NamedTuple):
    """An identifier as the database has it."""

    id: int
    person_id: int


def look_up(names: Iterable[Name]) -> dict[tuple[int, str], Found]:
    """Those of these names that somebody has, by type and key. One query."""
    wanted = {(name.type_id, name.key) for name in names}
    if not wanted:
        return {}
    types, keys = {type_id for type_id, _ in wanted}, {key for _, key in wanted}
    rows = Identifier.objects.filter(type_id__in=types, key__among=list(keys))
    found = rows.values_list("type_id", "key", "pk", "person_id")
    return {(type_id, key): Found(pk, person) for type_id, key, pk, person in found if (type_id, key) in wanted}
