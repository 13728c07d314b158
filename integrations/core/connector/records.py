"""A record on its way: as it arrives, as it is taken to be delivered, and what became of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from integrations.core.mapping import Mapped
from integrations.core.models import Link
from integrations.core.models.journal import EventOutcome

if TYPE_CHECKING:
    from integrations.core.http import Call

Result = EventOutcome


@dataclass(frozen=True)
class Record:
    """A record that arrived. `key` identifies it at its source; `problem` makes it a failed event at once.

    `dedupe_key` (64 characters at most): records with the same one take effect once per connection.
    """

    record_type: str
    key: str
    payload: dict[str, Any]
    label: str = ""
    source_time: datetime.datetime | None = None
    dedupe_key: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class Received:
    """What a delivery held. `ignored` says what was not understood and therefore left out."""

    records: list[Record]
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """One page of a pull: its records and the cursor that follows them. They are committed together."""

    records: Sequence[Record]
    cursor: dict[str, Any]


@dataclass(eq=False)
class Item:
    """A taken event, ready to deliver. `mapped` is set before a connector sees it."""

    event_id: int
    run_id: int
    record_type: str
    key: str
    payload: dict[str, Any]
    attempts: int
    urgent: bool
    source_time: datetime.datetime | None
    retried: bool
    link: Link | None
    parent: Link | None = None
    mapped: Mapped = field(default_factory=Mapped)

    @property
    def values(self) -> dict[str, Any]:
        return self.mapped.values

    @cached_property
    def fingerprint(self) -> str:
        return self.mapped.fingerprint()

    @property
    def maybe_applied(self) -> bool:
        """An earlier attempt may have reached the vendor without our knowing."""
        return self.attempts > 1


@dataclass(frozen=True)
class Outcome:
    """What became of one item. `call` and `row` (0-based) say where in which request it travelled."""

    item: Item
    result: Result
    message: str = ""
    code: str = ""
    remote_id: str = ""
    call: Call | None = None
    row: int | None = None
    retry_after: float | None = None
    # Nothing was sent: the attempt doesn't count.
    unsent: bool = False
    # What the connector wants to keep of it (Connector.keep); core doesn't look into it.
    note: Any = None
