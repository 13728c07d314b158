"""A customer as a form: one text field a value, and back to the body that writes what was changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.sandbox.contacthub.base_schema import BASE, Schema
from integrations.sandbox.contacthub.queries import valued
from integrations.sandbox.contacthub.schema import types_of

# Shown at once; the others are folded away.
FIRST = (
    "externalId", "base.firstName", "base.lastName", "base.contacts.email", "base.contacts.mobilePhone", "base.dob",
    "base.address.street", "base.address.zip", "base.address.city", "base.address.country", "tags.manual",
)  # fmt: skip
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
SWITCH_CHOICES = ("yes", "no")
PLACEHOLDERS = {"date": "1984-02-11", "date-time": "2024-03-09T11:31:31.842+0000"}


def leaves(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Every single value and list of texts, by its dotted path; lists of objects have no field."""
    kinds = types_of(schema)
    if "object" in kinds:
        for name, inner in schema.get("properties", {}).items():
            yield from leaves(inner, f"{path}.{name}")
    elif "array" not in kinds or types_of(schema.get("items", {})) == ["string"]:
        yield path, schema


def form_leaves(extended: Schema) -> dict[str, Schema]:
    own = {"externalId": {"type": "string"}, "tags.manual": TEXTS, "tags.auto": TEXTS, "enabled": {"type": "boolean"}}
    return own | dict(leaves(BASE, "base")) | dict(leaves(extended, "extended"))


def form_fields(extended: Schema, values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": path,
            "value": values.get(path, ""),
            "choices": SWITCH_CHOICES if "boolean" in types_of(schema) else schema.get("enum", ()),
            "placeholder": "one, another"
            if types_of(schema) == ["array"]
            else PLACEHOLDERS.get(schema.get("format", ""), ""),
            "is_first": path in FIRST or path.startswith("extended."),
        }
        for path, schema in form_leaves(extended).items()
    ]


def form_values(extended: Schema, customer: Any) -> dict[str, str]:
    return {path: shown(valued(customer, path)) for path in form_leaves(extended)}


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def body_of(extended: Schema, before: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, Any]:
    """The body that makes of one form the other. Raises ValueError for a number that is none."""
    body: dict[str, Any] = {}
    changed = {path for path, text in sent.items() if text != before.get(path, "")}
    if changed & {"tags.auto", "tags.manual"}:
        # Tags are written as one.
        changed |= {"tags.auto", "tags.manual"}
    for path, schema in form_leaves(extended).items():
        if path not in changed:
            continue
        *outer, last = path.split(".")
        inner = body
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = parsed(sent.get(path, before.get(path, "")), types_of(schema))
    return body


def parsed(text: str, kinds: list[str]) -> Any:
    if kinds == ["array"]:
        return [part.strip() for part in text.split(",") if part.strip()]
    if not text:
        return None
    if "boolean" in kinds:
        return text == "yes"
    if "integer" in kinds:
        return int(text)
    return float(text) if "number" in kinds else text
