"""One record on trial: its way through mapping, look-up and sync behaviour up to the call that would write something.

It is the connector's own `deliver` that is asked, in a block in which nothing but look-ups leaves the machine: what a
preview says is what would happen.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.connector import Connector, Item, Outcome, Record, Result, Standing
from integrations.core.engine import queue, send
from integrations.core.errors import SyncError
from integrations.core.http.ratelimit import in_lane
from integrations.core.http.reading import WouldWrite, reading_only
from integrations.core.mapping import MappingRow, is_empty
from integrations.core.preview.fields import Made, State, make

# Seconds a preview waits for the vendor's rate limit.
PATIENCE = 10.0
# Newer than every event: what is shown is the record as if it came now.
NOW = 2**62


class Fate(enum.StrEnum):
    """What would become of a record. SEND: written, and nobody can tell whether it is new there."""

    CREATE = "create"
    UPDATE = "update"
    SEND = "send"
    UNCHANGED = "unchanged"
    SKIP = "skip"
    REFUSE = "refuse"
    WAIT = "wait"


FATES = {
    Result.UNCHANGED: Fate.UNCHANGED,
    Result.SKIPPED: Fate.SKIP,
    Result.FAILED: Fate.REFUSE,
    Result.WAITING: Fate.WAIT,
    Result.PENDING: Fate.WAIT,
}


@dataclass(frozen=True)
class Cell:
    """A target field. `source` is "" for what doesn't come from a row; `reason` says why the value is refused."""

    target: str
    source: str
    came: Any = None
    sent: Any = None
    there: Any = None
    changed: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Trial:
    """`message` is the reason of a fate that isn't a write; `blind`, why what is there now isn't known."""

    fate: Fate
    cells: list[Cell]
    message: str = ""
    by: str = ""
    calls: int = 0
    blind: str = ""
    # Whether anybody looked what is there: what is refused or skipped before isn't looked up.
    looked: bool = False
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        return sum(cell.changed for cell in self.cells)

    @property
    def sends(self) -> int:
        return sum(not is_empty(cell.sent) for cell in self.cells)


def try_out(connector: Connector, record: Record, *, hindrance: str = "") -> Trial:
    """`hindrance`: why the vendor can't be asked at all (keys are missing); what came and would be sent is told."""
    item = Item(
        NOW, 0, record.record_type, record.key, record.payload, attempts=1, urgent=True, source_time=None,
        retried=False, link=None,
    )  # fmt: skip
    connector.load()
    queue.attach_links(connector, [item])
    connector.refresh([item])
    with reading_only(), in_lane(urgent=True, deadline=time.monotonic() + PATIENCE):
        settled = send.prepare(connector, [item])[1]
        standing, problem = _standing(connector, item, hindrance) if _is_mapped(settled) else (None, None)
        outcome = next(iter(settled), None) or problem or _delivered(connector, item)
    return _trial(connector, item, outcome, standing, problem)


def _is_mapped(settled: list[Outcome]) -> bool:
    return all(outcome.result == Result.UNCHANGED for outcome in settled)


def _standing(connector: Connector, item: Item, hindrance: str) -> tuple[Standing | None, Outcome | None]:
    """How it stands there; else what becomes of a record that nobody can look up."""
    if hindrance:
        return None, Outcome(item, Result.WAITING, hindrance)
    try:
        return connector.standing(item), None
    except SyncError as error:
        return None, send.from_error(item, error)


def _delivered(connector: Connector, item: Item) -> Outcome | None:
    """The outcome of a record that nothing is written for; None for the others."""
    try:
        return send.send(connector, item.record_type, [item])[0]
    except WouldWrite:
        return None


def _trial(
    connector: Connector, item: Item, outcome: Outcome | None, standing: Standing | None, problem: Outcome | None
) -> Trial:
    # What is noted here only (NEW, UPDATED without a call) sends nothing either.
    fate = FATES.get(outcome.result, Fate.UNCHANGED) if outcome else _written(standing)
    blind = standing.blind if standing else _reason(problem) if problem else ""
    writes = fate in (Fate.CREATE, Fate.UPDATE, Fate.SEND)
    return Trial(
        fate=fate,
        cells=_cells(connector, item, standing),
        message=_reason(outcome) if outcome else "",
        by=standing.by if standing else "",
        calls=standing.calls if standing and writes else int(writes),
        blind=blind,
        looked=standing is not None and not standing.blind,
        payload=item.payload,
    )


def _reason(outcome: Outcome) -> str:
    """What waits for the rate limit has no reason of its own."""
    return outcome.message or _("As many calls as the vendor allows were made just now. Try again in a moment.")


def _written(standing: Standing | None) -> Fate:
    if standing is None or standing.blind:
        return Fate.SEND
    return Fate.CREATE if standing.there is None else Fate.UPDATE


def _cells(connector: Connector, item: Item, standing: Standing | None) -> list[Cell]:
    """The mapping's rows in their order, then what else would be sent."""
    made = {
        row.target: make(connector, item.record_type, row, item.payload)
        for row in connector.mapping(item.record_type)
        if row.enabled
    }
    sent = standing.sent if standing else None
    others = [name for name in sent or {} if name not in made]
    rows = [*made.values(), *(Made(MappingRow("", name), State.FINE) for name in others)]
    return [_cell(one, sent, standing) for one in rows]


def _cell(made: Made, sent: Mapping[str, Any] | None, standing: Standing | None) -> Cell:
    """What would be sent as the connector says; by the row alone where it can't."""
    target = made.row.target
    value = made.value if sent is None else sent.get(target)
    there = standing.there.get(target) if standing and standing.there else None
    changed = standing is not None and not standing.blind and _is_changed(standing, target, value, there)
    return Cell(target, made.row.source, made.came, value, there, changed, made.reason)


def _is_changed(standing: Standing, target: str, value: Any, there: Any) -> bool:
    if target not in standing.sent:
        return False
    if standing.there is not None and standing.changed is not None:
        return target in standing.changed
    return not is_empty(value) and (is_empty(there) or str(value) != str(there))
