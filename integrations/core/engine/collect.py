"""Pulling: a run reads page after page; a page's events and the cursor after it commit together."""

from __future__ import annotations

import logging
import time

from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_q.tasks import async_task

from integrations.core.connector import Job, Page
from integrations.core.engine.capture import capture
from integrations.core.engine.lease import Held, LeaseLost, acquire
from integrations.core.engine.settle import finish_runs
from integrations.core.errors import ConfigurationError, SyncError, TemporaryError
from integrations.core.http.ratelimit import in_lane
from integrations.core.models import Connection, Cursor, Event, Run
from integrations.core.models.journal import OPEN
from integrations.core.registry import connector_for, job_label

logger = logging.getLogger(__name__)

# Seconds a task reads before it hands on to the next; the cursor says where that one starts.
BUDGET = 45.0
STUMBLED = gettext_noop(
    "The portal stumbled while reading (%(error)s). Tell your operator the Sync Job ID, then start it again."
)
LEFT_OUT = gettext_noop("Left out: %(run)s (%(job)s) was still open. The next one goes on where the last one stood.")
BULK_TRIGGERS = (Run.Trigger.IMPORT, Run.Trigger.EXPORT)


def start(
    connection: Connection, job: str, trigger: str, user: User | None = None, *, expected: int | None = None
) -> Run | None:
    """Start a pull; None when this job is running already (twenty clicks, two schedulers: one run).

    `expected` is the number of records its progress is measured by.
    """
    plan = {} if expected is None else {"expected": expected}
    try:
        with transaction.atomic():
            run = Run.objects.create(connection=connection, job=job, trigger=trigger, requested_by=user, plan=plan)
    except IntegrityError:
        return None
    ask(run.pk)
    return run


def in_the_way(connection: Connection, name: str, job: Job) -> Run | None:
    """The open run that this job waits for: one of its own, or of a job it gives way to."""
    names = (name, *job.gives_way_to)
    return Run.objects.filter(connection_id=connection.pk, job__in=names, status__in=OPEN).first()


def look_again(run: Run) -> None:
    """A poll looks again although some of what it found waits: one record in trouble must not keep the others. What is
    found belongs to the same run."""
    untried = Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.PENDING)
    waiting = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING, complete=True)
    if not untried.exists() and waiting.update(complete=False):
        ask(run.pk)


def skip(connection: Connection, job: str, hindrance: Run) -> None:
    """Note that a scheduled pull was left out because another one was still open."""
    Run.objects.create(
        connection=connection,
        job=job,
        trigger=Run.Trigger.SCHEDULE,
        status=Run.Status.SKIPPED,
        complete=True,
        finished_at=timezone.now(),
        message=_(LEFT_OUT) % {"run": hindrance, "job": job_label(connection.connector, hindrance.job)},
    )


def ask(run_id: int) -> None:
    transaction.on_commit(lambda: async_task("integrations.core.tasks.collect", run_id))


def collect(run_id: int) -> None:
    """Read on where the cursor stands, for a bounded time."""
    run = Run.objects.select_related("connection").filter(pk=run_id, status=Run.Status.RUNNING, complete=False).first()
    if run is None or run.connection.state != Connection.State.ENABLED:
        return
    if (held := acquire(run.connection_id, f"collect:{run.job}")) is None:
        return
    try:
        finished = _read_pages(run, held)
    except LeaseLost:
        return
    held.release()
    if not finished and Run.objects.filter(pk=run_id, status=Run.Status.RUNNING).exists():
        ask(run_id)


def _read_pages(run: Run, held: Held) -> bool:
    """True when there is nothing more to read, or nothing can be."""
    connector = connector_for(run.connection)
    job = connector.jobs().get(run.job)
    bulk = run.trigger in BULK_TRIGGERS or bool(job and job.bulk)
    deadline = time.monotonic() + BUDGET
    try:
        with in_lane(urgent=False, deadline=deadline):
            for page in connector.collect(run.job, run):
                if not _store(run, held, page, bulk=bulk) or time.monotonic() >= deadline or _stopped(run):
                    return False
    except ConfigurationError as error:
        run.connection.set_state(Connection.State.ATTENTION, error.message)
        Run.objects.filter(pk=run.pk).update(message=error.message)
        return True
    except TemporaryError as error:
        # The sweep starts it again; the cursor stands where it stood.
        Run.objects.filter(pk=run.pk).update(message=error.message)
        return True
    except SyncError as error:
        _end(run, Run.Status.FAILURE, error.message)
        return True
    except (LeaseLost, DatabaseError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 – else the run would be started again every minute, for ever
        logger.error("%s while collecting for run %s", type(error).__name__, run.pk)
        _end(run, Run.Status.FAILURE, _(STUMBLED) % {"error": type(error).__name__})
        return True
    finally:
        connector.close()
    _complete(run, held, poll=job is not None and job.poll and run.trigger == Run.Trigger.SCHEDULE)
    return True


def _complete(run: Run, held: Held, *, poll: bool) -> None:
    """All is read. A poll that found nothing leaves no trace."""
    with transaction.atomic():
        held.renew()
        if not (poll and Run.objects.filter(pk=run.pk, read=0).delete()[0]):
            Run.objects.filter(pk=run.pk).update(complete=True, message="")
            finish_runs([run.pk])


def _store(run: Run, held: Held, page: Page, *, bulk: bool) -> bool:
    """False when the run was paused or stopped in the meantime: then the page is read again, or not at all."""
    with transaction.atomic():
        held.renew()
        # A write, so that a stop waits for this page or this page sees the stop.
        if not Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(message=""):
            return False
        capture(run.connection, page.records, run=run, priority=Event.Priority.BULK if bulk else Event.Priority.LIVE)
        Cursor.objects.update_or_create(connection_id=run.connection_id, job=run.job, defaults={"value": page.cursor})
    return True


def _stopped(run: Run) -> bool:
    enabled = Connection.objects.filter(pk=run.connection_id, state=Connection.State.ENABLED)
    return not enabled.exists() or not Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).exists()


def _end(run: Run, status: str, message: str) -> None:
    """Given up: that is more than some of its records failing."""
    plan = {**run.plan, "broke": True}
    ended = {"status": status, "message": message, "plan": plan, "complete": True, "finished_at": timezone.now()}
    Run.objects.filter(pk=run.pk).update(**ended)
