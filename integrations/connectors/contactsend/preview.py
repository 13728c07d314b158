"""What a preview asks: what both sides have now, and what would be written to each. Look-ups only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from integrations.connectors.contactsend.collect_hub import record
from integrations.connectors.contactsend.finding import Gone
from integrations.connectors.contactsend.hub_errors import NoSuchCustomer
from integrations.connectors.contactsend.hub_fields import read_hub
from integrations.connectors.contactsend.meeting import Meeting
from integrations.connectors.contactsend.reconcile import Merge, Where
from integrations.connectors.contactsend.send_faults import SubscriberNotFound
from integrations.connectors.contactsend.send_values import typed
from integrations.core.connector import Item, Record, Standing
from integrations.core.errors import RecordError
from integrations.core.mapping import MappingRow

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend


def example(connector: Contactsend, pasted: Any) -> Record:
    """A customer as Contacthub's API has it."""
    first = pasted[0] if isinstance(pasted, list) and pasted else pasted
    if not isinstance(first, dict) or not isinstance(first.get("base"), dict):
        raise RecordError(_("This JSON is no customer of Contacthub: it has no “base”."))
    customer = {"id": "pasted", "updatedAt": None, **first}
    return record(customer, connector.label_of(customer))


def source_value(payload: dict[str, Any], row: MappingRow) -> Any:
    """On whichever side the change was noticed."""
    if payload.get("side") == Where.HUB:
        return read_hub(payload.get("customer") or {}, row.source)
    return (payload.get("values") or {}).get(row.target)


def convert(connector: Contactsend, target: str, raw: Any) -> str:
    field = connector.fields("customer").get(target)
    try:
        return typed(field.type if field else "", raw, connector.connection.zone).text
    except ValueError as error:
        text = _("%(field)s: what the source has %(why)s. Correct it there or change the mapping.")
        raise RecordError(text % {"field": target, "why": error}) from None


def standing(connector: Contactsend, item: Item) -> Standing:
    if item.payload.get("operation"):
        return Standing({}, blind=_("The person was deleted on one side."))
    with connector.people.turn(item) as known:
        meeting = Meeting(connector, item, known)
        try:
            meeting.read()
        except (Gone, NoSuchCustomer, SubscriberNotFound):
            return Standing({}, blind=_("The person was deleted on one side."))
        merged = meeting.merge()
    from_hub = meeting.where == Where.HUB
    there = None
    if (meeting.subscriber if from_hub else meeting.customer) is not None:
        there = meeting.send.values if from_hub else meeting.hub.values
    keys = [] if known.pair.hub_id else [row.field for row in connector.shape.keys]
    by = next((name for name in keys if merged.values.get(name)), "")
    changed = frozenset(merged.to_send if from_hub else merged.to_hub)
    return Standing(merged.values, there, by, changed, _calls(merged))


def _calls(merged: Merge) -> int:
    """One to each side whose values differ, and one a subscription."""
    subscriptions = len(merged.subscribe_hub) + len(merged.subscribe_send)
    return bool(merged.to_send) + bool(merged.to_hub) + subscriptions
