"""Who was changed in Contacthub: by its update stream, or by lists where the token may not read that."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.connectors.contactsend.hub import SEARCH_LAG
from integrations.connectors.contactsend.hub_answers import DELETE, Customer
from integrations.connectors.contactsend.hub_errors import Forbidden
from integrations.connectors.contactsend.hub_values import read_moment
from integrations.connectors.contactsend.pairs import hub_seen
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.sides import digest
from integrations.core import mapping
from integrations.core.connector import Page, Record
from integrations.core.errors import RecordError
from integrations.core.models.engine import EPOCH

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

CUSTOMER = "customer"
OFFSET, SINCE = "offset", "since"
# When an offset was read, and the stream's that was noted while lists were used.
AT, STREAM = "at", "stream"


def record(customer: Customer, label: str, operation: str = "", *, once: bool = False) -> Record:
    """`once`: this change is told once, however often lists show it."""
    payload: dict[str, Any] = {"side": Where.HUB, "customer": customer}
    payload |= {"operation": operation} if operation else {}
    dedupe_key = mapping.digest([Where.HUB, customer["id"], customer["updatedAt"]]) if once else None
    return Record(CUSTOMER, f"hub {customer['id']}", payload, label, dedupe_key=dedupe_key)


def start(connector: Contactsend) -> dict[str, Any]:
    """Where changes are read from, from now on."""
    now = timezone.now()
    try:
        return {OFFSET: connector.hub.last_offset(connector.node), AT: now.isoformat()}
    except Forbidden:
        return {SINCE: (now - SEARCH_LAG).isoformat()}


def changes(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """What happened since the cursor; without one: nothing yet."""
    if not cursor:
        yield Page([], start(connector))
    elif OFFSET in cursor:
        try:
            yield from _stream(connector, int(cursor[OFFSET]))
        except Forbidden:
            # The token was given another role: lists tell the rest, some of it again.
            yield Page([], {SINCE: cursor.get(AT, timezone.now().isoformat())})
    else:
        yield from _listed(connector, cursor)


def _stream(connector: Contactsend, offset: int) -> Iterator[Page]:
    while True:
        found = connector.hub.updates(connector.node, offset)
        if found.next_offset == offset:
            return
        offset = found.next_offset
        # Of several changes of one customer the last says how it is.
        last = {str(update.customer["id"]): update for update in found.updates}
        deleted = [update.customer for update in last.values() if update.operation == DELETE]
        changed = [update.customer for update in last.values() if update.operation != DELETE]
        # Also those that look as known: the log shows them as ours coming back.
        records = [record(one, connector.label_of(one)) for one in changed]
        records += [record(one, connector.label_of(one), DELETE) for one in deleted]
        yield Page(records, {OFFSET: offset, AT: timezone.now().isoformat()})


def _listed(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Lists are behind: what they held back is looked for again, and dropped when it is known. Once the token may read
    the stream and lists have shown all that was before, that goes on."""
    stream = cursor.get(STREAM) or start(connector)
    known = {STREAM: stream} if OFFSET in stream else {}
    caught_up = bool(known) and timezone.now() - datetime.datetime.fromisoformat(stream[AT]) > 2 * SEARCH_LAG
    since = newest = datetime.datetime.fromisoformat(cursor[SINCE])
    for customers in connector.hub.customers_updated_since(connector.node, since - SEARCH_LAG):
        newest = read_moment(customers[-1]["updatedAt"])
        yield Page(list(_of(connector, customers, once=True)), {SINCE: newest.isoformat(), **known})
    if caught_up:
        yield Page([], stream)
    elif known and STREAM not in cursor:
        yield Page([], {SINCE: newest.isoformat(), **known})


def everybody(connector: Contactsend, cursor: Mapping[str, Any], run_id: int) -> Iterator[Page]:
    """All customers of the node, the longest unchanged first: whoever changes meanwhile comes at the end."""
    since = datetime.datetime.fromisoformat(cursor.get(SINCE, EPOCH.isoformat()))
    for customers in connector.hub.customers_updated_since(connector.node, since):
        newest = read_moment(customers[-1]["updatedAt"])
        records = list(_of(connector, customers))
        yield Page(records, {"run": run_id, "stage": Where.HUB, SINCE: newest.isoformat()})


def _of(connector: Contactsend, customers: Sequence[Customer], *, once: bool = False) -> Iterator[Record]:
    """A record for each that looks different from what is known."""
    seen = hub_seen(connector.connection.pk, [str(customer["id"]) for customer in customers])
    for customer in customers:
        if seen.get(str(customer["id"])) != _digest(connector, customer):
            yield record(customer, connector.label_of(customer), once=once)


def _digest(connector: Contactsend, customer: Customer) -> str:
    try:
        return digest(connector.shape.of_hub(customer))
    except RecordError:
        return "can't be read: the delivery says why"
