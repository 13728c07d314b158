"""What conditions can refer to, as it is by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sources.cdp.models import Attribute, EventType, Property


@dataclass(frozen=True)
class PropertyEntry:
    name: str
    kind: str


@dataclass(frozen=True)
class EventEntry:
    """`fields`: kinds by the names in the events' data."""

    id: int
    fields: Mapping[str, str]


@dataclass(frozen=True)
class AttributeEntry:
    name: str
    kind: str


@dataclass(frozen=True)
class Catalogue:
    """Properties by key, event types by key, calculated attributes by id."""

    properties: Mapping[str, PropertyEntry] = field(default_factory=dict)
    events: Mapping[str, EventEntry] = field(default_factory=dict)
    attributes: Mapping[int, AttributeEntry] = field(default_factory=dict)


def catalogue() -> Catalogue:
    """Three queries."""
    properties = Property.objects.order_by("name").values_list("key", "name", "kind")
    events = EventType.objects.order_by("key").values_list("key", "pk", "fields")
    attributes = Attribute.objects.order_by("name").values_list("pk", "name", "kind")
    return Catalogue(
        {key: PropertyEntry(name, kind) for key, name, kind in properties},
        {key: EventEntry(pk, fields) for key, pk, fields in events},
        {pk: AttributeEntry(name, kind) for pk, name, kind in attributes},
    )
