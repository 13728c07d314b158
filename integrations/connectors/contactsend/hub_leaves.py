"""The values of a Contacthub customer by dotted path: those every workspace has, and those it declares. Pure.

What is synchronised: https://explore.contactlab.com/data-model/?lang=en – base without lists of objects, extended
without arrays of objects. The password of `base.credential` is left out: it belongs in no mailing list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_noop

from integrations.connectors.contactsend.hub_values import LONGEST_TAGS
from integrations.core.connector import Kind

Schema = Mapping[str, Any]

TAGS = ("tags.auto", "tags.manual")
READ_ONLY = frozenset({"id", "nodeId", "registeredAt", "updatedAt"})
# Where null is refused: not nullable on write, or an enum that lacks null. They can be changed, but not emptied.
NEVER_NULL = frozenset({"externalId", "enabled", "base.timezone"})
HEADER = {
    "id": (gettext_noop("Customer ID"), Kind.TEXT),
    "nodeId": (gettext_noop("Node ID"), Kind.TEXT),
    "externalId": (gettext_noop("External ID"), Kind.TEXT),
    "enabled": (gettext_noop("Enabled"), Kind.BOOLEAN),
    "registeredAt": (gettext_noop("Registered at"), Kind.DATETIME),
    "updatedAt": (gettext_noop("Updated at"), Kind.DATETIME),
    "tags.auto": (gettext_noop("Automatic tags"), Kind.TEXT),
    "tags.manual": (gettext_noop("Manual tags"), Kind.TEXT),
}
BASE = {
    "pictureUrl": (gettext_noop("Picture (address)"), Kind.TEXT),
    "title": (gettext_noop("Title"), Kind.TEXT),
    "prefix": (gettext_noop("Prefix"), Kind.TEXT),
    "firstName": (gettext_noop("First name"), Kind.TEXT),
    "lastName": (gettext_noop("Last name"), Kind.TEXT),
    "middleName": (gettext_noop("Middle name"), Kind.TEXT),
    "gender": (gettext_noop("Gender"), Kind.TEXT),
    "dob": (gettext_noop("Date of birth"), Kind.DATE),
    "locale": (gettext_noop("Locale"), Kind.TEXT),
    "timezone": (gettext_noop("Time zone"), Kind.TEXT),
    "contacts.email": (gettext_noop("E-mail"), Kind.EMAIL),
    "contacts.fax": (gettext_noop("Fax"), Kind.PHONE),
    "contacts.mobilePhone": (gettext_noop("Mobile phone"), Kind.PHONE),
    "contacts.phone": (gettext_noop("Phone"), Kind.PHONE),
    "address.street": (gettext_noop("Street"), Kind.TEXT),
    "address.city": (gettext_noop("City"), Kind.TEXT),
    "address.country": (gettext_noop("Country"), Kind.TEXT),
    "address.region": (gettext_noop("Region"), Kind.TEXT),
    "address.province": (gettext_noop("Province"), Kind.TEXT),
    "address.zip": (gettext_noop("Postal code"), Kind.TEXT),
    "address.geo.lat": (gettext_noop("Latitude"), Kind.NUMBER),
    "address.geo.lon": (gettext_noop("Longitude"), Kind.NUMBER),
    "credential.username": (gettext_noop("User name"), Kind.TEXT),
    "socialProfile.facebook": ("Facebook", Kind.TEXT),
    "socialProfile.google": ("Google", Kind.TEXT),
    "socialProfile.instagram": ("Instagram", Kind.TEXT),
    "socialProfile.linkedin": ("LinkedIn", Kind.TEXT),
    "socialProfile.qzone": ("Qzone", Kind.TEXT),
    "socialProfile.twitter": ("Twitter", Kind.TEXT),
}
FORMATS = {"date": Kind.DATE, "date-time": Kind.DATETIME, "email": Kind.EMAIL}
TYPES = {"integer": Kind.NUMBER, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN, "string": Kind.TEXT}


@dataclass(frozen=True)
class Leaf:
    """A value of the customer. `nullable`: null empties it; `many`: a list that travels as one text; `type`: JSON's."""

    label: str
    kind: Kind = Kind.TEXT
    nullable: bool = True
    many: bool = False
    type: str = "string"
    options: tuple[str, ...] = ()
    max_length: int | None = None


def leaves(extended_schema: Schema | None) -> dict[str, Leaf]:
    found = {path: fixed(path, *about) for path, about in HEADER.items()}
    found |= {f"base.{path}": fixed(f"base.{path}", *about) for path, about in BASE.items()}
    return found | dict(declared(extended_schema or {}, "extended", ""))


def fixed(path: str, label: str, kind: Kind) -> Leaf:
    is_tags = path in TAGS
    return Leaf(
        gettext(label),
        kind,
        nullable=path not in NEVER_NULL,
        many=is_tags,
        max_length=LONGEST_TAGS if is_tags else None,
    )


def declared(schema: Schema, path: str, label: str) -> Iterator[tuple[str, Leaf]]:
    """The leaves below an object of the declared schema. A name with a dot in it can't stand in a dotted path."""
    properties = schema.get("properties")
    for name, spec in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(spec, Mapping) or "." in name:
            continue
        inner_path, inner_label = f"{path}.{name}", " › ".join(filter(None, (label, str(spec.get("title") or name))))
        if "object" in types_of(spec) or "properties" in spec:
            yield from declared(spec, inner_path, inner_label)
        elif leaf := leaf_of(spec, inner_label):
            yield inner_path, leaf


def leaf_of(spec: Schema, label: str) -> Leaf | None:
    """None for a list of objects, and for a type that isn't told."""
    kinds = types_of(spec)
    if "array" in kinds:
        items = spec.get("items")
        inner = leaf_of(items, label) if isinstance(items, Mapping) else None
        return Leaf(label, nullable=False, many=True, type=inner.type) if inner and not inner.many else None
    enum = spec.get("enum")
    type_name = next((kind for kind in kinds if kind in TYPES), "string" if enum else "")
    if not type_name:
        return None
    options = tuple(str(one) for one in enum if one is not None) if isinstance(enum, list) else ()
    return Leaf(
        label,
        kind=Kind.CHOICE if options else FORMATS.get(str(spec.get("format")), TYPES[type_name]),
        nullable=None in enum if isinstance(enum, list) else "null" in kinds,
        type=type_name,
        options=options,
        max_length=spec["maxLength"] if isinstance(spec.get("maxLength"), int) else None,
    )


def types_of(spec: Schema) -> list[str]:
    kinds = spec.get("type", [])
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]
