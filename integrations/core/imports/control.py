"""From upload to the end of a CSV import: who may turn it which way, and that its file goes when it is over."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from integrations.core.batch import Outcome
from integrations.core.models import Import, ImportFile
from integrations.core.models.engine import EPOCH
from integrations.core.models.imports import AT_WORK, OPEN

State = Import.State
# So long a file waits for somebody to press Import.
HOURS = 6
CHANGED = (Outcome.CREATED, Outcome.UPDATED)
# Whoever held it before can't write any more, and the next worker may begin.
FREE = {"token": F("token") + 1, "until": EPOCH, "tries": 0}

EXPIRED = gettext_noop("Nobody pressed Import within 6 hours, so the file was deleted. Upload it again.")
PAUSED_FOR_LONG = gettext_noop(
    "It was paused for so long that its file was deleted. What was imported stays; to go on, upload the file again."
)
ERASED = gettext_noop(
    "A person was erased meanwhile; every file that the portal held then was deleted, as it might have brought them "
    "back. Take the person out of your file, then upload it again."
)


def upload(user: Any, source: str, kind: str, raw: bytes, rows: int) -> Import:
    """Keep a file that can be taken, and have it checked."""
    with transaction.atomic():
        made = Import.objects.create(
            source=source,
            kind=kind,
            uploaded_by=user,
            rows=rows,
            language=translation.get_language() or settings.LANGUAGE_CODE,
            time_zone=timezone.get_current_timezone_name(),
        )
        ImportFile.objects.create(imported=made, body=raw)
        _ask(made.pk)
    return made


def start(one: Import, user: Any, *, all_or_nothing: bool) -> bool:
    """Import what was checked, in this user's name. False: it isn't waiting (any more)."""
    begun = {"started_by": user, "started_at": timezone.now(), "all_or_nothing": all_or_nothing}
    fresh = {"done": 0, "counts": {}, "problems": [], "worked": 0.0, "check_took": F("worked")}
    return _turn(one, State.CHECKED, State.IMPORTING, **begun, **fresh, **FREE)


def pause(one: Import) -> bool:
    """False when it is not being imported (any more), or all at once."""
    return not one.all_or_nothing and _turn(one, State.IMPORTING, State.PAUSED)


def resume(one: Import) -> bool:
    """False when it is not paused (any more)."""
    return _turn(one, State.PAUSED, State.IMPORTING, **FREE)


def stop(one: Import) -> bool:
    """What was imported stays. False when it is over, or when all rows are being written at once."""
    return can_stop(one) and end(one.pk, State.STOPPED, (State.IMPORTING, State.PAUSED))


def can_stop(one: Import) -> bool:
    """Half of what is written at once can't be kept; before a worker has begun, or after it was killed, it can."""
    idle = not one.all_or_nothing or one.until < timezone.now()
    return one.state == State.PAUSED or (one.state == State.IMPORTING and idle)


def discard(one: Import) -> bool:
    """Nothing is imported. False when somebody has pressed Import, or it is over."""
    return end(one.pk, State.DISCARDED, (State.CHECKING, State.CHECKED))


def _turn(one: Import, before: str, after: str, **changes: Any) -> bool:
    """One of two people who press at once is told that it was done already."""
    with transaction.atomic():
        turned = Import.objects.filter(pk=one.pk, state=before).update(state=after, **changes)
        if turned and after in AT_WORK:
            _ask(one.pk)
    return bool(turned)


def end(import_id: int, state: str, before: Collection[str] = OPEN, message: str = "") -> bool:
    """It is over: the file goes, and what it changed stands in the admin's log. False when it was over already."""
    with transaction.atomic():
        mine = Import.objects.filter(pk=import_id, state__in=before)
        if not mine.update(state=state, message=message, finished_at=timezone.now()):
            return False
        ImportFile.objects.filter(pk=import_id).delete()
        _log(Import.objects.get(pk=import_id))
    return True


def _log(one: Import) -> None:
    if one.started_by_id is None or one.state == State.NOTHING or not has_changed(one):
        return
    LogEntry.objects.create(
        user_id=one.started_by_id,
        content_type=ContentType.objects.get_for_model(apps.get_model(one.source)),
        object_repr=_("CSV import"),
        action_flag=ADDITION,
        change_message=", ".join(f"{outcome} {number}" for outcome, number in one.counts.items()),
    )


def has_changed(one: Import) -> bool:
    return any(one.counts.get(outcome) for outcome in CHANGED)


# -- for the sweep, and for erasing a person --------------------------------------------------------


def ask(now: datetime.datetime) -> None:
    """Those that nobody is at work on, and files that waited for too long."""
    for pk in Import.objects.filter(state__in=AT_WORK, until__lt=Now()).values_list("pk", flat=True):
        _ask(pk)
    waiting = Q(state__in=(State.CHECKING, State.CHECKED), uploaded_at__lt=now - datetime.timedelta(hours=HOURS))
    for pk in Import.objects.filter(waiting).values_list("pk", flat=True):
        end(pk, State.DISCARDED, (State.CHECKING, State.CHECKED), EXPIRED)
    limit = now - datetime.timedelta(days=settings.RETENTION_DAYS)
    for pk in Import.objects.filter(state=State.PAUSED, uploaded_at__lt=limit).values_list("pk", flat=True):
        end(pk, State.STOPPED, (State.PAUSED,), PAUSED_FOR_LONG)


def drop_files() -> int:
    """Of all imports that aren't over; how many that were."""
    dropped = 0
    for pk, started in Import.objects.filter(state__in=OPEN).values_list("pk", "started_at"):
        dropped += end(pk, State.STOPPED if started else State.DISCARDED, OPEN, ERASED)
    return dropped


def _ask(import_id: int) -> None:
    transaction.on_commit(lambda: async_task("integrations.core.tasks.load_file", import_id))
