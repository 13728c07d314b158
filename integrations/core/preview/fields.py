"""What the rows of a mapping make of a payload, field by field. Pure."""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.connector import Connector
from integrations.core.errors import SyncError
from integrations.core.mapping import MappingRow, is_empty

EXAMPLES = 3
logger = logging.getLogger(__name__)


class State(enum.StrEnum):
    FINE = "fine"
    EMPTY = "empty"
    CONVERTED = "converted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Made:
    """What a row found (`came`) and what it makes of it (`value`); `reason` is a sentence when that is refused."""

    row: MappingRow
    state: State
    came: Any = None
    value: Any = None
    reason: str = ""


def make(connector: Connector, record_type: str, row: MappingRow, payload: dict[str, Any]) -> Made:
    """A Default Value stands in for what didn't come; it may be refused like any other."""
    came = value = None
    try:
        came = connector.source_value(record_type, payload, row)
        missing = is_empty(came)
        raw = row.default if missing else came
        if not is_empty(raw):
            value = connector.convert(record_type, row.target, raw)
    except SyncError as error:
        return Made(row, State.REFUSED, came, reason=error.message)
    except Exception as error:  # noqa: BLE001 – one odd record must not stop the others
        return Made(row, State.REFUSED, came, reason=stumbled(error))
    if missing:
        return Made(row, State.EMPTY, value=value)
    return Made(row, State.FINE if str(value) == str(came) else State.CONVERTED, came, value)


def stumbled(error: Exception) -> str:
    """An error of ours, without its text: that may hold personal data."""
    logger.error("%s in a preview", type(error).__name__)
    return _("The portal stumbled over this record (%(error)s). Tell your operator.") % {"error": type(error).__name__}


@dataclass
class Report:
    """A row over many records: how many of each state, with examples of what was refused and converted."""

    row: MappingRow
    counts: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    refused: list[Made] = field(default_factory=list)
    converted: list[Made] = field(default_factory=list)

    def add(self, made: Made) -> None:
        self.counts[made.state] += 1
        examples = {State.REFUSED: self.refused, State.CONVERTED: self.converted}.get(made.state)
        if examples is not None and len(examples) < EXAMPLES and made.came not in [one.came for one in examples]:
            examples.append(made)


@dataclass(frozen=True)
class Check:
    """Rows over records. `unfit`: how many records have a field that is refused, and so would be refused whole."""

    records: int
    unfit: int
    reports: Sequence[Report]


def check(connector: Connector, record_type: str, payloads: Iterable[dict[str, Any]]) -> Check:
    reports = [Report(row) for row in connector.mapping(record_type) if row.enabled]
    records = unfit = 0
    for payload in payloads:
        records += 1
        states = set()
        for report in reports:
            made = make(connector, record_type, report.row, payload)
            report.add(made)
            states.add(made.state)
        unfit += State.REFUSED in states
    return Check(records, unfit, reports)
