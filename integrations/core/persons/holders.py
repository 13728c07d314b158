"""What sources and connectors know of persons in tables of their own: they say so in their app's `holding.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.utils.module_loading import autodiscover_modules

from integrations.core.persons.person import Person, RecordKey

T = TypeVar("T", bound="type[Holder]")


@dataclass(frozen=True)
class Held:
    """Something the portal holds of a person: what it is, in words, and its page ("" for who may not open it)."""

    what: str
    words: str
    url: str = ""


class Holder:
    """One app's part in finding and erasing a person. Every method may be left as it is; none raises for nobody.

    `permission`: who may be told what it knows. `texts`: columns of its tables that may mention anybody, looked
    through when a person is erased: encrypted bodies are emptied as a whole, in plain texts the mention goes. `rows`:
    the same, but the whole row goes.
    """

    name: ClassVar[str]
    permission: ClassVar[str] = ""
    texts: ClassVar[Mapping[type[models.Model], tuple[str, ...]]] = {}
    rows: ClassVar[Mapping[type[models.Model], tuple[str, ...]]] = {}

    def names(self, names: Collection[str]) -> set[str]:
        """Further e-mail addresses and phone numbers of whoever has one of these names. A query or two."""
        return set()

    def records(self, names: Collection[str]) -> set[RecordKey]:
        """Records of connections that are about whoever has one of these names."""
        return set()

    def held(self, user: Any, names: Collection[str]) -> list[Held]:
        """For the box “What the portal holds”."""
        return []

    def name_of(self, user: Any, pk: int) -> str:
        """What the person of its row `pk` is searched by; "" when this user may not see it, or it isn't there."""
        return ""

    def count(self, person: Person) -> dict[str, int]:
        """What `erase` would take away: words to numbers."""
        return {}

    def erase(self, person: Person) -> dict[str, int]:
        """Take away all its own tables hold of the person, history included; how many of what. Safe to repeat.

        Called before the person's events are settled and their Links deleted.
        """
        return {}

    def erase_in(self, connection_id: int, person: Person) -> dict[str, int]:
        """The same for what it keeps of a connection. Called in a transaction that holds the connection's lease."""
        return {}


_holders: dict[str, Holder] = {}


def holder(kind: T) -> T:
    """Register a Holder."""
    _holders[kind.name] = kind()
    return kind


def holders() -> list[Holder]:
    # Here and not when the apps load: a worker that sends needs none of them, nor what they import.
    autodiscover_modules("holding")
    return [_holders[name] for name in sorted(_holders)]


def holder_named(name: str) -> Holder | None:
    return next((one for one in holders() if one.name == name), None)
