"""Who was changed in Contactsend: by the userdb's last-modified field, else by looking through all of it."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.connectors.contactsend.collect_hub import CUSTOMER
from integrations.connectors.contactsend.hub_answers import DELETE
from integrations.connectors.contactsend.pairs import Seen, paired_between, send_seen
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.send_types import SendPage, SendSubscriber
from integrations.connectors.contactsend.send_values import typed
from integrations.connectors.contactsend.sides import digest
from integrations.core import mapping
from integrations.core.connector import Page, Record

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

# Times in userdbs have no seconds at times, and its clock isn't ours.
OVERLAP = datetime.timedelta(minutes=2)
# Subscribers that one poll looks through where nothing tells who was changed.
LOOKED_AT = 5000
SINCE, NUMBER, SIZE, AFTER, STARTED, OLDEST = "since", "page", "size", "after", "started", "oldest"
# Of those changed since: the page to go on with, and the newest change on those before it.
NEXT, NEWEST = "next", "newest"
# Pairs of removed subscribers that one page tells of: the next round tells of the others.
MOST_REMOVED = 1000


def changes(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    if connector.shape.last_modified_field:
        return _modified(connector, cursor)
    return _walk(connector, cursor, LOOKED_AT)


def _modified(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Those changed since the newest change known. The first time: from now on."""
    now = timezone.now()
    since = datetime.datetime.fromisoformat(cursor.get(SINCE, now.isoformat()))
    newest, number = datetime.datetime.fromisoformat(cursor.get(NEWEST, since.isoformat())), int(cursor.get(NEXT, 1))
    while True:
        found = page_of(connector, number, since=since - OVERLAP)
        if not found.filtered:
            # A service of 2016 doesn't know how to: then all of it is looked through.
            yield from _walk(connector, cursor, LOOKED_AT)
            return
        times = (connector.shape.modified_at(one.values) for one in found.subscribers)
        newest = max([newest, *(at for at in times if at and at <= now)])
        records = list(changed(connector, found.subscribers))
        if found.is_last:
            yield Page(records, {SINCE: newest.isoformat()})
            return
        number += 1
        # The time moves on once all pages are read: they are those since one time.
        yield Page(records, {SINCE: since.isoformat(), NEXT: number, NEWEST: newest.isoformat()})


def everything(connector: Contactsend, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """All of the userdb, once."""
    return _walk(connector, cursor, sys.maxsize)


def _walk(connector: Contactsend, cursor: Mapping[str, Any], most: int) -> Iterator[Page]:
    """On from where the last poll stopped, around and around: `started` is when this round began, `oldest` the time of
    the oldest look."""
    now = timezone.now().isoformat()
    number, after = int(cursor.get(NUMBER, 1)), int(cursor.get(AFTER, 0))
    started, oldest = cursor.get(STARTED, now), cursor.get(OLDEST)
    looked = 0
    while looked < most:
        found = page_of(connector, number)
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
        found = page_of(connector, number)
        number += 1
        records = list(changed(connector, found.subscribers, once=False))
        yield Page(records, {"run": run_id, "stage": Where.SEND, NUMBER: number})
        if found.is_last:
            return


def page_of(connector: Contactsend, number: int, since: datetime.datetime | None = None) -> SendPage:
    """A page of the userdb, with the fields that are kept equal; with `since`, of those changed at or after it."""
    shape, field = connector.shape, connector.shape.last_modified_field
    wanted = [*shape.fields, *(one.registration_field for one in shape.newsletters), *([field] if field else [])]
    asked: dict[str, Any] = {}
    if since:
        known = connector.fields(CUSTOMER).get(field)
        asked = {"changed_field": field, "since": typed(known.type if known else "DATETIME", since, shape.zone)}
    names = list(dict.fromkeys(wanted))
    return connector.send.page(connector.userdb, number, connector.source.identifier_field, attributes=names, **asked)


def changed(connector: Contactsend, subscribers: Sequence[SendSubscriber], *, once: bool = True) -> Iterator[Record]:
    """Those that look different from how their pair was last equal, and those that have none."""
    seen = send_seen(connector.connection.pk, [one.id for one in subscribers])
    for one in subscribers:
        known, look = seen.get(one.id, Seen()), digest(connector.shape.of_send(one.values))
        if known.digest != look:
            payload: dict[str, Any] = {"side": Where.SEND, "id": one.id, "values": dict(one.values)}
            if known.digest:
                # Of who was never seen before nobody knows how old it is.
                payload["seen_at"] = timezone.now().isoformat()
            yield _record(
                one.id, known, payload, once=(look if once else ""), label=connector.label_of_subscriber(one.values)
            )


def _record(pk: int, known: Seen, payload: dict[str, Any], *, once: str, label: str = "") -> Record:
    """Of one pair there is one event at a time, whichever side it is about. `once`: what was seen is told once after
    each time that the pair became equal, whatever becomes of it – also where it fails, or waits."""
    key = f"hub {known.hub_id}" if known.hub_id else f"send {pk}"
    dedupe_key = mapping.digest([Where.SEND, pk, once, known.event_id]) if once else None
    return Record(CUSTOMER, key, payload, label, dedupe_key=dedupe_key)


def _removed(connector: Contactsend, found: SendPage, after: int) -> list[Record]:
    """Pages come by identifier: a pair's subscriber that should be on this one and isn't was removed."""
    here = {one.id for one in found.subscribers}
    upto = None if found.is_last else max(here)
    paired = paired_between(connector.connection.pk, after, upto, len(here) + MOST_REMOVED)
    gone = {"side": Where.SEND, "operation": DELETE}
    return [_record(pk, known, gone | {"id": pk}, once=DELETE) for pk, known in paired.items() if pk not in here]
