"""Pause, resume and stop of long work: said by a person, obeyed by the drain within a second.

A pause keeps a run's bulk events where they are; those that a live change pulled into its own lane still go. A stop
settles what was not sent as skipped.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from integrations.core.causes import cause_of
from integrations.core.connector import SKIP_REASONS, Skip
from integrations.core.engine import collect, counts, retry
from integrations.core.engine.lease import Held
from integrations.core.engine.settle import finish_runs
from integrations.core.engine.wake import wake
from integrations.core.models import Event, Run
from integrations.core.models.journal import OPEN

CHUNK = 1000
# These can be paused and stopped; other work is over in a moment.
LONG = (Run.Trigger.IMPORT, Run.Trigger.EXPORT, Run.Trigger.RETRY)
RETRY_STOPPED = gettext_noop("Its Retry was stopped before it was sent. Press Retry to send it.")


def pause(run: Run) -> bool:
    """False when it is not running (any more)."""
    run.refresh_from_db(fields=["plan"])
    return _turn(run, Run.Status.RUNNING, Run.Status.PAUSED, {"paused_at": timezone.now().timestamp()})


def resume(run: Run) -> bool:
    """False when it is not paused (any more)."""
    run.refresh_from_db(fields=["plan"])
    since = run.plan.pop("paused_at", timezone.now().timestamp())
    paused = run.plan.pop("paused_seconds", 0.0) + timezone.now().timestamp() - since
    resumed = _turn(run, Run.Status.PAUSED, Run.Status.RUNNING, {"paused_seconds": paused})
    if resumed:
        finish_runs([run.pk])
        wake(run.connection_id)
        if run.trigger == Run.Trigger.RETRY:
            retry.go_on(run.pk)
        elif not run.complete:
            collect.ask(run.pk)
    return resumed


def stop(run: Run) -> bool:
    """What it has not sent yet will not be sent. False when it is over already."""
    stopped = any(_turn(run, status, Run.Status.STOPPING, {}) for status in (Run.Status.RUNNING, Run.Status.PAUSED))
    if stopped:
        wake(run.connection_id)
    return stopped


def _turn(run: Run, before: str, after: str, plan: dict[str, Any]) -> bool:
    """One of two people who press at once is told that it was done already."""
    turned = Run.objects.filter(pk=run.pk, status=before, trigger__in=LONG).update(
        status=after, plan={**run.plan, **plan}
    )
    if turned:
        run.status, run.plan = after, {**run.plan, **plan}
    return bool(turned)


def halted(connection_id: int) -> frozenset[int]:
    """The runs of a connection that are paused or being stopped."""
    runs = Run.objects.filter(connection_id=connection_id, status__in=(Run.Status.PAUSED, Run.Status.STOPPING))
    return frozenset(runs.values_list("pk", flat=True))


def end_stopped(held: Held, in_hand: Collection[int] = (), *, removed: bool = False) -> None:
    """Settle what the stopping runs of a connection (of a removed one: all its runs) have not sent, except what is
    under way. Raises LeaseLost."""
    stopping = Run.objects.filter(connection_id=held.connection_id, status=Run.Status.STOPPING)
    runs, why = set(stopping.values_list("pk", flat=True)), Skip.STOPPED
    if removed:
        # Also of runs that failed before all of their events were sent.
        waiting = Event.objects.filter(connection_id=held.connection_id, due_at__isnull=False)
        runs, why = runs | set(waiting.values_list("run_id", flat=True).distinct()), Skip.REMOVED
    for run_id in sorted(runs):
        waiting = Event.objects.filter(run_id=run_id, settled_at__isnull=True).exclude(pk__among=in_hand)
        while ids := list(waiting.values_list("pk", flat=True)[:CHUNK]):
            with transaction.atomic():
                held.renew()
                failed, skipped = _fail_again(held.connection_id, ids), _skip(ids, why)
                Run.objects.filter(pk=run_id).update(skipped=F("skipped") + skipped, failed=F("failed") + failed)
        if not Event.objects.filter(run_id=run_id, settled_at__isnull=True).exists():
            Run.objects.filter(pk=run_id, status=Run.Status.STOPPING).update(
                status=Run.Status.STOPPED, complete=True, finished_at=timezone.now()
            )


def _fail_again(connection_id: int, event_ids: list[int]) -> int:
    """What was to be retried is as failed as before: it must not drop out of what can be retried."""
    retried = Event.objects.filter(pk__among=event_ids, retried=True, settled_at__isnull=True)
    cause, now = cause_of(Skip.STOPPED, RETRY_STOPPED), timezone.now()
    found = list(retried.select_for_update().order_by("pk").values_list("pk", "record_type"))
    number = retried.update(
        outcome=Event.Outcome.FAILED,
        code=Skip.STOPPED,
        message=RETRY_STOPPED,
        cause=cause.digest,
        due_at=None,
        settled_at=now,
    )
    counts.add_failures(connection_id, [counts.Failure(pk, record_type, cause) for pk, record_type in found], now)
    return number


def _skip(event_ids: list[int], why: Skip) -> int:
    return Event.objects.filter(pk__among=event_ids, settled_at__isnull=True).update(
        outcome=Event.Outcome.SKIPPED,
        code=why,
        message=SKIP_REASONS[why],
        due_at=None,
        settled_at=timezone.now(),
    )


def abandon(connection_id: int) -> None:
    """Settle all that waits as skipped: it is about records that aren't this connection's any more. Only while nobody
    is at work on it."""
    for run in Run.objects.filter(connection_id=connection_id, status__in=OPEN):
        waiting = Event.objects.filter(run_id=run.pk, settled_at__isnull=True)
        number = 0
        while ids := list(waiting.values_list("pk", flat=True)[:CHUNK]):
            number += _skip(ids, Skip.STOPPED)
        Run.objects.filter(pk=run.pk).update(
            skipped=F("skipped") + number, status=Run.Status.STOPPED, complete=True, finished_at=timezone.now()
        )


def worked_seconds(run: Run, now: datetime.datetime) -> float:
    """Since its start, without the time it was paused."""
    end = run.finished_at or now
    if "paused_at" in run.plan and run.status == Run.Status.PAUSED:
        end = min(end, datetime.datetime.fromtimestamp(run.plan["paused_at"], datetime.UTC))
    paused: float = run.plan.get("paused_seconds", 0.0)
    return max(0.0, (end - run.started_at).total_seconds() - paused)
