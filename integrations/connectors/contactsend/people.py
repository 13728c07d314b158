"""Who the items of a drain are about: their pairs, and that two events about one person don't meet at once.

A customer and a subscriber that are new to each other are two keys of the queue, and may be in the hands of two
threads. They take turns, by what they would be found by; whoever comes second knows what the first one did.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from integrations.connectors.contactsend.pairs import Note, PairState, pairs_of
from integrations.connectors.contactsend.reconcile import Where
from integrations.connectors.contactsend.sides import Shape
from integrations.core.connector import Item
from integrations.core.errors import RecordError

NOBODY = PairState()


@dataclass(frozen=True)
class Known:
    """Whom an item is about. `rival`: for who has no pair, that of somebody who is found by the same values."""

    hub_id: str
    send_id: int
    match: str
    pair: PairState = NOBODY
    rival: PairState | None = None

    def with_pair(self, found: PairState | None) -> Known:
        """The same, with a pair of theirs or of somebody who is found by the same values."""
        if found is None:
            return self
        if self.hub_id == found.hub_id or (self.send_id and self.send_id == found.send_id):
            return replace(self, pair=found, rival=None)
        return self if self.pair.hub_id else replace(self, rival=found)


class People:
    """Looked up in the drain's main thread, met in its others."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id
        self._known: dict[int, Known] = {}
        self._guard = threading.Lock()
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        # By match: pairs that were made or changed in this drain.
        self._met: dict[str, PairState] = {}

    def look_up(self, shape: Shape, items: Sequence[Item]) -> None:
        """One query."""
        people = {item.event_id: _person(shape, item.payload) for item in items if "side" in item.payload}
        found = pairs_of(
            self._connection_id,
            [one.hub_id for one in people.values() if one.hub_id],
            [one.send_id for one in people.values() if one.send_id],
            {one.match for one in people.values() if one.match},
        )
        by_hub = {pair.hub_id: pair for pair in found}
        by_send = {pair.send_id: pair for pair in found}
        by_match = {pair.match: pair for pair in found if pair.match}
        for event_id, one in people.items():
            own = by_hub.get(one.hub_id) or by_send.get(one.send_id) or by_match.get(one.match)
            self._known[event_id] = one.with_pair(own)

    def pair(self, item: Item) -> PairState:
        return self._known[item.event_id].pair

    @contextmanager
    def turn(self, item: Item) -> Iterator[Known]:
        """Nobody else meets this person inside the block."""
        known = self._known[item.event_id]
        match = known.match or known.pair.match
        with self._guard:
            turn = self._turns[match or f"event {item.event_id}"]
        with turn:
            yield known.with_pair(self._met.get(match))

    def note(self, note: Note) -> None:
        """What a meeting came to, for whoever comes next. Inside the turn."""
        if note.gone:
            self._met.pop(note.pair.match, None)
        elif note.pair.match:
            self._met[note.pair.match] = note.pair

    def forget(self, event_ids: Collection[int]) -> None:
        for event_id in event_ids:
            self._known.pop(event_id, None)


def _person(shape: Shape, payload: dict[str, Any]) -> Known:
    from_hub = payload["side"] == Where.HUB
    try:
        side = shape.of_hub(payload["customer"]) if from_hub else shape.of_send(payload.get("values", {}))
        match = shape.match(side)
    except RecordError:
        match = ""  # preparing it says why
    if from_hub:
        return Known(str(payload["customer"]["id"]), 0, match)
    return Known("", int(payload["id"]), match)
