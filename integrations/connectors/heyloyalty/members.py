"""Sending what became of persons to their members: look who is on the list, decide, write these fields and no others.

A few live changes go one by one: Heyloyalty sets off its automations at once. Many go by bulk import; a sync of
everybody does so without automations, as nobody entered an audience by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.attached import attributes, audiences, filled, value_of
from integrations.connectors.heyloyalty.awaited import GONE, Note, awaited
from integrations.connectors.heyloyalty.bulk import ImportSettings, Seen, key_of
from integrations.connectors.heyloyalty.bulk_import import bulk_import, fits_import, later, tries_left
from integrations.connectors.heyloyalty.consent import Decision, decide, standing
from integrations.connectors.heyloyalty.list_connector import Changed
from integrations.connectors.heyloyalty.looking import Here, look
from integrations.connectors.heyloyalty.plans import Act, Plan, known_id, skipped, there_already
from integrations.connectors.heyloyalty.taking_back import is_back, take_back
from integrations.connectors.heyloyalty.unsubscriptions import attach_notes, unsubscribed_as
from integrations.connectors.heyloyalty.values import Value, changes
from integrations.connectors.heyloyalty.writing import write
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.errors import RecordError
from integrations.core.mapping import Mapped
from integrations.sources.cdp.states import states_of

if TYPE_CHECKING:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation

# So many live changes at once are sent one by one: some seconds at Heyloyalty's rate.
FEW = 25
NO_MEMBER = _("The person isn't a member of the list, and this activation creates no members.")

GONE_MEANWHILE = _(
    "The person unsubscribed while Heyloyalty has an import with them; the portal looks again soon whether that "
    "subscribed them again."
)


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody to be looked for: `key` as `bulk.key_of` gives it, and the values as the list takes them."""

    item: Item
    key: str
    address: Value
    row: Mapping[str, Value]


# -- what is sent --------------------------------------------------------------------------------


def refresh(connector: HeyloyaltyActivation, items: Sequence[Item]) -> None:
    """How the persons are by now, of the fields that are filled by now, and who is known to have unsubscribed. Five
    queries."""
    rows = {row.field_name: row for row in filled(connector.connection.pk)}
    # Of an old event retention may have left nothing.
    ids = {item.payload["identifier"] for item in items if item.payload}
    found = states_of(ids, audiences=audiences(rows.values()), attributes=attributes(rows.values()))
    states = {state.identifier_id: state for state in found}
    addresses: dict[int, str] = {}
    for item in items:
        state = states.get(item.payload.get("identifier", 0))
        if state is None:
            item.payload["gone"] = True
            continue
        item.payload["address"] = addresses[item.event_id] = state.identifier
        if "empty" in item.payload:
            item.payload["values"] = {item.payload["empty"]: None}
            continue
        named = item.payload["fields"]
        names = rows if named is None else rows.keys() & set(named)
        item.payload["values"] = {name: value_of(rows[name], state) for name in names}
    attach_notes(connector, items, addresses)


def prepare(connector: HeyloyaltyActivation, item: Item) -> Mapped | Skip:
    if item.payload.get("gone"):
        return Skip.GONE
    # Of another person identifier than the one that goes now.
    other = item.payload.get("type", connector.connection.identifier_type_id) != connector.connection.identifier_type_id
    values = item.payload.get("values")
    if other or not values:
        return Skip.FILTERED
    found = Mapped({connector.match_on: item.payload["address"], **values})
    return Changed(found, item.event_id) if item.payload.get("again") else found


# -- how it is sent ------------------------------------------------------------------------------


def deliver(connector: HeyloyaltyActivation, items: Sequence[Item]) -> Iterator[Outcome]:
    connector.expect_fields({name for item in items for name in item.values})
    people: dict[str, Person] = {}
    rest: list[Item] = []
    for item in sorted(items, key=lambda one: one.event_id):
        try:
            person = _person(connector, item)
        except RecordError as error:
            yield Outcome(item, Result.FAILED, error.message, "refused")
            continue
        if person.key in people:
            rest.append(item)
        else:
            people[person.key] = person
    here = look(connector.heyloyalty, connector.member_list, connector.match_on, people)
    plans: list[Plan] = []
    for key, person in people.items():
        found = _taken_back(connector, person, here) or _plan(connector, person, here.get(key))
        if isinstance(found, Plan):
            plans.append(found)
        else:
            yield found
    yield from _write(connector, plans)
    if rest:
        # Two identifiers that are one address to Heyloyalty: one after the other.
        yield from deliver(connector, rest)


def _person(connector: HeyloyaltyActivation, item: Item) -> Person:
    """Raises RecordError naming the field that doesn't take its value."""
    values = dict(item.values)
    address = connector.converter.convert(connector.match_on, values.pop(connector.match_on))
    return Person(item, key_of(connector.member_list, connector.match_on, address), address, row_of(connector, values))


def row_of(connector: HeyloyaltyActivation, values: Mapping[str, Any]) -> dict[str, Value]:
    """Values by field as the list takes them. Raises RecordError naming the field that doesn't."""
    return {name: "" if raw is None else connector.converter.convert(name, raw) for name, raw in values.items()}


def _taken_back(connector: HeyloyaltyActivation, person: Person, here: Here) -> Outcome | None:
    """Of somebody whom an import subscribed again since an earlier try sent it."""
    was, seen = awaited(person.item), here.get(person.key)
    if was is None or seen is None or not is_back(connector, was, seen, len(here)):
        return None
    return take_back(connector, person.item, seen.member_id)


def _plan(connector: HeyloyaltyActivation, person: Person, seen: Seen | None) -> Plan | Outcome:
    """`seen`: the subscribed member with this address. Somebody the list doesn't show is read by the id we know: nobody
    who unsubscribed is written to."""
    item, key = person.item, person.key
    if seen is not None:
        if not changes(connector.member_list, person.row, seen.values):
            return there_already(item, seen, creates=connector.connection.create_members)
        return Plan(item, key, Act.UPDATE, person.row, seen.member_id, seen, watched=True)
    if unsubscribed_as(item):
        return skipped(item, Skip.CONSENT)
    known = known_id(item)
    member = connector.heyloyalty.member(connector.member_list.id, known) if known else None
    decision = decide(standing(known, member), reimport_unsubscribed=False)
    if decision == Decision.SKIP:
        if awaited(item) is not None and tries_left(item):
            return later(item, GONE_MEANWHILE, None, Note(known, GONE))
        return skipped(item, Skip.CONSENT)
    if decision == Decision.UPDATE:
        return Plan(item, key, Act.PATCH, person.row, known)
    if not connector.connection.create_members or "empty" in item.payload:
        return Outcome(item, Result.SKIPPED, str(NO_MEMBER), Skip.UPDATE_ONLY)
    return Plan(item, key, Act.CREATE, {connector.match_on: person.address, **person.row}, watched=True)


def _write(connector: HeyloyaltyActivation, plans: Sequence[Plan]) -> Iterator[Outcome]:
    live = all(one.item.urgent for one in plans)
    together = [] if live and len(plans) <= FEW else [one for one in plans if fits_import(one)]
    alone = [one for one in plans if one not in together]
    if together:
        left: list[Plan] = []
        settings = ImportSettings(connector.match_on, automations=live)
        yield from bulk_import(connector, [_with_address(connector, one) for one in together], settings, left)
        keys = {one.key for one in left}
        alone += [one for one in together if one.key in keys]
    yield from (write(connector, one) for one in alone)


def _with_address(connector: HeyloyaltyActivation, one: Plan) -> Plan:
    """A file finds members by their address: as it is written on the list, so that it stays."""
    return replace(one, row={connector.match_on: one.seen.address, **one.row}) if one.seen else one
