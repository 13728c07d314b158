"""Sending customers as members: look who is on the list, decide, write.

One call a member tells what became of each, and sets off what Heyloyalty does for its API: automations and webhooks.
The bulk import sets off no webhooks, and automations only when asked to: it is what holds a “No”.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from integrations.connectors.flexpos.choices import Choices, choices
from integrations.connectors.flexpos.plans import Person, plan
from integrations.connectors.heyloyalty.bulk import ImportSettings, Seen, key_of
from integrations.connectors.heyloyalty.bulk_import import bulk_import, fits_import
from integrations.connectors.heyloyalty.fields import MULTI
from integrations.connectors.heyloyalty.looking import look
from integrations.connectors.heyloyalty.plans import Plan, skipped
from integrations.connectors.heyloyalty.values import Value
from integrations.connectors.heyloyalty.writing import write
from integrations.core.connector import Item, Outcome, Result, Skip
from integrations.core.errors import RecordError

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS


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
        found = plan_of(connector, person, here.get(key))
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


def plan_of(connector: FlexPOS, person: Person, seen: Seen | None) -> Plan | Outcome:
    """What is to be done with somebody whom the list shows as `seen`, or doesn't. Looks at a member we know."""
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
            together.setdefault(_chosen(connector, one), []).append(one)
        else:
            alone.append(one)
    for chosen, several in together.items():
        settings = ImportSettings(connector.match_on, chosen.automations, connector.connection.errors_to)
        yield from bulk_import(connector, several, settings, alone)
    for one in alone:
        yield write(connector, one, skip_opt_in=not _chosen(connector, one).opt_in)


def _chosen(connector: FlexPOS, one: Plan) -> Choices:
    return choices(connector.connection, one.item.payload)


def _by_import(connector: FlexPOS, one: Plan) -> bool:
    """Calls send opt-in messages, and set off automations and webhooks; imports keep them from being set off."""
    chosen = _chosen(connector, one)
    if chosen.opt_in or (chosen.automations and connector.connection.send_webhooks):
        return False
    return fits_import(one)
