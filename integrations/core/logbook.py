"""What the log pages ask of events, runs and webhook calls. Pure queries: a filter in, ids and counts out."""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.core import keyset
from integrations.core.keyset import Condition, Rows, Stream
from integrations.core.models import Delivery, Event, Run

PAGE_SIZE = 50
# Tabs count this far: "1,000+".
COUNT_CAP = 1001
RETRY_CAP = 50_000
RETRY_CHUNK = 5_000

Outcome = Event.Outcome
EVENTS = Event._meta.db_table
RUNS = Run._meta.db_table
DELIVERIES = Delivery._meta.db_table
RUN_STATUS = f"(SELECT r.status FROM {RUNS} AS r WHERE r.id = w.run_id)"  # noqa: S608 – a constant


class Tab(enum.StrEnum):
    ALL = "all"
    NEW = "new"
    UPDATED = "updated"
    FAILED = "failed"
    SKIPPED = "skipped"
    WAITING = "waiting"


TAB_OUTCOMES: dict[Tab, tuple[str, ...]] = {
    Tab.ALL: tuple(Outcome.values),
    Tab.NEW: (Outcome.NEW,),
    Tab.UPDATED: (Outcome.UPDATED,),
    Tab.FAILED: (Outcome.FAILED,),
    Tab.SKIPPED: (Outcome.SKIPPED, Outcome.UNCHANGED),
    Tab.WAITING: (Outcome.PENDING, Outcome.WAITING),
}


class Period(models.TextChoices):
    ANY = "", _("Any date")
    TODAY = "today", _("Today")
    LAST_7_DAYS = "7days", _("Last 7 Days")
    THIS_MONTH = "month", _("This Month")
    LAST_MONTH = "lastmonth", _("Last Month")
    CUSTOM = "custom", _("Custom range")


class Sync(models.TextChoices):
    """Sync Status: how the event itself ended."""

    ALL = "", _("All")
    SUCCESS = "success", _("Success")
    ERROR = "error", _("Error")


class Job(models.TextChoices):
    """Job Status: how the event's sync job ended."""

    ALL = "", _("All")
    SUCCESS = "success", _("Success")
    FAILURE = "failure", _("Failure")


SYNC_OUTCOMES: dict[str, tuple[str, ...]] = {
    Sync.SUCCESS: (Outcome.NEW, Outcome.UPDATED, Outcome.UNCHANGED),
    Sync.ERROR: (Outcome.FAILED,),
}
JOB_STATUSES: dict[str, tuple[str, ...]] = {
    Job.SUCCESS: (Run.Status.SUCCESS,),
    Job.FAILURE: (Run.Status.FAILURE, Run.Status.UNBALANCED, Run.Status.STOPPED),
}


@dataclass(frozen=True)
class LogFilter:
    """What somebody asked the event log for. Dates are days in the current time zone, both included."""

    tab: Tab = Tab.ALL
    period: str = Period.ANY
    since: datetime.date | None = None
    until: datetime.date | None = None
    job: str = Job.ALL
    sync: str = Sync.ALL
    connection: int | None = None
    record_type: str = ""
    search: str = ""
    # The digest of what failed events failed of.
    cause: str = ""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Those that both the tab and Sync Status allow."""
        allowed = SYNC_OUTCOMES.get(self.sync)
        return tuple(outcome for outcome in TAB_OUTCOMES[self.tab] if allowed is None or outcome in allowed)

    @property
    def is_narrowed(self) -> bool:
        return replace(self, tab=Tab.ALL, connection=None) != LogFilter()


def days(log: LogFilter, today: datetime.date) -> tuple[datetime.date | None, datetime.date | None]:
    """First and last day of the filter's period."""
    first = today.replace(day=1)
    match log.period:
        case Period.TODAY:
            return today, None
        case Period.LAST_7_DAYS:
            return today - datetime.timedelta(days=6), None
        case Period.THIS_MONTH:
            return first, None
        case Period.LAST_MONTH:
            last = first - datetime.timedelta(days=1)
            return last.replace(day=1), last
        case Period.CUSTOM:
            return log.since, log.until
    return None, None


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
    outcomes = log.outcomes if len(log.outcomes) < len(Outcome.values) else None
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
    if outcomes is not None and len(outcomes) < len(Outcome.values):
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
