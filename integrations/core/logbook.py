"""What the log pages ask of events, runs and webhook calls. Pure queries: a filter in, ids and counts out."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from integrations.core import keyset
from integrations.core.keyset import Condition, Rows, Stream
from integrations.core.log_filter import JOB_STATUSES, TAB_OUTCOMES, LogFilter, Tab, days
from integrations.core.models import Delivery, Event, Run

PAGE_SIZE = 50
# Tabs count this far: "1,000+".
COUNT_CAP = 1001
RETRY_CAP = 50_000
RETRY_CHUNK = 5_000

EVENTS = Event._meta.db_table
RUNS = Run._meta.db_table
DELIVERIES = Delivery._meta.db_table
RUN_STATUS = f"(SELECT r.status FROM {RUNS} AS r WHERE r.id = w.run_id)"  # noqa: S608 – a constant


def span(log: LogFilter) -> tuple[int, int]:
    """The ids of the filter's period: low ≤ id < high."""
    since, until = days(log, timezone.localdate())
    low = keyset.first_id_since(EVENTS, "created_at", _midnight(since)) if since else 0
    if until is None or until == datetime.date.max:
        return low, keyset.LAST_ID
    return low, keyset.first_id_since(EVENTS, "created_at", _midnight(until + datetime.timedelta(days=1)))


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


# -- search -------------------------------------------------------------------------------------

_REQUEST_ID = re.compile(r"\s*R(\d{1,18})\s*", re.IGNORECASE)
_JOB_ID = re.compile(r"\s*J(\d{1,18})\s*", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s()./-]{5,}")


def labels(search: str) -> list[str]:
    """The spellings under which a person may be stored: lower-cased, and a phone number with and without "+"."""
    text = search.strip().lower()
    found = [text]
    if _PHONE.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        found += [digits, f"+{digits}", f"+{digits.removeprefix('00')}"]
    return list(dict.fromkeys(found))


def _search_streams(search: str) -> tuple[Stream, ...]:
    if match := _REQUEST_ID.fullmatch(search):
        return (Stream((("id", int(match[1])),)),)
    if match := _JOB_ID.fullmatch(search):
        return (run_stream(int(match[1])),)
    keys = dict.fromkeys([search.strip(), search.strip().lower()])
    streams = [Stream((("label", label),)) for label in labels(search)]
    return (*streams, *(Stream((("key", key),)) for key in keys))


def run_stream(run_id: int) -> Stream:
    return Stream((("run_id", run_id),))


# -- events -------------------------------------------------------------------------------------


def event_rows(log: LogFilter, visible: Sequence[int] | None) -> Rows:
    """The events a filter matches among these connections (None: all there are)."""
    low, high = span(log)
    connections = _connections(log.connection, visible)
    if not log.outcomes or connections == []:
        return Rows(EVENTS, ())
    if log.search.strip():
        condition = _condition(log, connections, log.outcomes)
        return Rows(EVENTS, _search_streams(log.search), condition, low, high)
    if log.cause:
        return Rows(EVENTS, (Stream((("cause", log.cause),)),), _condition(log, connections, log.outcomes), low, high)
    # Without a tab the primary key (or a connection's) gives the order; else a stream for each outcome.
    outcomes = log.outcomes if len(log.outcomes) < len(TAB_OUTCOMES[Tab.ALL]) else None
    return Rows(EVENTS, _streams(connections, "outcome", outcomes), _condition(log), low, high)


def tab_counts(log: LogFilter, visible: Sequence[int] | None) -> dict[Tab, tuple[int, bool]]:
    """(number, whether there may be more) for each tab, at most COUNT_CAP."""
    everything = replace(log, tab=Tab.ALL)
    rows = event_rows(everything, visible)
    if rows.streams and not log.search.strip() and not log.cause:
        outcomes = everything.outcomes
        streams = _streams(_connections(log.connection, visible), "outcome", outcomes)
        rows = replace(rows, streams=streams)
    found = keyset.counts(rows, "outcome", COUNT_CAP)
    totals = {}
    for tab, names in TAB_OUTCOMES.items():
        parts = [found[name] for name in names if name in found]
        number = sum(part[0] for part in parts)
        totals[tab] = (min(number, COUNT_CAP), number >= COUNT_CAP or any(part[1] for part in parts))
    return totals


def run_events(run_id: int, outcomes: Sequence[str], visible: Sequence[int] | None, limit: int) -> list[int]:
    """The newest events of a run with one of these outcomes."""
    condition = _condition(LogFilter(), visible, outcomes)
    return keyset.walk(Rows(EVENTS, (run_stream(run_id),), condition), limit).ids


def failed_ids(log: LogFilter, visible: Sequence[int] | None, cap: int | None = None) -> list[int]:
    """The failed events a filter matches, oldest first, RETRY_CAP (or `cap`) at most."""
    rows = event_rows(replace(log, tab=Tab.FAILED), visible)
    return keyset.all_ids(rows, RETRY_CAP if cap is None else cap, RETRY_CHUNK)


def _connections(chosen: int | None, visible: Sequence[int] | None) -> list[int] | None:
    if chosen is None:
        return None if visible is None else list(visible)
    return [chosen] if visible is None or chosen in visible else []


def _streams(connections: Sequence[int] | None, column: str, values: Sequence[str] | None) -> tuple[Stream, ...]:
    """One for each connection and value, as the indexes have them."""
    heads: list[tuple[tuple[str, object], ...]] = [()]
    if connections is not None:
        heads = [(("connection_id", connection),) for connection in connections]
    if values is not None:
        heads = [(*head, (column, value)) for head in heads for value in values]
    return tuple(Stream(head) for head in heads)


def _condition(
    log: LogFilter, connections: Sequence[int] | None = None, outcomes: Sequence[str] | None = None
) -> Condition | None:
    tests: list[tuple[str, Sequence[object]]] = []
    if log.record_type:
        tests.append(("w.record_type", [log.record_type]))
    if log.cause and log.search.strip():
        tests.append(("w.cause", [log.cause]))
    if connections is not None:
        tests.append(("w.connection_id", connections))
    if outcomes is not None and len(outcomes) < len(TAB_OUTCOMES[Tab.ALL]):
        tests.append(("w.outcome", outcomes))
    columns = [name.removeprefix("w.") for name, _ in tests]
    if log.job:
        tests.append((RUN_STATUS, JOB_STATUSES[log.job]))
        columns.append("run_id")
    if not tests:
        return None
    sql = " AND ".join(f"{name} IN ({', '.join(['%s'] * len(values))})" for name, values in tests)
    return Condition(sql, tuple(value for _, values in tests for value in values), tuple(columns))


# -- runs and webhook calls -----------------------------------------------------------------------


def run_rows(connection: int | None, status: str, visible: Sequence[int] | None) -> Rows:
    return _journal_rows(RUNS, connection, status, visible)


def delivery_rows(connection: int | None, status: str, visible: Sequence[int] | None) -> Rows:
    return _journal_rows(DELIVERIES, connection, status, visible)


def _journal_rows(table: str, connection: int | None, status: str, visible: Sequence[int] | None) -> Rows:
    connections = _connections(connection, visible)
    condition = Condition("w.status = %s", (status,), ("status",)) if status else None
    streams = _streams(connections, "", None)
    return Rows(table, streams, condition)
