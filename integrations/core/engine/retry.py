"""Retry: the stored payload goes through today's mapping and behaviour once more. Earlier attempts stay."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.engine import counts
from integrations.core.engine.settle import finish_runs
from integrations.core.engine.wake import wake
from integrations.core.models import Connection, Event, Run
from integrations.core.models.journal import ERASED

CHUNK = 500
FAILED_AGAIN = gettext_noop("The first record failed again, so the other %(number)s were left as they are: %(message)s")


def failed(connection_id: int) -> Any:
    """Those of a connection that can be sent again: none of a removed one, none of an erased person."""
    events = Event.objects.filter(connection_id=connection_id, outcome=Event.Outcome.FAILED).exclude(code=ERASED)
    return events.exclude(connection__state=Connection.State.REMOVED)


def retry(connection_id: int, event_ids: list[int], user: User | None = None) -> Run | None:
    """Send these failed events of one connection again, as one run. None when none of them is failed (any more).

    One goes like a live change; several are bulk work, which lets live changes overtake it and can be paused.
    """
    with transaction.atomic():
        run = Run.objects.create(
            connection_id=connection_id, trigger=Run.Trigger.RETRY, requested_by=user, complete=True
        )
        if not _requeue(run, event_ids, bulk=len(event_ids) > 1):
            run.delete()
            return None
    return run


def retry_all(connection_id: int, event_ids: list[int], user: User | None = None) -> Run | None:
    """The same for many: one first; the others follow when it got through."""
    with transaction.atomic():
        first, rest = event_ids[:1], event_ids[1:]
        run = Run.objects.create(
            connection_id=connection_id,
            trigger=Run.Trigger.RETRY,
            requested_by=user,
            complete=not rest,
            plan={"first": first[0], "rest": rest, "expected": len(event_ids)} if rest else {},
        )
        if not _requeue(run, first):
            run.delete()
            return retry_all(connection_id, rest, user) if rest else None
    return run


def go_on(run_id: int) -> None:
    """After a bulk retry's first record: send the rest, or stop and say why. Called by the sweep and by drains."""
    with transaction.atomic():
        # One that is paused goes on after Resume; one that is being stopped, never.
        going = Run.objects.filter(pk=run_id, complete=False, status=Run.Status.RUNNING)
        run = going.select_for_update().first()
        if run is None or "first" not in run.plan:
            return
        first = Event.objects.filter(pk=run.plan["first"]).first()
        if first is not None and first.settled_at is None:
            return
        message = ""
        if first is not None and first.outcome == Event.Outcome.FAILED:
            message = _(FAILED_AGAIN) % {"number": len(run.plan["rest"]), "message": _(first.message)}
        else:
            _requeue(run, run.plan["rest"], bulk=True)
        plan = {name: value for name, value in run.plan.items() if name == "paused_seconds"}
        Run.objects.filter(pk=run_id).update(complete=True, plan=plan, message=message)
        finish_runs([run_id])


def _requeue(run: Run, event_ids: list[int], *, bulk: bool = False) -> int:
    """Within a transaction: the failure groups lose what is queued again."""
    number = 0
    left: Counter[counts.Key] = Counter()
    for start in range(0, len(event_ids), CHUNK):
        # Locked, so that what two people retry at once leaves its group once.
        chunk = failed(run.connection_id).select_for_update().filter(pk__in=event_ids[start : start + CHUNK])
        found = list(chunk.order_by("pk").values_list("pk", "record_type", "cause"))
        left.update((record_type, cause) for _pk, record_type, cause in found if cause)
        number += Event.objects.filter(pk__among=[pk for pk, *_ in found]).update(
            run=run,
            priority=Event.Priority.BULK if bulk else Event.Priority.LIVE,
            outcome=Event.Outcome.PENDING,
            due_at=timezone.now(),
            settled_at=None,
            # An attempt before it may have got through unanswered: it doesn't start as one never sent.
            attempts=1,
            retried=True,
            code="",
            message="",
            cause=None,
        )
    Run.objects.filter(pk=run.pk).update(read=F("read") + number)
    counts.take_off(run.connection_id, left)
    if number:
        wake(run.connection_id)
    return number
