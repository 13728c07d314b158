"""Writing outcomes: a handful of statements for hundreds of records, fenced by the lease."""

from __future__ import annotations

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.causes import cause_of
from integrations.core.connector import Outcome, Result
from integrations.core.engine import counts
from integrations.core.engine.capture import KEY_LENGTH, storable
from integrations.core.engine.lease import Held
from integrations.core.engine.rows import insert
from integrations.core.http import Call
from integrations.core.models import Attempt, Event, Exchange, Link, Run
from integrations.core.models.journal import COUNTS

# Seconds before the next try, by attempt; then the record fails and waits for Retry.
BACKOFF = (30, 120, 420, 900, 1800, 2700, 3600, 5400, 7200, 10800)
# Full jitter keeps many records from coming back at once; never sooner than this share of the step.
JITTER_FLOOR = 0.5
MESSAGE_LENGTH = 4000
# Attributes of a call that are columns of its Exchange.
CALL_PARTS = (
    "method", "url", "status", "request_body", "response_body", "response_headers", "request_truncated",
    "response_truncated", "error", "duration_ms",
)  # fmt: skip
ATTEMPT_COLUMNS = ("event_id", "run_id", "exchange_id", "row", "outcome", "code", "message", "remote_id")
LINK_KEY = ("record_type", "key")
LINK_COLUMNS = ("remote_id", "fingerprint", "event_id", "source_time")
WRITTEN = (Result.NEW, Result.UPDATED, Result.UNCHANGED)


def settle(
    held: Held,
    version_id: int | None,
    outcomes: Sequence[Outcome],
    *,
    open_runs: Collection[int] = (),
    keep: Callable[[Sequence[Outcome]], None] = lambda outcomes: None,
) -> None:
    """Write what became of a set of events; `open_runs` have others under way and can't have ended. `keep` writes what
    the connector keeps of them.

    Raises LeaseLost, having written nothing, when the lease is gone.
    """
    connection_id = held.connection_id
    outcomes = [_storable(_give_up(outcome)) for outcome in outcomes]
    now = timezone.now()
    with transaction.atomic():
        held.renew()
        exchanges = _store_exchanges(connection_id, outcomes)
        attempts = (_attempt(outcome, exchanges) for outcome in outcomes)
        insert(Attempt, ATTEMPT_COLUMNS, attempts, same={"created_at": now})
        _update_events(outcomes, version_id, now)
        _write_links(connection_id, outcomes, now)
        keep(outcomes)
        counted = _count(outcomes)
        counts.add_failures(connection_id, _failures(outcomes), now)
        counts.count_hour(connection_id, (outcome.result for outcome in outcomes), now)
        finish_runs(counted - set(open_runs))


def _storable(outcome: Outcome) -> Outcome:
    """Words and ids come from vendors: what no column takes must not keep the whole set from being settled."""
    message, remote_id = storable(outcome.message, MESSAGE_LENGTH), storable(outcome.remote_id, KEY_LENGTH)
    if message == outcome.message and remote_id == outcome.remote_id:
        return outcome
    return replace(outcome, message=message, remote_id=remote_id)


def _give_up(outcome: Outcome) -> Outcome:
    """A record that was tried often enough needs a person."""
    if outcome.result != Result.WAITING or outcome.unsent or outcome.item.attempts < len(BACKOFF):
        return outcome
    text = _("Given up after %(attempts)s attempts. The last one: %(message)s Press Retry to try again.")
    message = text % {"attempts": outcome.item.attempts, "message": outcome.message}
    return Outcome(outcome.item, Result.FAILED, message, "gave-up", call=outcome.call, row=outcome.row)


def _store_exchanges(connection_id: int, outcomes: Iterable[Outcome]) -> dict[int, int]:
    """Their calls as rows, whose texts are redacted already; the id of each by the identity of its call."""
    calls: dict[int, Call] = {id(outcome.call): outcome.call for outcome in outcomes if outcome.call is not None}
    rows = map(attrgetter(*CALL_PARTS, "started_at"), calls.values())
    ids = insert(Exchange, (*CALL_PARTS, "created_at"), rows, same={"connection_id": connection_id})
    return dict(zip(calls, ids, strict=True))


def _attempt(outcome: Outcome, exchanges: dict[int, int]) -> tuple[Any, ...]:
    """Values of ATTEMPT_COLUMNS."""
    item = outcome.item
    where = (item.event_id, item.run_id, exchanges.get(id(outcome.call)), outcome.row)
    return *where, _result(outcome), outcome.code, outcome.message, outcome.remote_id


def _result(outcome: Outcome) -> Result:
    """What the log counts: a success after a failure stands under Updated."""
    if outcome.item.retried and outcome.result == Result.NEW:
        return Result.UPDATED
    return outcome.result


def _update_events(outcomes: Iterable[Outcome], version_id: int | None, now: datetime.datetime) -> None:
    """One UPDATE per distinct set of values (ENGINE: bulk_update costs eight times as much)."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for outcome in outcomes:
        recovered = outcome.item.retried and outcome.result in (Result.NEW, Result.UPDATED)
        step = outcome.item.attempts if outcome.result == Result.WAITING else 0
        values = (_result(outcome), outcome.code, outcome.message, recovered, step, outcome.retry_after, outcome.unsent)
        groups[values].append(outcome.item.event_id)
    for (result, code, message, recovered, step, retry_after, unsent), ids in groups.items():
        changes: dict[str, Any] = {"outcome": result, "code": code, "message": message, "recovered": recovered}
        if result == Result.FAILED:
            changes["cause"] = cause_of(code, message).digest
        if result == Result.WAITING:
            wait = datetime.timedelta(seconds=retry_after or 0) if unsent else backoff(step, retry_after)
            changes["due_at"] = now + wait
        else:
            changes |= {"due_at": None, "settled_at": now}
        if unsent:
            changes["attempts"] = F("attempts") - 1
        Event.objects.filter(pk__among=ids).update(version_id=version_id, **changes)


def backoff(attempt: int, retry_after: float | None) -> datetime.timedelta:
    """The wait before the next try: growing, jittered, and never shorter than what the vendor asked for."""
    step = BACKOFF[min(attempt, len(BACKOFF)) - 1]
    seconds = step * random.uniform(JITTER_FLOOR, 1)  # noqa: S311
    return datetime.timedelta(seconds=max(seconds, retry_after or 0))


def _write_links(connection_id: int, outcomes: Iterable[Outcome], now: datetime.datetime) -> None:
    written = [outcome for outcome in outcomes if outcome.result in WRITTEN and outcome.remote_id]
    insert(
        Link,
        (*LINK_KEY, *LINK_COLUMNS),
        ((outcome.item.record_type, outcome.item.key, *_link(outcome)) for outcome in written),
        same={"connection_id": connection_id, "updated_at": now},
        unique=("connection_id", *LINK_KEY),
        update=(*LINK_COLUMNS, "updated_at"),
    )


def _link(outcome: Outcome) -> tuple[Any, ...]:
    """Values of LINK_COLUMNS."""
    item = outcome.item
    return outcome.remote_id, item.fingerprint, item.event_id, item.source_time


def _count(outcomes: Iterable[Outcome]) -> set[int]:
    """Add to the books of their runs, and say which those are."""
    books: dict[int, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        if (result := _result(outcome)) in COUNTS:
            books[outcome.item.run_id][result] += 1
    for run_id, counter in books.items():
        Run.objects.filter(pk=run_id).update(**{name: F(name) + number for name, number in counter.items()})
    return set(books)


def _failures(outcomes: Iterable[Outcome]) -> Iterable[counts.Failure]:
    for outcome in outcomes:
        if outcome.result == Result.FAILED:
            cause = cause_of(outcome.code, outcome.message)
            yield counts.Failure(outcome.item.event_id, outcome.item.record_type, cause)


def finish_runs(run_ids: Collection[int]) -> None:
    """End the runs among these that have read everything and settled what they read."""
    if not run_ids:
        return
    balanced = Q(read=F("new") + F("updated") + F("unchanged") + F("skipped") + F("failed"))
    Run.objects.filter(balanced, pk__among=run_ids, complete=True, status=Run.Status.RUNNING).update(
        status=Case(When(failed=0, then=Value(Run.Status.SUCCESS)), default=Value(Run.Status.FAILURE)),
        finished_at=timezone.now(),
    )
