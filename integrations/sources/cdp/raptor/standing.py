"""How pulling goes: who is at it, what keeps it, what went wrong since when."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.core.errors import SyncError, TemporaryError
from integrations.sources.cdp.raptor.models import RaptorCursor, RaptorPull, RaptorSettings

# A worker that hasn't finished by then is taken for dead: longer than a pass may take, with its last call.
SILENCE = datetime.timedelta(minutes=3)
FIRST_PAUSE = datetime.timedelta(minutes=1)
LONGEST_PAUSE = datetime.timedelta(minutes=30)


def claim() -> bool:
    """Whether this worker may make a pass now."""
    now, row = timezone.now(), RaptorPull.load()
    free = Q(worked_until=None) | Q(worked_until__lt=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    mine = RaptorPull.objects.filter(free, due, pk=row.pk, stopped="")
    return bool(mine.update(worked_until=now + SILENCE))


def release() -> None:
    RaptorPull.objects.filter(pk=1).update(worked_until=None)


def went_well() -> None:
    well = {"problem": "", "problem_since": None, "tries": 0, "not_before": None, "succeeded_at": timezone.now()}
    RaptorPull.objects.filter(pk=1).update(**well)


def stop(settings: RaptorSettings, reason: str) -> None:
    """Nothing will work until a setting is corrected: unless it was, in the meantime."""
    with transaction.atomic():
        now = RaptorSettings.objects.select_for_update().only("changed_at").get(pk=1)
        if now.changed_at == settings.changed_at:
            row = RaptorPull.load()
            row.stopped = row.problem = reason
            row.problem_since = row.problem_since or timezone.now()
            row.save(update_fields=["stopped", "problem", "problem_since"])


def put_off(error: SyncError) -> None:
    """It is tried again, later each time."""
    row, now = RaptorPull.load(), timezone.now()
    wait = min(FIRST_PAUSE * 2 ** min(row.tries, 10), LONGEST_PAUSE)
    if isinstance(error, TemporaryError) and error.retry_after:
        wait = max(wait, datetime.timedelta(seconds=error.retry_after))
    row.tries += 1
    row.problem, row.problem_since, row.not_before = error.message, row.problem_since or now, now + wait
    row.save(update_fields=["tries", "problem", "problem_since", "not_before"])


def resume(*, from_the_start: bool = False) -> None:
    """After settings were saved or a test went well. `from_the_start`: sequence numbers are another account's now."""
    RaptorPull.load()
    again = {"stopped": "", "problem": "", "problem_since": None, "tries": 0, "not_before": None}
    RaptorPull.objects.filter(pk=1).update(**again)
    if from_the_start:
        nothing = {"sequence": None, "reading_at": None, "reading_page": "", "reading_after": None}
        RaptorCursor.objects.update(**nothing)
