"""A list and its fields as Heyloyalty tells them, and as core's fields. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.core.connector import Field, Kind

LONGEST_TEXT = 255
LONGEST_NAME = 50
EMAIL, MOBILE, COUNTRY = "email", "mobile", "country"
TEXT, NUMBER, DATE, BOOLEAN, CHOICE, MULTI = "text", "number", "date", "boolean", "choice", "multi"
WITH_OPTIONS = frozenset({CHOICE, MULTI})
# Fields every account knows; a list has some of them.
FIXED = {"firstname", "lastname", "email", "mobile", "sex", "birthdate", "address", "postalcode", "city", "country",
         "password", "reference"}  # fmt: skip
# What may not stand on a list twice, by its setting `duplicates`.
UNIQUE = {"disallow": {EMAIL, MOBILE}, "allow_email": {MOBILE}, "allow_mobile": {EMAIL}}
KINDS = {NUMBER: Kind.NUMBER, BOOLEAN: Kind.BOOLEAN, CHOICE: Kind.CHOICE, MULTI: Kind.CHOICE}
NAMED_KINDS = {EMAIL: Kind.EMAIL, MOBILE: Kind.PHONE}
SPELLED = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " and "})


@dataclass(frozen=True)
class ListField:
    """`options` maps option id to label."""

    name: str
    label: str
    format: str = TEXT
    options: Mapping[str, str] = field(default_factory=dict)

    def option_id(self, label: str) -> str | None:
        """The id of the option with this label; the exact one wins over one in another case."""
        wanted = label.strip()
        exact = (option_id for option_id, one in self.options.items() if one == wanted)
        alike = (option_id for option_id, one in self.options.items() if one.casefold() == wanted.casefold())
        return next(exact, None) or next(alike, None)


@dataclass(frozen=True)
class MemberList:
    """A list with its fields by name. `duplicates`: allow, allow_email, allow_mobile or disallow."""

    id: int
    name: str
    fields: Mapping[str, ListField]
    date_format: str = "dd-mm-yyyy"
    duplicates: str = "disallow"

    @property
    def with_time(self) -> bool:
        """Whether its dates have a time of day."""
        return "h" in self.date_format.lower()

    @property
    def import_date(self) -> str:
        """How dates are sent whatever the list shows, as PHP writes it: for imports."""
        return "Y-m-d H:i:s" if self.with_time else "Y-m-d"

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those names that are not fields of the list: mapping rows to be shown as broken."""
        return [name for name in names if name not in self.fields]


def read_list(body: Mapping[str, Any]) -> MemberList:
    """The answer to GET /lists/{id}. Raises KeyError or ValueError when it is none.

    PHP writes an empty map as `[]`; older lists have their fields in a list.
    """
    specs = body["fields"]
    found = [read_field(spec) for spec in (specs.values() if isinstance(specs, dict) else specs)]
    return MemberList(
        id=int(body["id"]),
        name=str(body.get("name") or body["id"]),
        fields={one.name: one for one in found},
        date_format=str(body.get("date_format") or "dd-mm-yyyy"),
        duplicates=str(body.get("duplicates") or "disallow"),
    )


def read_field(spec: Mapping[str, Any]) -> ListField:
    name = str(spec["name"])
    return ListField(name, str(spec.get("label") or name), str(spec.get("format") or TEXT), _options(spec))


def _options(spec: Mapping[str, Any]) -> dict[str, str]:
    options = spec.get("options")
    if isinstance(options, dict):
        return {str(option_id): str(label) for option_id, label in options.items()}
    return {str(one["id"]): str(one["label"]) for one in options or []}


def core_fields(one: MemberList, match: str = EMAIL) -> list[Field]:
    """The fields for Edit Mapping; the one that members are matched on is required."""
    unique = UNIQUE.get(one.duplicates, set())
    return [
        Field(
            name=field.name,
            label=field.label,
            kind=_kind(one, field),
            required=field.name == match,
            unique=field.name in unique,
            options=tuple(field.options.values()),
            max_length=LONGEST_TEXT if field.format == TEXT else None,
            type=field.format,
        )
        for field in one.fields.values()
    ]


def remembered(fields: Collection[Field]) -> MemberList:
    """A list as far as its fields tell, once they were read: to convert values without asking again. Its options have
    no ids: they stand for themselves."""
    known = {
        one.name: ListField(one.name, one.label, one.type or TEXT, {label: label for label in one.options})
        for one in fields
    }
    with_time = any(one.kind == Kind.DATETIME for one in fields)
    return MemberList(0, "", known, "dd-mm-yyyy hh:mm" if with_time else "dd-mm-yyyy")


def _kind(one: MemberList, field: ListField) -> Kind:
    if field.format == DATE:
        return Kind.DATETIME if one.with_time else Kind.DATE
    return NAMED_KINDS.get(field.name) or KINDS.get(field.format, Kind.TEXT)


def new_field(name: str, label: str, format: str = TEXT, options: Iterable[str] = ()) -> dict[str, Any]:
    """A custom field for `add_fields`; `options` are labels. Heyloyalty gives them their ids."""
    spec: dict[str, Any] = {"type": "custom", "name": name, "label": label[:LONGEST_TEXT], "format": format}
    return spec | ({"options": [{"label": one} for one in options]} if format in WITH_OPTIONS else {})


def field_name(label: str, taken: Collection[str] = (), prefix: str = "") -> str:
    """A field name for any label: small letters, digits and _, a letter first, at most 50, none of `taken`.

    “Årskort & café 2” → `aarskort_and_cafe_2`.
    """
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", label).lower().translate(SPELLED))
    plain = spelled.encode("ascii", "ignore").decode()
    name = prefix + re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not re.match(r"[a-z]", name):
        name = f"field_{name}"
    name = name[:LONGEST_NAME].rstrip("_")
    number, candidate = 2, name
    while candidate in taken or candidate in FIXED:
        candidate = f"{name[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
        number += 1
    return candidate
