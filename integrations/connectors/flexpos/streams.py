"""The import that runs every five minutes: what changed since the last one, stream by stream, page by page.

The cursor holds, by stream, up to which instant everything is read (`at`) and, while a window is being read, that
window and the page to go on with: the pages of another window are others.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.client import FlexPOSClient
from integrations.connectors.flexpos.customers import MEMBER, CustomerFilter, Row, customers
from integrations.connectors.flexpos.import_reading import IDENTITIES, fetching
from integrations.connectors.flexpos.initial_import import CUSTOMERS, JOURNALS, TICKETS
from integrations.connectors.flexpos.orders import JOURNAL, TICKET, journals, tickets
from integrations.connectors.flexpos.paging import Reader
from integrations.connectors.flexpos.windows import Window, since, written
from integrations.core.connector import Page, Record
from integrations.core.mapping import digest

GAP = _(
    "The portal has not read FlexPOS since %(since)s (Danish time), and FlexPOS answers for one "
    "year only: changes before %(start)s are missing. Nothing to press here; ask FlexPOS for an "
    "export if they matter."
)
ANONYMOUS, FILTERED = "anonymous", "filtered"
# The job that runs every five minutes.
IMPORT = "import"
# Stream -> the type of its records.
RECORD_TYPES = {CUSTOMERS: MEMBER, JOURNALS: JOURNAL, TICKETS: TICKET}


@dataclass(frozen=True)
class Reading:
    """What a run reads with."""

    client: FlexPOSClient
    filters: CustomerFilter
    match_on: str
    streams: tuple[str, ...]


def collect(reading: Reading, cursor: dict[str, Any], now: datetime.datetime, run_id: int) -> Iterator[Page]:
    """All that is new up to `now`. A stream that was never read starts now: history comes by the initial import.

    The cursor also counts what this run left out: {"left_out": {"run": 7, "anonymous": 12}}.
    """
    if cursor.get("left_out", {}).get("run") != run_id:
        cursor = {**cursor, "left_out": {"run": run_id}}
    for stream in reading.streams:
        if stream not in cursor:
            cursor = {**cursor, stream: {"at": now.isoformat()}}
            yield Page([], cursor)
            continue
        for records, left_out, reached in _read(reading, stream, cursor[stream], now):
            counted = Counter(cursor["left_out"]) + left_out
            cursor = {**cursor, stream: reached, "left_out": dict(counted)}
            yield Page(records, cursor)


def _read(
    reading: Reading, stream: str, state: dict[str, Any], now: datetime.datetime
) -> Iterator[tuple[list[Record], Counter[str], dict[str, Any]]]:
    """Records of a stream with how many rows became none, by reason, and the state that follows them."""
    reader, fetch = Reader(IDENTITIES[stream]), fetching(reading.client, stream, reading.filters)
    at = state["at"]
    for window, left in _windows(state, now):
        if not left and (gap := _gap(stream, at, window)):
            yield [gap], Counter(), {"at": at}
        inside = {"start": window.start.isoformat(), "end": window.end.isoformat()}
        for part in reader.read(lambda page, window=window: fetch(window, page), left):  # type: ignore[misc]
            records, left_out = records_of(stream, part.rows, reading.filters, reading.match_on)
            yield records, left_out, {"at": at, **inside, "left": part.left}
        at = inside["end"]
        yield [], Counter(), {"at": at}


def _windows(state: dict[str, Any], now: datetime.datetime) -> Iterator[tuple[Window, int]]:
    """Each window with the page to go on with, first the one that was begun before a break."""
    at = datetime.datetime.fromisoformat(state["at"])
    if state.get("left"):
        begun = Window(*(datetime.datetime.fromisoformat(state[name]) for name in ("start", "end")))
        yield begun, state["left"]
        at = begun.end
    for window in since(at, now):
        yield window, 0


def _gap(stream: str, at: str, window: Window) -> Record | None:
    """A record that failed, when what FlexPOS still tells begins after what was read last."""
    cursor = datetime.datetime.fromisoformat(at)
    if window.start <= cursor:
        return None
    text = str(GAP % {"since": written(cursor), "start": written(window.start)})
    key = f"gap {written(cursor)}"
    return Record(RECORD_TYPES[stream], key, {}, dedupe_key=digest([stream, key]), problem=text)


def records_of(
    stream: str, rows: list[Row], filters: CustomerFilter, match_on: str
) -> tuple[list[Record], Counter[str]]:
    """Rows of a page as records, each version of a customer once, and how many rows became none, by reason."""
    if stream == CUSTOMERS:
        people = customers(rows, filters, match_on)
        return [_versioned(record) for record in people.records], Counter({FILTERED: people.filtered})
    orders = journals(rows) if stream == JOURNALS else tickets(rows)
    return orders.records, Counter({ANONYMOUS: orders.anonymous})


def _versioned(record: Record) -> Record:
    """Windows overlap: a version that was read before is not queued again."""
    return replace(record, dedupe_key=digest([record.record_type, record.payload]))
