"""Which customer and which subscriber are one person, and how both were when they were last equal."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from integrations.connectors.contactsend.models import Pair
from integrations.connectors.contactsend.reconcile import Side, Where
from integrations.core.connector import Item
from integrations.core.engine import control
from integrations.core.engine.capture import to_text
from integrations.core.engine.rows import insert
from integrations.core.models import Cursor, EventPayload, Link

COLUMNS = ("hub_id", "send_id", "base", "hub_seen", "send_seen", "writes", "match", "event_id")


@dataclass(frozen=True)
class PairState:
    """A pair as it is kept. `writes` are the times (epoch seconds) of our own last writes."""

    hub_id: str = ""
    send_id: int = 0
    base: Side | None = None
    hub_seen: str = ""
    send_seen: str = ""
    writes: tuple[float, ...] = ()
    match: str = ""
    event_id: int = 0


@dataclass(frozen=True)
class Note:
    """What is to be kept of a delivery: the pair, or that it is `gone`, and the values that were lost."""

    pair: PairState
    gone: bool = False
    # The source that Contacthub says has written: ours.
    written_by: str = ""
    lost: Mapping[str, tuple[Where, Any]] = field(default_factory=dict)
    # Of two about one pair the later one counts.
    made_at: float = field(default_factory=time.monotonic)


def pairs_of(
    connection_id: int, hub_ids: Collection[str], send_ids: Collection[int], matches: Collection[str]
) -> list[PairState]:
    """The pairs of these customers and subscribers, and of who is found by the same values. One query."""
    wanted = Q(hub_id__among=list(hub_ids)) | Q(send_id__among=list(send_ids)) | Q(match__among=list(matches))
    return [_state(pair) for pair in Pair.objects.filter(wanted, connection_id=connection_id)]


def hub_seen(connection_id: int, ids: Collection[str]) -> dict[str, str]:
    """By customer: the digest it had when its pair was last equal. One query."""
    found = Pair.objects.filter(connection_id=connection_id, hub_id__among=list(ids))
    return dict(found.values_list("hub_id", "hub_seen"))


class Seen(NamedTuple):
    """How a subscriber looked when its pair was last equal, the pair's customer, and the event that made it so."""

    digest: str = ""
    hub_id: str = ""
    event_id: int = 0


def send_seen(connection_id: int, ids: Collection[int]) -> dict[int, Seen]:
    """By subscriber, of those that have a pair. One query."""
    return _seen(Pair.objects.filter(connection_id=connection_id, send_id__among=list(ids)))


def paired_between(connection_id: int, after: int, upto: int | None, most: int) -> dict[int, Seen]:
    """By subscriber, of the pairs whose subscribers have identifiers above `after`, up to `upto` (None: all)."""
    found = Pair.objects.filter(connection_id=connection_id, send_id__gt=after).order_by("send_id")
    return _seen((found if upto is None else found.filter(send_id__lte=upto))[:most])


def _seen(found: QuerySet[Pair]) -> dict[int, Seen]:
    rows = found.values_list("send_id", "send_seen", "hub_id", "event_id")
    return {send_id: Seen(look, hub_id, event_id) for send_id, look, hub_id, event_id in rows if send_id is not None}


def keep(connection_id: int, notes: Iterable[Note]) -> None:
    """Write pairs, in the transaction that settles their events. Three queries, however many there are."""
    notes = list(notes)
    if not notes:
        return
    kept = _last(note.pair for note in sorted(notes, key=attrgetter("made_at")) if not note.gone)
    gone = [note.pair for note in notes if note.gone]
    mine = Pair.objects.filter(connection_id=connection_id)
    # A subscriber whose customer is another one now, and pairs of which one side was deleted.
    stale = Q(send_id__among=[pair.send_id for pair in kept.values()]) & ~Q(hub_id__among=list(kept))
    stale |= Q(hub_id__among=[pair.hub_id for pair in gone]) | Q(send_id__among=[pair.send_id for pair in gone])
    mine.filter(stale).delete()
    # Two customers that changed subscribers between them must not meet half-way.
    mine.filter(hub_id__among=list(kept)).update(send_id=None)
    insert(
        Pair,
        COLUMNS,
        (
            (
                one.hub_id,
                one.send_id,
                _text(one.base),
                one.hub_seen,
                one.send_seen,
                list(one.writes),
                one.match,
                one.event_id,
            )
            for one in kept.values()
        ),
        same={"connection_id": connection_id},
        unique=("connection_id", "hub_id"),
        update=COLUMNS[1:],
    )


def forget(connection_id: int) -> None:
    """Another node, account or userdb: who is whom there isn't known, and what waits is about others. The next sync is
    a first one again."""
    control.abandon(connection_id)
    for rows in (Pair, Cursor, Link):
        rows.objects.filter(connection_id=connection_id).delete()


def drop_pairs(connection_id: int) -> None:
    """The connection is removed: who was whom concerns nobody any more."""
    mine = Pair.objects.filter(connection_id=connection_id)
    mine._raw_delete(mine.db)


def _last(pairs: Iterable[PairState]) -> dict[str, PairState]:
    """By customer; of several with one customer or one subscriber the last."""
    by_customer = {pair.hub_id: pair for pair in pairs}
    by_subscriber = {pair.send_id: pair for pair in by_customer.values()}
    return {pair.hub_id: pair for pair in by_subscriber.values()}


def keep_lost(notes: Iterable[tuple[Item, Note]]) -> None:
    """Beside what came in: the values that weren't kept. One query."""
    bodies = (
        (
            item.event_id,
            {**item.payload, "lost": {name: {"side": side, "value": value} for name, (side, value) in lost}},
        )
        for item, note in notes
        if (lost := note.lost.items())
    )
    rows = [(event_id, to_text(body)) for event_id, body in bodies]
    insert(EventPayload, ("event_id", "body"), rows, unique=("event_id",), update=("body",))


def _text(base: Side | None) -> str | None:
    if base is None:
        return None
    return json.dumps({"values": base.values, "subscriptions": base.subscriptions}, ensure_ascii=False)


def _state(pair: Pair) -> PairState:
    base = json.loads(pair.base) if pair.base else None
    return PairState(
        hub_id=pair.hub_id,
        send_id=pair.send_id or 0,
        base=Side(base["values"], base["subscriptions"]) if base else None,
        hub_seen=pair.hub_seen,
        send_seen=pair.send_seen,
        writes=tuple(pair.writes),
        match=pair.match,
        event_id=pair.event_id,
    )
