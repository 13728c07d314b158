"""Sending customers as members: look who is on the list, decide, write.

One call a member tells what became of each, and sets off what Heyloyalty does for its API: automations and webhooks.
The bulk import sets off no webhooks, and automations only when asked to: it is what holds a “No”.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from integrations.connectors.flexpos.bulk_import import bulk_import
from integrations.connectors.flexpos.choices import Choices, choices
from integrations.connectors.flexpos.looking import look
from integrations.connectors.flexpos.plans import Act, Person, Plan, plan, skipped
from integrations.connectors.heyloyalty.bulk import Seen, key_of
from integrations.connectors.heyloyalty.client import NotFound
from integrations.connectors.heyloyalty.fields import MULTI
from integrations.connectors.heyloyalty.values import Value
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.errors import RecordError

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

# Tries by import; after them a member is sent alone, which tells why Heyloyalty doesn't take it.
IMPORT_TRIES = 2
VANISHED = "The member vanished from the list while it was written; it will be tried again."


def deliver(connector: FlexPOS, items: Sequence[Item]) -> Iterator[Outcome]:
    people: dict[str, Person] = {}
    for item in items:
        try:
            person = person_of(connector, item)
        except RecordError as error:
            yield Outcome(item, Result.FAILED, error.message, "refused")
            continue
        other = people.get(person.key)
        if other is not None:
            older, person = sorted((other, person), key=lambda one: one.item.event_id)
            yield skipped(older.item, Skip.MERGED)
        people[person.key] = person
    here = look(connector.heyloyalty, connector.member_list, connector.match_on, people)
    plans: list[Plan] = []
    for key, person in people.items():
        found = _plan(connector, person, here.get(key))
        if isinstance(found, Plan):
            plans.append(found)
        else:
            yield found
    yield from _write(connector, plans)


def person_of(connector: FlexPOS, item: Item) -> Person:
    """Raises RecordError naming the field that doesn't take what FlexPOS sent."""
    row, defaults = _row(connector, item.mapped.values), _row(connector, item.mapped.defaults)
    key = key_of(connector.member_list, connector.match_on, row[connector.match_on])
    return Person(item, key, row, defaults, choices(connector.connection, item.payload))


def _row(connector: FlexPOS, values: Mapping[str, Any]) -> dict[str, Value]:
    """As the list takes them. Of several values a single field takes the first."""
    fields = connector.member_list.fields
    row = {}
    for name, raw in values.items():
        multi = name in fields and fields[name].format == MULTI
        row[name] = connector.converter.convert(name, raw[0] if isinstance(raw, list) and not multi else raw)
    return row


def _plan(connector: FlexPOS, person: Person, seen: Seen | None) -> Plan | Outcome:
    member_list = connector.member_list

    def read(member_id: str) -> Mapping[str, Any] | None:
        return connector.heyloyalty.member(member_list.id, member_id)

    return plan(person, seen, member_list, connector.connection.import_type, read)


# -- how it travels --------------------------------------------------------------------------------


def _write(connector: FlexPOS, plans: Sequence[Plan]) -> Iterator[Outcome]:
    alone: list[Plan] = []
    together: dict[Choices, list[Plan]] = {}
    for one in plans:
        if _by_import(connector, one):
            together.setdefault(one.person.choices, []).append(one)
        else:
            alone.append(one)
    for chosen, several in together.items():
        yield from bulk_import(connector, several, chosen, alone)
    for one in alone:
        yield _send(connector, one)


def _by_import(connector: FlexPOS, one: Plan) -> bool:
    """Calls send opt-in messages, and set off automations and webhooks; imports keep them from being set off."""
    chosen = one.person.choices
    if chosen.opt_in or (chosen.automations and connector.connection.send_webhooks):
        return False
    # A retry begins with the second try.
    fresh = one.item.attempts <= IMPORT_TRIES + one.item.retried
    # Somebody whose address changed, or who is to be there twice, an import would take for somebody else.
    return fresh and one.act != Act.PATCH and not (one.act == Act.ANEW and one.seen)


def _send(connector: FlexPOS, one: Plan) -> Outcome:
    try:
        return _update(connector, one) if one.act in (Act.UPDATE, Act.PATCH) else _create(connector, one)
    except RecordError as error:
        return Outcome(one.item, Result.FAILED, error.message, "refused", call=error.call)


def _update(connector: FlexPOS, one: Plan) -> Outcome:
    try:
        call = connector.heyloyalty.patch_member(connector.member_list.id, one.member_id, one.row)
    except NotFound as error:
        return Outcome(one.item, Result.WAITING, VANISHED, "vanished", call=error.call)
    return Outcome(one.item, Result.UPDATED, remote_id=one.member_id, call=call)


def _create(connector: FlexPOS, one: Plan) -> Outcome:
    client, list_id, skip_opt_in = connector.heyloyalty, connector.member_list.id, not one.person.choices.opt_in
    if one.act == Act.ANEW:
        written = client.create_member(list_id, one.row, skip_opt_in)
    else:
        written = client.upsert(list_id, connector.match_on, one.row, skip_opt_in)
    result = Result.NEW if written.created else Result.UPDATED
    return Outcome(one.item, result, remote_id=written.member_id, call=written.call)
