"""What Contactsend tells: userdbs and their fields, subscribers, subscription systems, and pages of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.core.http import Call

SUBSCRIBED, UNSUBSCRIBED, PENDING = "1", "-1", "0"


@dataclass(frozen=True)
class SendField:
    """A field of a userdb. `type` is one of send_values.TYPES; `is_email` and `is_phone`: messages go there."""

    name: str
    type: str
    is_email: bool = False
    is_phone: bool = False


@dataclass(frozen=True)
class SendSource:
    """A userdb (the API's “subscriber source”) with its fields by name.

    `identifier_field` names what identifies subscribers; where it is a field of the userdb, whoever adds a subscriber
    says its identifier.
    """

    id: int
    name: str
    description: str = ""
    identifier_field: str = ""
    fields: Mapping[str, SendField] = field(default_factory=dict)
    locked: bool = False
    read_only: bool = False

    @property
    def brings_identifiers(self) -> bool:
        return self.identifier_field in self.fields


@dataclass(frozen=True)
class SendSubscriber:
    """`values` are texts by field name, as they came: `send_values.normal` makes them comparable."""

    id: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class SendPage:
    """Page `number` (from 1) of a userdb, oldest first. `size` is how many a full page has: numbers mean something else
    when it changes. `filtered`: only those changed since the time asked for."""

    subscribers: list[SendSubscriber]
    number: int
    size: int
    is_last: bool
    filtered: bool


@dataclass(frozen=True)
class SendSubscription:
    """A subscription system: the web form of `code` keeps its state (1, -1 or 0) in the registration field."""

    id: int
    name: str
    registration_field: str
    webform_code: str


@dataclass(frozen=True)
class SendWritten:
    """A write, and whom it concerned."""

    id: int
    call: Call
