"""What is to be done with a customer: decided before anything is written. Pure but for the look at a member we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.connectors.flexpos.choices import Choices
from integrations.connectors.flexpos.models import ImportType
from integrations.connectors.heyloyalty.bulk import Seen
from integrations.connectors.heyloyalty.consent import Decision, Standing, decide, standing
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.plans import Act, Plan, Read, known_id, skipped, there_already
from integrations.connectors.heyloyalty.unsubscriptions import unsubscribed_as
from integrations.connectors.heyloyalty.values import Value, changes
from integrations.core.connector import Item, Outcome, Skip


@dataclass(frozen=True, eq=False)
class Person:
    """A customer ready to be sent: their address as `bulk.key_of` gives it, and their values as the list takes them."""

    item: Item
    key: str
    row: Mapping[str, Value]
    defaults: Mapping[str, Value]
    choices: Choices


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
        return Plan(person.item, person.key, Act.PATCH, person.row, known_id(person.item))
    if import_type == ImportType.UPDATE:
        return skipped(person.item, Skip.UPDATE_ONLY)
    anew = decision == Decision.RECREATE or import_type == ImportType.UNCHECKED
    return Plan(person.item, person.key, Act.ANEW if anew else Act.CREATE, {**person.defaults, **person.row})


def _known(person: Person, seen: Seen, member_list: MemberList, import_type: str) -> Plan | Outcome:
    """Somebody the list shows."""
    item = person.item
    filled = {name: value for name, value in person.defaults.items() if seen.values.get(name) is None}
    row = {**filled, **person.row}
    same = not changes(member_list, row, seen.values)
    if same and item.maybe_applied:
        return there_already(item, seen)
    if import_type == ImportType.UNCHECKED and item.link is None:
        return Plan(item, person.key, Act.ANEW, {**person.defaults, **person.row}, seen=seen)
    if import_type in (ImportType.CREATE, ImportType.UNCHECKED):
        return skipped(item, Skip.CREATE_ONLY)
    if same:
        return there_already(item, seen)
    return Plan(item, person.key, Act.UPDATE, row, seen.member_id, seen)


def _standing(item: Item, read: Read) -> Standing:
    """Of somebody the list doesn't show under this address."""
    if unsubscribed_as(item):
        return Standing.UNSUBSCRIBED
    known = known_id(item)
    return standing(known, read(known)) if known else Standing.NEW
