"""What is to be done with a customer: decided before anything is written. Pure but for the look at a member we know."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.connectors.flexpos.choices import Choices
from integrations.connectors.flexpos.models import ImportType
from integrations.connectors.flexpos.standing import unsubscribed_as
from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.consent import Decision, Standing, decide, standing
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.values import Value, changes
from integrations.core.connector import SKIP_REASONS, Item, Outcome, Result, Skip

# Reads a member by id, in whatever state; None: nobody.
Read = Callable[[str], Mapping[str, Any] | None]


class Act(enum.StrEnum):
    """CREATE: whoever has the address is found by Heyloyalty. ANEW: a new member, whoever had it before. UPDATE: the
    member that the list shows. PATCH: the member we know, whose address on the list is another one."""

    CREATE = "create"
    ANEW = "anew"
    UPDATE = "update"
    PATCH = "patch"


@dataclass(frozen=True, eq=False)
class Person:
    """A customer ready to be sent: their address as `bulk.key_of` gives it, and their values as the list takes them."""

    item: Item
    key: str
    row: Mapping[str, Value]
    defaults: Mapping[str, Value]
    choices: Choices


@dataclass(frozen=True, eq=False)
class Plan:
    """What to do, with which values. `seen` is the member as the list shows it."""

    person: Person
    act: Act
    row: Mapping[str, Value]
    member_id: str = ""
    seen: Seen | None = None

    @property
    def item(self) -> Item:
        return self.person.item


def plan(person: Person, seen: Seen | None, member_list: MemberList, import_type: str, read: Read) -> Plan | Outcome:
    """`seen`: the subscribed member with the person's address. Somebody the list doesn't show is read by the id we
    know; raises what that raises."""
    if seen is not None:
        return _known(person, seen, member_list, import_type)
    stands = _standing(person.item, read)
    decision = decide(stands, person.choices.unsubscribed)
    if decision == Decision.SKIP:
        return skipped(person.item, Skip.CONSENT)
    if decision == Decision.UPDATE:
        if import_type in (ImportType.CREATE, ImportType.UNCHECKED):
            return skipped(person.item, Skip.CREATE_ONLY)
        return Plan(person, Act.PATCH, person.row, _member_id(person.item))
    if import_type == ImportType.UPDATE:
        return skipped(person.item, Skip.UPDATE_ONLY)
    anew = decision == Decision.RECREATE or import_type == ImportType.UNCHECKED
    return Plan(person, Act.ANEW if anew else Act.CREATE, {**person.defaults, **person.row})


def _known(person: Person, seen: Seen, member_list: MemberList, import_type: str) -> Plan | Outcome:
    """Somebody the list shows. What an earlier try may have written counts as written by it."""
    item = person.item
    filled = {name: value for name, value in person.defaults.items() if seen.values.get(name) is None}
    row = {**filled, **person.row}
    same = not changes(member_list, row, seen.values)
    if same and item.maybe_applied:
        result = Result.NEW if item.link is None else Result.UPDATED
        message = "Heyloyalty has it already: an earlier try arrived, though no answer came back."
        return Outcome(item, result, message, remote_id=seen.member_id)
    if import_type == ImportType.UNCHECKED and item.link is None:
        return Plan(person, Act.ANEW, {**person.defaults, **person.row}, seen=seen)
    if import_type in (ImportType.CREATE, ImportType.UNCHECKED):
        return skipped(item, Skip.CREATE_ONLY)
    if same:
        return Outcome(item, Result.UNCHANGED, "The list has these values already.", remote_id=seen.member_id)
    return Plan(person, Act.UPDATE, row, seen.member_id, seen)


def _standing(item: Item, read: Read) -> Standing:
    """Of somebody the list doesn't show under this address."""
    if unsubscribed_as(item):
        return Standing.UNSUBSCRIBED
    known = _member_id(item)
    return standing(known, read(known)) if known else Standing.NEW


def _member_id(item: Item) -> str:
    return item.link.remote_id if item.link else ""


def skipped(item: Item, reason: Skip) -> Outcome:
    return Outcome(item, Result.SKIPPED, SKIP_REASONS[reason], reason)
