"""Members by Heyloyalty's bulk import: the files, and what became of each member, told by looking again.

Heyloyalty works an import off when it likes to and reports by mail only. So after some looks whoever isn't there yet
waits for another try, which begins with a look, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.heyloyalty.awaited import GONE, IMPORTING, Awaited, Note
from integrations.connectors.heyloyalty.bulk import ImportSettings, Seen, files
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.connectors.heyloyalty.list_connector import ListConnector
from integrations.connectors.heyloyalty.looking import MOST_VALUES, Here, look
from integrations.connectors.heyloyalty.plans import Act, Plan
from integrations.connectors.heyloyalty.taking_back import is_back, take_back
from integrations.connectors.heyloyalty.values import changes
from integrations.core.connector import Item, Outcome, Result
from integrations.core.errors import TemporaryError
from integrations.core.http import Call

# Seconds before each look at what an import has done.
PAUSES = (0.3, 0.7, 2.0, 4.0)
LATER_SECONDS = 30
# Tries by import; after them a member is sent alone, which tells why Heyloyalty doesn't take it.
IMPORT_TRIES = 2
NOT_THERE_YET = _(
    "Heyloyalty has an import with this member and hasn't worked it off yet; the portal looks again soon."
)


def fits_import(one: Plan) -> bool:
    """Somebody whose address changed, or who is to be there twice, an import would take for somebody else."""
    return tries_left(one.item) and one.act != Act.PATCH and not (one.act == Act.ANEW and one.seen)


def tries_left(item: Item) -> bool:
    """A retry begins with the second try."""
    return item.attempts <= IMPORT_TRIES + item.retried


def bulk_import(
    connector: ListConnector, plans: Sequence[Plan], settings: ImportSettings, alone: list[Plan]
) -> Iterator[Outcome]:
    """Import, and tell what became of each. `alone` gets those that an import which seems over did not take."""
    calls = _send_files(connector, plans, settings)
    waiting, looks, over = list(plans), Looks(len(plans)), False
    for seconds in PAUSES:
        connector.pause.wait(seconds)
        here = _look(connector, waiting, looks, thoroughly=seconds == PAUSES[-1])
        arrived = _arrived(connector, waiting, here or {})
        for one in arrived:
            now = (here or {})[one.key]
            if one.watched and is_back(connector, looks.awaited(one), now, looks.shown):
                yield take_back(connector, one.item, now.member_id, calls[one.key])
                continue
            result = Result.UPDATED if one.act == Act.UPDATE else Result.NEW
            yield Outcome(one.item, result, remote_id=now.member_id, call=calls[one.key])
        waiting = [one for one in waiting if one not in arrived]
        if not waiting:
            return
        over = here is not None and not arrived and len(waiting) < len(plans)
    for one in waiting:
        was = looks.awaited(one)
        if over and not was.gone:
            alone.append(one)
            continue
        note = Note(was.member_id, GONE if was.gone else IMPORTING) if one.watched else None
        yield later(one.item, NOT_THERE_YET, calls[one.key], note)


@dataclass
class Looks:
    """What looks since an import of `size` persons have shown: how many members one did at most, and whom one did
    not any more, by key."""

    size: int
    shown: int = 0
    missed: set[str] = field(default_factory=set)

    def add(self, asked: Iterable[Plan], here: Here) -> None:
        self.shown = max(self.shown, len(here))
        self.missed.update(one.key for one in asked if one.seen and one.key not in here)

    def awaited(self, one: Plan) -> Awaited:
        """Where a look for several showed one at most, it may be that Heyloyalty shows one only."""
        if one.seen is None:
            return Awaited()
        return Awaited(one.seen.member_id, one.key in self.missed and (self.shown > 1 or self.size == 1))


def later(item: Item, message: Any, call: Call | None, note: Note | None) -> Outcome:
    """An import has this person: they are looked for again soon."""
    return Outcome(item, Result.WAITING, str(message), "importing", call=call, retry_after=LATER_SECONDS, note=note)


def _send_files(connector: ListConnector, plans: Sequence[Plan], settings: ImportSettings) -> dict[str, Call]:
    """The call each person travelled by. An empty cell empties a field, so a file has members of the same fields."""
    member_list = connector.member_list
    groups: dict[frozenset[str], list[Plan]] = {}
    for one in plans:
        groups.setdefault(frozenset(one.row), []).append(one)
    calls: dict[str, Call] = {}
    for group in groups.values():
        for file in files(member_list, [one.row for one in group], settings):
            call = connector.heyloyalty.import_members(member_list.id, file.csv, file.parameters)
            calls |= {one.key: call for one in group}
    return calls


def _look(connector: ListConnector, waiting: Sequence[Plan], looks: Looks, *, thoroughly: bool) -> Here | None:
    """A file is worked off from its top: before its end has arrived, the others are not worth their calls, unless
    `thoroughly`. None when Heyloyalty can't be asked now: what was sent must not count as unsent."""
    end, others = waiting[-MOST_VALUES:], waiting[:-MOST_VALUES]
    try:
        here = _ask(connector, end)
        looks.add(end, here)
        if others and (thoroughly or _arrived(connector, end, here)):
            found = _ask(connector, others)
            looks.add(others, found)
            here |= found
    except TemporaryError:
        return None
    return here


def _ask(connector: ListConnector, plans: Sequence[Plan]) -> dict[str, Seen]:
    keys = (one.key for one in plans)
    return look(connector.heyloyalty, connector.member_list, connector.match_on, keys)


def _arrived(connector: ListConnector, waiting: Sequence[Plan], here: Here) -> set[Plan]:
    return {one for one in waiting if _is_there(connector.member_list, one, here)}


def _is_there(member_list: MemberList, one: Plan, here: Here) -> bool:
    """Of somebody who was there any change counts: what Heyloyalty makes of a value may look different."""
    now = here.get(one.key)
    if now is None or one.seen is None:
        return now is not None
    moved = any(now.values.get(name) != one.seen.values.get(name) for name in one.row)
    return moved or not changes(member_list, one.row, now.values)
