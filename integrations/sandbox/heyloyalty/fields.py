"""The fields of a list: Heyloyalty's fixed ones and an account's own, with the ids of their options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.values import LONGEST_TEXT, Check, Value, check_of

# Ids of the first four are the vendor's; it has every country, practice a few.
COUNTRIES = {
    "22": "Belgium",
    "25": "Bermuda",
    "38": "Canada",
    "53": "Denmark",
    "73": "Germany",
    "147": "Norway",
    "189": "Sweden",
    "204": "United Kingdom",
}
SEXES = {"1": "Male", "2": "Female"}
# name -> (label, format)
FIXED = {
    "firstname": ("First name", "text"),
    "lastname": ("Last name", "text"),
    "email": ("E-mail", "text"),
    "mobile": ("Mobile", "number"),
    "sex": ("Sex", "choice"),
    "birthdate": ("Birthdate", "date"),
    "address": ("Address", "text"),
    "postalcode": ("Postal code", "number"),
    "city": ("City", "text"),
    "country": ("Country", "choice"),
    "password": ("Password", "text"),
    "reference": ("Reference", "text"),
}
FIXED_OPTIONS = {"sex": SEXES, "country": COUNTRIES}
TYPE_IDS = {"text": 13, "number": 14, "date": 15, "boolean": 16, "choice": 17, "multi": 18, "password": 19}
WITH_OPTIONS = ("choice", "multi")
NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
OPTIONS_OF_A_LIST = 1000


@dataclass(slots=True)
class Field:
    """`options` maps option id to label."""

    id: int
    name: str
    label: str
    format: str = "text"
    type: str = "custom"
    options: dict[str, str] = field(default_factory=dict)
    fallback: str | None = None

    def listed(self) -> dict[str, Any]:
        """As in the answer to GET of a list."""
        row = {
            "id": self.id,
            "type": self.type,
            "type_id": self.id if self.type == "fixed" else TYPE_IDS[self.format],
            "format": self.format,
            "name": self.name,
            "label": self.label,
            "required_in_shop": False,
            "fallback": self.fallback,
        }
        return row | ({"options": self.options} if self.format in WITH_OPTIONS else {})


class FieldBook:
    """The fields of one list by name. Option ids differ between lists, so that those of another are noticed."""

    def __init__(self, list_id: int, with_time: bool = False) -> None:
        self.fields: dict[str, Field] = {}
        self.last_id = len(FIXED)
        self.last_option = list_id * OPTIONS_OF_A_LIST
        self.with_time = with_time
        self.checks: dict[str, Check] = {}

    def refresh(self, with_time: bool) -> None:
        """After a change of fields, options or the list's date format."""
        self.with_time = with_time
        self.checks = {one.name: check_of(one.name, one.format, one.options, with_time) for one in self.fields.values()}

    def put(self, items: Any, limit: int) -> None:
        """Adds fields and options, changes labels and fallbacks; what isn't named stays. `limit`: most fields, 0: any.

        Raises HeyloyaltyError before anything is changed.
        """
        wanted = [self.read(item) for item in rows_of(items)]
        names = {one.name for one in wanted} | set(self.fields)
        if limit and len(names) > limit:
            raise invalid(f"A list can have at most {limit} fields")
        for one in wanted:
            self.write(one)
        self.refresh(self.with_time)

    def replace(self, items: Any, limit: int) -> set[str]:
        """Keeps only the fields named; the names of those that went."""
        kept = {self.read(item).name for item in rows_of(items)}
        if limit and len(kept) > limit:
            raise invalid(f"A list can have at most {limit} fields")
        gone = set(self.fields) - kept
        self.put(items, 0)
        self.remove(gone)
        return gone

    def remove(self, names: set[str]) -> None:
        for name in names:
            self.fields.pop(name, None)
        self.refresh(self.with_time)

    def read(self, item: Any) -> Field:
        """A field as it would be after this item; ids of new ones and of new options are 0 and empty."""
        known = self.known(item)
        name = str(item.get("name") or (known.name if known else ""))
        if known and known.name != name:
            raise invalid(f"The name of field '{known.name}' can't be changed")
        if known is None:
            known = new_field(item, name)
        if item.get("format", known.format) != known.format:
            raise invalid(f"The format of field '{name}' can't be changed")
        label = str(item.get("label") or known.label)
        if len(label) > LONGEST_TEXT:
            raise invalid(f"The label of field '{name}' is longer than {LONGEST_TEXT} characters")
        options = dict(known.options)
        for at, one in enumerate(labels_of(item)):
            if one not in options.values():
                options[f"new {at}"] = one
        return Field(known.id, name, label, known.format, known.type, options, item.get("fallback", known.fallback))

    def known(self, item: Any) -> Field | None:
        if not isinstance(item, dict):
            raise invalid("fields is a list of objects")
        if item.get("id"):
            found = next((one for one in self.fields.values() if str(one.id) == str(item["id"])), None)
            if found is None:
                raise invalid(f"There is no field with id {item['id']}")
            return found
        return self.fields.get(str(item.get("name", "")))

    def write(self, wanted: Field) -> None:
        if not wanted.id:
            self.last_id += 1
            wanted.id = self.last_id
        options: dict[str, str] = {}
        for option_id, label in wanted.options.items():
            if option_id.startswith("new"):
                self.last_option += 1
                option_id = str(self.last_option)
            options[option_id] = label
        wanted.options = options
        self.fields[wanted.name] = wanted

    def clean(self, values: Mapping[str, Any], unknown: str) -> dict[str, Value | None]:
        """The values as they are kept; nothing, empty text and an empty list are None.

        `unknown` fields: "refuse" or "drop". Raises HeyloyaltyError.
        """
        cleaned: dict[str, Value | None] = {}
        checks = self.checks
        for name, value in values.items():
            check = checks.get(name)
            if check is None:
                if unknown == "refuse":
                    raise invalid(f"The field '{name}' does not exist on the list")
            elif value is None or value == "" or value == []:
                cleaned[name] = None
            else:
                try:
                    cleaned[name] = check(value)
                except ValueError as error:
                    raise invalid(f"The value '{value}' of the field '{name}' {error}") from None
        return cleaned

    def dump(self) -> dict[str, Any]:
        rows = [asdict(one) for one in self.fields.values()]
        return {"fields": rows, "last_id": self.last_id, "last_option": self.last_option}

    def load(self, data: dict[str, Any]) -> None:
        self.fields = {row["name"]: Field(**row) for row in data["fields"]}
        self.last_id, self.last_option = data["last_id"], data["last_option"]


def new_field(item: dict[str, Any], name: str) -> Field:
    """Fixed fields have the vendor's id, format and options. Raises HeyloyaltyError."""
    if name in FIXED:
        label, format = FIXED[name]
        return Field(list(FIXED).index(name) + 1, name, label, format, "fixed", dict(FIXED_OPTIONS.get(name, {})))
    if item.get("type") == "fixed":
        raise invalid(f"There is no fixed field called '{name}'")
    if not NAME.fullmatch(name):
        raise invalid(f"The field name '{name}' is not of small letters, digits and _, up to 50")
    format = item.get("format") or "text"
    if format not in TYPE_IDS:
        raise invalid(f"There is no field format '{format}'")
    return Field(0, name, name, format)


def rows_of(items: Any) -> list[Any]:
    if not isinstance(items, list):
        raise invalid("fields is a list of objects")
    return items


def labels_of(item: dict[str, Any]) -> list[str]:
    """The labels of `options: [{"label": …}]`."""
    try:
        return [str(option["label"]) for option in item.get("options") or []]
    except (TypeError, KeyError):
        raise invalid("options is a list of objects with a label") from None
