"""Who was changed in Contactsend: by the userdb's last-modified field, else by looking through all of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.connectors.contactsend.collect_hub import CUSTOMER
from integrations.connectors.contactsend.pairs import paired_between, send_seen
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.send_types import SendPage, SendSubscriber
from integrations.connectors.contactsend.sides import digest
from integrations.core.connector import Page, Record

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

# Times in userdbs have no seconds at times, and its clock isn't ours.
OVERLAP = datetime.timedelta(minutes=2)
# Subscribers that one poll looks through where nothing tells who was changed.
LOOKED_AT = 5000
SINCE, NUMBER, SIZE, AFTER, STARTED, OLDEST = "since", "page", "size", "after", "started", "oldest"


def changes(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    if connector.shape.last_modified_field:
        return _modified(connector, cursor)
    return _walk(connector, cursor, LOOKED_AT)


def _modified(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Those changed since the newest change known. The first time: from now on."""
    now = timezone.now()
    since = datetime.datetime.fromisoformat(cursor[SINCE]) if SINCE in cursor else now
    newest, number = since, 1
    while True:
        found = connector.page(number, since=since - OVERLAP)
        if not found.filtered:
            # A service of 2016 doesn't know how to: then all of it is looked through.
            yield from _walk(connector, cursor, LOOKED_AT)
            return
        times = (connector.shape.modified_at(one.values) for one in found.subscribers)
        newest = max([newest, *(at for at in times if at and at <= now)])
        # The cursor moves on once all pages are read: until then they would shift.
        records = list(changed(connector, found.subscribers))
        yield Page(records, {SINCE: (newest if found.is_last else since).isoformat()})
        if found.is_last:
            return
        number += 1


def _walk(connector: Contactsend, cursor: Mapping[str, Any], most: int) -> Iterator[Page]:
    """On from where the last poll stopped, around and around: `started` is when this round began, `oldest` the time of
    the oldest look."""
    now = timezone.now().isoformat()
    number, after = int(cursor.get(NUMBER, 1)), int(cursor.get(AFTER, 0))
    started, oldest = cursor.get(STARTED, now), cursor.get(OLDEST)
    looked = 0
    while looked < most:
        found = connector.page(number)
        if number > 1 and cursor.get(SIZE, found.size) != found.size:
            # Page numbers mean something else now.
            number, after = 1, 0
            cursor = {}
            continue
        records = list(changed(connector, found.subscribers))
        if connector.carries_deletes:
            records += _removed(connector, found, after)
        looked += len(found.subscribers)
        after = max([after, *(one.id for one in found.subscribers)])
        if found.is_last:
            yield Page(records, {NUMBER: 1, AFTER: 0, OLDEST: started})
            return
        number += 1
        rest = {OLDEST: oldest} if oldest else {}
        yield Page(records, {NUMBER: number, AFTER: after, SIZE: found.size, STARTED: started, **rest})


def everybody(connector: Contactsend, cursor: Mapping[str, Any], run_id: int) -> Iterator[Page]:
    """All subscribers of the userdb, for the first sync."""
    number = int(cursor.get(NUMBER, 1))
    while True:
        found = connector.page(number)
        number += 1
        yield Page(list(changed(connector, found.subscribers)), {"run": run_id, "stage": Where.SEND, NUMBER: number})
        if found.is_last:
            return


def changed(connector: Contactsend, subscribers: Sequence[SendSubscriber]) -> Iterator[Record]:
    """Those that look different from how their pair was last equal, and those that have none."""
    seen = send_seen(connector.connection.pk, [one.id for one in subscribers])
    now = timezone.now().isoformat()
    for one in subscribers:
        known, hub_id = seen.get(one.id, ("", ""))
        if known != digest(connector.shape.of_send(one.values)):
            yield record(one, hub_id, connector.label_of_subscriber(one.values), now)


def record(subscriber: SendSubscriber, hub_id: str, label: str, seen_at: str) -> Record:
    payload = {"side": Where.SEND, "id": subscriber.id, "values": dict(subscriber.values), "seen_at": seen_at}
    return Record(CUSTOMER, _key(subscriber.id, hub_id), payload, label)


def _removed(connector: Contactsend, found: SendPage, after: int) -> list[Record]:
    """Pages come by identifier: a pair's subscriber that should be on this one and isn't was removed."""
    upto = max((one.id for one in found.subscribers), default=after)
    here = {one.id for one in found.subscribers}
    paired = paired_between(connector.connection.pk, after, upto)
    return [
        Record(CUSTOMER, _key(pk, hub_id), {"side": Where.SEND, "id": pk, "operation": "DELETE"})
        for pk, hub_id in paired.items()
        if pk not in here
    ]


def _key(send_id: int, hub_id: str) -> str:
    """Of one pair there is one event at a time, whichever side it is about."""
    return f"hub {hub_id}" if hub_id else f"send {send_id}"
