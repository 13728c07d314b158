"""What an import costs: mails, calls and time, from what an estimate has counted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Self

from integrations.connectors.flexpos.initial_import import Choices
from integrations.connectors.heyloyalty.bulk_import import PAUSES
from integrations.connectors.heyloyalty.looking import MOST_VALUES

# Members in a file, and lines of orders in a file; how many members are looked for by one call.
FILE, LOOKED_FOR = 500, MOST_VALUES
# Seconds a call takes where no limit is set.
UNLIMITED = 0.2


@dataclass(frozen=True)
class Work:
    """What an import has before it: members, lines of orders, and pages of FlexPOS."""

    created: int
    updated: int
    lines: int
    flexpos_pages: int

    @property
    def written(self) -> int:
        return self.created + self.updated


@dataclass(frozen=True)
class Cost:
    """`mails` is the most there can be: which automations a list has, Heyloyalty doesn't tell."""

    mails: int
    flexpos_calls: int
    heyloyalty_calls: int
    seconds: float

    @classmethod
    def of(cls, work: Work, choices: Choices, calls_per_minute: int, calls_per_second: int) -> Self:
        opt_in = work.created if choices.opt_in else 0
        automations = work.written if choices.automations else 0
        members, waits = _upserts(work) if choices.opt_in else _files(work)
        heyloyalty = members + ceil(work.lines / FILE)
        # A token, too.
        flexpos = work.flexpos_pages + 1
        reading = flexpos * (60 / calls_per_minute if calls_per_minute else UNLIMITED)
        sending = heyloyalty * (1 / calls_per_second if calls_per_second else UNLIMITED) + waits
        # Sending begins while FlexPOS is still read.
        return cls(opt_in + automations, flexpos, heyloyalty, max(reading, sending))


def _upserts(work: Work) -> tuple[int, float]:
    """(calls, seconds of waiting): they are looked for, and then a call a member."""
    return work.written + ceil(work.written / LOOKED_FOR), 0.0


def _files(work: Work) -> tuple[int, float]:
    """(calls, seconds of waiting): those of a file are looked for before it is sent, and a moment later again."""
    number = ceil(work.written / FILE)
    return number + 2 * ceil(work.written / LOOKED_FOR), number * PAUSES[0]
