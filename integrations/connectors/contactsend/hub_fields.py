"""Contacthub's customer as fields for “Show fields to be mapped”: read by dotted path, and written as a body. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.contactsend import hub_values
from integrations.connectors.contactsend.hub_leaves import NEVER_NULL, READ_ONLY, TAGS, TYPES, Leaf, Schema, leaves
from integrations.connectors.contactsend.hub_values import CONVERSIONS, join, split, within_limits
from integrations.core.connector import Field, Kind
from integrations.core.errors import ConfigurationError, RecordError
from integrations.core.mapping import is_empty

Customer = Mapping[str, Any]
Scalar = str | int | float | bool | None


def hub_fields(extended_schema: Schema | None) -> list[Field]:
    """Every field that can be mapped. Those of READ_ONLY can be read only.

    `extended_schema` is what the workspace declares, None where the token may not read it.
    """
    return [
        Field(
            path,
            leaf.label,
            leaf.kind,
            options=leaf.options,
            max_length=leaf.max_length,
            read_only=path in READ_ONLY,
        )
        for path, leaf in leaves(extended_schema).items()
    ]


def read_hub(customer: Customer, path: str) -> Scalar:
    """The value at a path as it travels: lists as one text, None where there is nothing.

    Raises RecordError for tags that don't fit into their text.
    """
    value = value_at(customer, path)
    if isinstance(value, Mapping):
        return None
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    try:
        joined = join(value)
        if path in TAGS:
            within_limits([str(tag) for tag in value])
    except ValueError as error:
        raise wrong(path, _("what Contacthub has %(error)s") % {"error": error}) from None
    return joined or None


def value_at(customer: Any, path: str) -> Any:
    for part in path.split("."):
        customer = customer.get(part) if isinstance(customer, Mapping) else None
    return customer


def write_hub(
    values: Mapping[str, Any], extended_schema: Schema | None = None, current: Customer | None = None
) -> dict[str, Any]:
    """The body that writes values by path: for a POST, or – with the customer as it is now – for a PATCH.

    A PATCH holds only what changes, so it is {} when nothing does; an empty value empties the field where Contacthub
    takes null. Paths that can only be read are left out. Raises RecordError naming the field, never the value;
    ConfigurationError for a path that Contacthub doesn't have (any more).
    """
    if not values:
        return {}
    known, body = leaves(extended_schema), dict[str, Any]()
    for path, raw in values.items():
        if path in READ_ONLY:
            continue
        leaf = known.get(path) or (undeclared(path, current) if extended_schema is None else None)
        if leaf is None:
            raise ConfigurationError(
                _(
                    "Contacthub has no field %(path)s any more. Choose another one in the field mapping, or "
                    "remove the row."
                )
                % {"path": path}
            )
        place(body, path, leaf, raw, current)
    if current is not None and "tags" in body:
        # Tags are written as one: a list that isn't sent would be emptied.
        body["tags"] = {
            **{name: value_at(current, f"tags.{name}") or [] for name in ("auto", "manual")},
            **body["tags"],
        }
    return body


def undeclared(path: str, current: Customer | None) -> Leaf | None:
    """An extended field as a token that may not read the schema has to take it: of the type of what is there."""
    kinds = {bool: "boolean", int: "integer", float: "number"}
    is_extended = path.startswith("extended.")
    return Leaf(path, type=kinds.get(type(value_at(current, path)), "string")) if is_extended else None


def place(body: dict[str, Any], path: str, leaf: Leaf, raw: Any, current: Customer | None) -> None:
    """Put a value where it belongs in the body, unless it says nothing new."""
    value = converted(path, leaf, raw)
    if value is None and (current is None or not leaf.nullable):
        return
    if current is not None and same(value_at(current, path), value, leaf):
        return
    *outer, last = path.split(".")
    for part in outer:
        body = body.setdefault(part, {})
    body[last] = value


def converted(path: str, leaf: Leaf, raw: Any) -> Any:
    """As Contacthub takes it. Nothing: an empty list for lists, an empty text where null isn't taken, else None."""
    if is_empty(raw):
        if leaf.many:
            return []
        is_plain = leaf.type == "string" and leaf.kind == Kind.TEXT and path not in NEVER_NULL
        return "" if is_plain and not leaf.nullable else None
    try:
        if leaf.many:
            items = [typed(leaf, item) for item in split(raw)]
            return within_limits(items) if path in TAGS else items
        return typed(leaf, raw)
    except ValueError as error:
        raise wrong(path, _("what was sent %(error)s") % {"error": error}) from None


def typed(leaf: Leaf, raw: Any) -> Any:
    if leaf.options:
        return option(leaf, raw)
    kind = leaf.kind if leaf.type == "string" else TYPES[leaf.type]
    convert: Callable[[Any], Any] = CONVERSIONS.get(kind, hub_values.written)
    value = convert(raw)
    if leaf.type == "integer" and not isinstance(value, int):
        raise ValueError(_("is not a whole number"))
    if leaf.max_length and isinstance(value, str) and len(value) > leaf.max_length:
        raise ValueError(_("is longer than %(most)s characters") % {"most": leaf.max_length})
    return value


def option(leaf: Leaf, raw: Any) -> Any:
    text = hub_values.written(raw).strip()
    if text not in leaf.options:
        raise ValueError(_("is not one of the values Contacthub takes there"))
    return text if leaf.type == "string" else CONVERSIONS[TYPES[leaf.type]](text)


def same(there: Any, value: Any, leaf: Leaf) -> bool:
    """Whether Contacthub has it so already: times by their moment, no text as none."""
    if leaf.kind == Kind.DATETIME and there and value:
        try:
            return to_the_millisecond(there) == to_the_millisecond(value)
        except ValueError:
            return False
    return bool(there == value) or (is_empty(there) and is_empty(value))


def to_the_millisecond(text: Any) -> datetime.datetime:
    moment = hub_values.read_moment(text)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def wrong(path: str, what: str) -> RecordError:
    return RecordError(
        _("%(path)s: %(what)s. Correct it at the source, or remove the field from the field mapping, then press Retry.")
        % {"path": path, "what": what}
    )
