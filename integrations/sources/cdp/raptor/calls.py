"""Calls that were pushed: stored, applied by whichever worker is free, and forgotten.

The rows are the queue; django-q2 wakes workers and carries nothing.
"""

from __future__ import annotations

import datetime
import logging
import time

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from integrations.sources.cdp.raptor.applying import Applied, Result, apply, number_of
from integrations.sources.cdp.raptor.models import CallStatus, RaptorCall
from integrations.sources.cdp.raptor.reading import Batch, batch_of

logger = logging.getLogger(__name__)

APPLY = "integrations.sources.cdp.raptor.tasks.apply_calls"
# Seconds a task works before it hands on to the next.
BUDGET = 45.0
# A worker that hasn't finished a call by then is taken for dead.
SILENCE = datetime.timedelta(minutes=3)
# A call that can't be applied keeps its body, and a person presses Apply again.
MOST_ATTEMPTS = 5
FAILED = _("It could not be applied (%(kind)s), %(attempts)s times. Nothing of it is lost: press Apply again.")
CHUNK = 1000
DONE = (CallStatus.APPLIED, CallStatus.PARTLY, CallStatus.REFUSED)


def store(batch: Batch, body: bytes) -> RaptorCall | None:
    """The stored call; None when this batch came before. Raises DatabaseError."""
    known = RaptorCall.objects.filter(activation_id=batch.activation_id, batch_id=batch.batch_id)
    if known.update(repeats=F("repeats") + 1):
        return None
    try:
        with transaction.atomic():
            call = RaptorCall.objects.create(
                activation_id=batch.activation_id,
                batch_id=batch.batch_id,
                sequence=batch.sequence,
                changes=len(batch.changes),
                body=body,
            )
    except IntegrityError:
        known.update(repeats=F("repeats") + 1)
        return None
    transaction.on_commit(lambda: wake(call), robust=True)
    return call


def refuse(message: str) -> None:
    """Write down that a call came that wasn't taken, without its body: nobody knows who sent it."""
    RaptorCall.objects.create(status=CallStatus.REFUSED, message=message)


def wake(call: RaptorCall) -> None:
    """Ask for a worker, unless one is on its way for an earlier call: it goes on until none is left."""
    lately = timezone.now() - datetime.timedelta(minutes=1)
    earlier = RaptorCall.objects.filter(pk__lt=call.pk, status=CallStatus.RECEIVED, received_at__gte=lately)
    if earlier.exists():
        return
    try:
        async_task(APPLY)
    except Exception:  # noqa: BLE001 – whatever the broker raises: the minute finds the call
        logger.warning("No worker could be woken for a push of Raptor")


def apply_waiting() -> None:
    """Apply what was received, oldest first, for a bounded time."""
    deadline = time.monotonic() + BUDGET
    while (call := _claimed()) is not None:
        _apply(call)
        if time.monotonic() > deadline:
            async_task(APPLY)
            return


def again(call: RaptorCall) -> bool:
    """Let a failed call be applied once more."""
    waiting = {"status": CallStatus.RECEIVED, "message": "", "attempts": 0, "claimed_until": None}
    changed = RaptorCall.objects.filter(pk=call.pk, status=CallStatus.FAILED).update(**waiting)
    if changed:
        transaction.on_commit(lambda: wake(call), robust=True)
    return bool(changed)


def forget(now: datetime.datetime | None = None) -> None:
    """Nightly: bodies older than RETENTION_DAYS go. The calls, and so that a batch came, stay; what isn't applied yet
    keeps its body."""
    limit = (now or timezone.now()) - datetime.timedelta(days=settings.RETENTION_DAYS)
    old = RaptorCall.objects.filter(received_at__lt=limit, status__in=DONE, body__isnull=False).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:CHUNK]):
        RaptorCall.objects.filter(pk__in=ids).update(body=None)


def _claimed() -> RaptorCall | None:
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    waiting = RaptorCall.objects.filter(free, status=CallStatus.RECEIVED).order_by("pk")
    while (call := waiting.first()) is not None:
        # Attempts are counted before the work: one that kills its worker is one, too.
        if waiting.filter(pk=call.pk).update(claimed_until=now + SILENCE, attempts=F("attempts") + 1):
            call.attempts += 1
            return call
    return None


def _apply(call: RaptorCall) -> None:
    try:
        results = apply(batch_of(call.body or b"").changes)
    except Exception as error:  # noqa: BLE001 – its text may hold personal data; the call is kept
        _failed(call, error)
    else:
        _done(call, results)


def _done(call: RaptorCall, results: list[Result]) -> None:
    refused = number_of(results, Applied.REFUSED)
    RaptorCall.objects.filter(pk=call.pk).update(
        status=CallStatus.PARTLY if refused else CallStatus.APPLIED,
        results=[list(result) for result in results],
        refused=refused,
        message="",
    )


def _failed(call: RaptorCall, error: Exception) -> None:
    """The minute tries it again; after a few times a person decides."""
    kind = type(error).__name__
    logger.error("%s while push %s of Raptor was applied", kind, call.pk)
    if call.attempts >= MOST_ATTEMPTS:
        message = FAILED % {"kind": kind, "attempts": call.attempts}
        RaptorCall.objects.filter(pk=call.pk).update(status=CallStatus.FAILED, message=message)
