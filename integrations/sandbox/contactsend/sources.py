"""The userdbs of an account – “subscriber sources” in the API –, their fields, subscribers and subscription systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from integrations.sandbox.contactsend.errors import already_there, locked, no_attribute, no_subscriber, read_only
from integrations.sandbox.contactsend.values import TYPES, kept
from integrations.sandbox.vendor import Data

# What a registration field holds.
SUBSCRIBED, UNSUBSCRIBED, PENDING = "1", "-1", "0"
MOMENTS = ("DATETIME", "TIMESTAMP")
FIRST_IDENTIFIER = 1001
# What a control call or a page may change of a userdb as it is.
CHANGEABLE = {"name": str, "description": str, "locked": bool, "read_only": bool, "modified_field": str}


@dataclass(frozen=True, slots=True)
class Field:
    """`email` and `phone`: whether messages go to what it holds."""

    name: str
    type: str = "STRING"
    email: bool = False
    phone: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription system: the form of `code` keeps its state in `field`."""

    id: int
    name: str
    field: str
    code: str


@dataclass
class Source:
    """A userdb. With `own_identifier` whoever adds a subscriber says its identifier, else the userdb counts.

    `modified_field`: a field of a date and time that the userdb keeps up to date, if it has one.
    """

    identifier: int
    name: str
    identifier_field: str = "ID"
    description: str = ""
    own_identifier: bool = False
    locked: bool = False
    read_only: bool = False
    modified_field: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    subscribers: dict[int, dict[str, str]] = field(default_factory=dict)
    next_identifier: int = FIRST_IDENTIFIER
    # Field -> value -> identifiers, of fields that were searched by; a first import looks everybody up.
    index: dict[str, dict[str, set[int]]] = field(default_factory=dict)

    def field_of(self, name: str) -> Field:
        """Raises ContactsendError."""
        if name not in self.fields:
            raise no_attribute(name)
        return self.fields[name]

    def values_of(self, identifier: int) -> dict[str, str]:
        """What is kept of a subscriber; fields that are empty may be missing. Raises ContactsendError."""
        if identifier not in self.subscribers:
            raise no_subscriber(identifier)
        return self.subscribers[identifier]

    def shown(self, identifier: int) -> dict[str, str]:
        """Every field of a subscriber, as answers and pages have it. A registration field nobody wrote is pending."""
        values = self.subscribers[identifier]
        pending = dict.fromkeys((one.field for one in self.subscriptions), PENDING)
        own = {self.identifier_field: str(identifier)} if self.identifier_field in self.fields else {}
        return {name: (pending | values | own).get(name, "") for name in self.fields}

    def value(self, identifier: int, name: str) -> str:
        """One of the fields that `shown` has."""
        if name == self.identifier_field:
            return str(identifier)
        text = self.subscribers[identifier].get(name)
        if text is None:
            text = PENDING if any(one.field == name for one in self.subscriptions) else ""
        return text

    def having(self, name: str, text: str) -> set[int]:
        """Who has this value in a field, in whatever case."""
        if name not in self.index:
            self.index[name] = {}
            for identifier in self.subscribers:
                self.index[name].setdefault(self.folded(identifier, name), set()).add(identifier)
        return self.index[name].get(text.casefold(), set())

    def folded(self, identifier: int, name: str) -> str:
        return self.value(identifier, name).casefold()

    def refuse_writes(self) -> None:
        """Raises ContactsendError."""
        if self.read_only:
            raise read_only()
        if self.locked:
            raise locked()

    def clean(self, values: Mapping[str, str]) -> dict[str, str]:
        """The texts as they are kept. Raises ContactsendError for the first that isn't possible."""
        return {name: kept(name, self.field_of(name).type, text) for name, text in values.items()}

    def add(self, values: Mapping[str, str], identifier: int | None = None) -> int:
        """A new subscriber's identifier; clean `values`. Two may have the same address. Raises ContactsendError."""
        if identifier is None:
            identifier = next(number for number in count(self.next_identifier) if number not in self.subscribers)
            self.next_identifier = identifier + 1
        elif identifier in self.subscribers:
            raise already_there(identifier)
        self.subscribers[identifier] = {}
        for name, found in self.index.items():
            found.setdefault(self.folded(identifier, name), set()).add(identifier)
        self.change(identifier, values)
        return identifier

    def change(self, identifier: int, values: Mapping[str, str]) -> None:
        """Clean values; those that aren't given stay. Raises ContactsendError."""
        own = self.values_of(identifier)
        values = {**values, self.modified_field: now()} if self.modified_field else values
        for name in self.index.keys() & values.keys():
            self.index[name][self.folded(identifier, name)].discard(identifier)
            self.index[name].setdefault(values[name].casefold(), set()).add(identifier)
        own.update(values)

    def remove(self, identifier: int) -> None:
        """Raises ContactsendError."""
        self.values_of(identifier)
        for name, found in self.index.items():
            found[self.folded(identifier, name)].discard(identifier)
        del self.subscribers[identifier]

    def clear(self) -> None:
        self.subscribers.clear()
        self.index.clear()

    def remove_field(self, name: str) -> None:
        del self.fields[self.field_of(name).name]
        self.index.pop(name, None)
        self.modified_field = "" if self.modified_field == name else self.modified_field
        for values in self.subscribers.values():
            values.pop(name, None)

    def set(self, data: Mapping[str, Any]) -> None:
        """Changes settings. Raises ValueError for a field of last changes that isn't one of a date and time."""
        wanted = str(data.get("modified_field", self.modified_field))
        if wanted and (wanted not in self.fields or self.fields[wanted].type not in MOMENTS):
            raise ValueError(f"the userdb has no field {wanted} of the type {' or '.join(MOMENTS)}")
        for name, kind in CHANGEABLE.items():
            if name in data:
                setattr(self, name, kind(data[name]))

    def add_field(self, data: Mapping[str, Any]) -> None:
        """Raises ValueError."""
        one = Field(str(data["name"]).strip(), str(data.get("type", "STRING")))
        if not one.name or one.type not in TYPES:
            raise ValueError(f"a field has a name and a type of {', '.join(TYPES)}")
        self.fields[one.name] = one

    def told(self) -> Data:
        """Everything but the subscribers."""
        fields, subscriptions = map(asdict, self.fields.values()), map(asdict, self.subscriptions)
        apart = ("fields", "subscriptions", "subscribers", "index")
        plain = {name: value for name, value in vars(self).items() if name not in apart}
        return plain | {"fields": list(fields), "subscriptions": list(subscriptions)}


def loaded(data: Mapping[str, Any]) -> Source:
    source = Source(**(dict(data) | {"fields": {}, "subscriptions": []}))
    source.fields = {one["name"]: Field(**one) for one in data["fields"]}
    source.subscriptions = [Subscription(**one) for one in data["subscriptions"]]
    return source


def now() -> str:
    """UTC, to the second, as a userdb keeps it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def with_fields(source: Source, fields: Iterable[Field]) -> Source:
    source.fields |= {one.name: one for one in fields}
    return source


def practice_sources() -> dict[int, Source]:
    """Customers with, Newsletter without a field of last changes, Club with identifiers of its own."""
    customers = Source(6, "Customers", description="Everybody who bought", modified_field="MODIFICATO")
    customers.subscriptions = [
        Subscription(1, "Newsletter", "__cls1", "230006001355"),
        Subscription(2, "Offers", "__cls2", "230006001356"),
    ]
    newsletter = Source(7, "Newsletter", subscriptions=[Subscription(3, "Newsletter", "__cls1", "230007001357")])
    club = Source(8, "Club", "CODICE", "Members by the number on their card", own_identifier=True)
    club.subscriptions = [Subscription(4, "Club news", "__cls1", "230008001358")]
    with_fields(customers, [*PERSON, *MORE, Field("__cls1", "INTEGER"), Field("__cls2", "INTEGER")])
    with_fields(newsletter, [*PERSON, Field("__cls1", "INTEGER")])
    with_fields(club, [Field("CODICE", "POSITIVE_INTEGER"), *PERSON, Field("__cls1", "INTEGER")])
    return {source.identifier: source for source in (customers, newsletter, club)}


PERSON = (
    Field("EMAIL", email=True),
    Field("NOME"),
    Field("COGNOME"),
    Field("CELLULARE", phone=True),
    Field("CITTA"),
)
MORE = (
    Field("DATA_NASCITA", "DATE"),
    Field("PUNTI", "INTEGER"),
    Field("SPESA", "DOUBLE"),
    Field("TESSERA", "LONG"),
    Field("FIGLI", "POSITIVE_INTEGER"),
    Field("VIP", "FLAG"),
    Field("SESSO", "CHAR"),
    Field("ORA", "TIME"),
    Field("ULTIMO_ACQUISTO", "DATETIME"),
    Field("NOTE", "TEXT"),
    Field("TAG"),
    Field("MODIFICATO", "TIMESTAMP"),
)
