"""Which customer and which subscriber are one person, and how both were when they were last equal."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from integrations.connectors.contactsend.models import Pair
from integrations.connectors.contactsend.reconcile import Side, Where
from integrations.core.engine import control
from integrations.core.engine.rows import insert
from integrations.core.models import Cursor, Link

COLUMNS = ("hub_id", "send_id", "base", "hub_seen", "send_seen", "writes")


@dataclass(frozen=True)
class PairState:
    """A pair as it is kept. `writes` are the times (epoch seconds) of our own last writes."""

    hub_id: str = ""
    send_id: int = 0
    base: Side | None = None
    hub_seen: str = ""
    send_seen: str = ""
    writes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Note:
    """What is to be kept of a delivery: the pair (None: it is no more), and the values that were lost."""

    pair: PairState
    gone: bool = False
    # The source that Contacthub says has written: ours.
    written_by: str = ""
    lost: Mapping[str, tuple[Where, Any]] = field(default_factory=dict)


def pairs_of(connection_id: int, hub_ids: Collection[str], send_ids: Collection[int]) -> list[PairState]:
    """The pairs of these customers and subscribers. One query."""
    wanted = Q(hub_id__among=list(hub_ids)) | Q(send_id__among=list(send_ids))
    return [_state(pair) for pair in Pair.objects.filter(wanted, connection_id=connection_id)]


def hub_seen(connection_id: int, ids: Collection[str]) -> dict[str, str]:
    """By customer: the digest it had when its pair was last equal. One query."""
    found = Pair.objects.filter(connection_id=connection_id, hub_id__among=list(ids))
    return dict(found.values_list("hub_id", "hub_seen"))


def send_seen(connection_id: int, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """By subscriber: the digest it had when its pair was last equal, and the customer of the pair. One query."""
    found = Pair.objects.filter(connection_id=connection_id, send_id__among=list(ids))
    rows = found.values_list("send_id", "send_seen", "hub_id")
    return {send_id: (seen, hub_id) for send_id, seen, hub_id in rows if send_id is not None}


def paired_between(connection_id: int, after: int, upto: int) -> dict[int, str]:
    """The pairs' subscribers with identifiers above `after`, up to `upto`, each with its customer."""
    found = Pair.objects.filter(connection_id=connection_id, send_id__gt=after, send_id__lte=upto)
    return {send_id: hub_id for send_id, hub_id in found.values_list("send_id", "hub_id") if send_id is not None}


def keep(connection_id: int, notes: Iterable[Note]) -> None:
    """Write pairs, in the transaction that settles their events. Three queries, however many there are."""
    notes = list(notes)
    if not notes:
        return
    kept = {note.pair.hub_id: note.pair for note in notes if not note.gone}
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
            (one.hub_id, one.send_id, _text(one.base), one.hub_seen, one.send_seen, list(one.writes))
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
    )
