"""The sweep, every half minute: wakes what is due, restarts what was interrupted, and starts scheduled jobs."""

from __future__ import annotations

import datetime
import logging

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from integrations.core.alerts import look, mail
from integrations.core.connector import Job
from integrations.core.engine import collect, erase, removal, report, retry
from integrations.core.engine.lease import DELIVER
from integrations.core.engine.wake import wake
from integrations.core.imports import control as imports
from integrations.core.models import Clock, Connection, Delivery, Event, Lease, Pulse, Run
from integrations.core.registry import connector_for

logger = logging.getLogger(__name__)

PULSE = "sweep"
# Sweeps don't come to the second: what repeats and is due a little later is due now, or it would wait for the next.
EARLY = datetime.timedelta(seconds=5)


def sweep(now: datetime.datetime | None = None) -> None:
    """One pass. Safe to run twice at once: every step is guarded by a lease, a constraint or a comparison."""
    now = now or timezone.now()
    Pulse.objects.update_or_create(name=PULSE, defaults={"at": now})
    removal.end_work()
    _wake_connections(now)
    _resume_runs()
    _check_books()
    _start_jobs(now)
    report.ask(now)
    look.look(now)
    mail.ask(now)
    erase.ask(now)
    imports.ask(now)


def _wake_connections(now: datetime.datetime) -> None:
    due = Event.objects.filter(connection_id=OuterRef("pk"), due_at__lte=now)
    calls = Delivery.objects.filter(connection_id=OuterRef("pk"), status=Delivery.Status.RECEIVED)
    enabled = Connection.objects.filter(state=Connection.State.ENABLED)
    for pk in enabled.filter(Exists(due) | Exists(calls)).values_list("pk", flat=True):
        # A wake that was lost with its broker left `wanted` standing; who holds the lease needs no wake.
        free = Lease.objects.filter(connection_id=pk, name=DELIVER, until__lt=now, not_before__lte=now)
        if free.update(wanted=False) or not Lease.objects.filter(connection_id=pk, name=DELIVER).exists():
            wake(pk)


def _resume_runs() -> None:
    for connection_id in Run.objects.filter(status=Run.Status.STOPPING).values_list("connection_id", flat=True):
        wake(connection_id)
    running = Run.objects.filter(status=Run.Status.RUNNING, complete=False)
    for run in running.filter(connection__state=Connection.State.ENABLED):
        if run.trigger == Run.Trigger.RETRY:
            retry.go_on(run.pk)
        elif run.job:
            collect.ask(run.pk)


def _check_books() -> None:
    """A run whose events are all settled and whose counts don't add up is shown in red."""
    open_events = Event.objects.filter(run_id=OuterRef("pk"), settled_at__isnull=True)
    settled = F("new") + F("updated") + F("unchanged") + F("skipped") + F("failed")
    wrong = Run.objects.filter(status=Run.Status.RUNNING, complete=True).exclude(read=settled)
    old = timezone.now() - datetime.timedelta(minutes=5)
    wrong.filter(~Exists(open_events), started_at__lt=old).update(
        status=Run.Status.UNBALANCED, finished_at=timezone.now()
    )


def _start_jobs(now: datetime.datetime) -> None:
    known: dict[int, set[str]] = {}
    for connection in Connection.objects.filter(state=Connection.State.ENABLED):
        try:
            jobs = connector_for(connection).jobs()
        except Exception as error:  # noqa: BLE001 – one connection that can't be read must not stop the others
            logger.error("%s while reading the jobs of connection %s", type(error).__name__, connection.pk)
            continue
        known[connection.pk] = set(jobs)
        for name, job in jobs.items():
            _start_when_due(connection, name, job, now)
    clocks = Clock.objects.filter(connection__state=Connection.State.ENABLED)
    # A job that the settings don't ask for any more: back one day, it would be late at once.
    stopped = [clock.pk for clock in clocks if clock.job not in known.get(clock.connection_id, {clock.job})]
    if stopped:
        Clock.objects.filter(pk__in=stopped).delete()


def _start_when_due(connection: Connection, name: str, job: Job, now: datetime.datetime) -> None:
    clock, created = Clock.objects.get_or_create(
        connection=connection, job=name, defaults={"next_at": following(job, now, connection)}
    )
    if created or clock.next_at > (now if job.at else now + EARLY):
        _follow(clock, job, following(job, now, connection))
        return
    mine = Clock.objects.filter(pk=clock.pk, next_at=clock.next_at)
    with transaction.atomic():
        if not mine.update(next_at=following(job, now, connection)):
            return
        if (hindrance := collect.in_the_way(connection, name, job)) is None:
            collect.start(connection, name, Run.Trigger.SCHEDULE)
            # A poll that finds nothing leaves no run to tell.
            Clock.objects.filter(pk=clock.pk).update(started_at=now)
        elif not job.poll:
            collect.skip(connection, name, hindrance)
        elif hindrance.job == name:
            collect.look_again(hindrance)


def _follow(clock: Clock, job: Job, planned: datetime.datetime) -> None:
    """A time that was changed in the settings counts from now on. Counted from now, a job that runs every so often is
    always later than its clock says, unless the interval became shorter."""
    if planned < clock.next_at or (job.at is not None and planned > clock.next_at):
        Clock.objects.filter(pk=clock.pk).update(next_at=planned)


def following(job: Job, now: datetime.datetime, connection: Connection) -> datetime.datetime:
    """The next time after `now`. A daily job runs once per local date, also when the clocks change."""
    if job.at is None:
        return now + (job.every or datetime.timedelta(days=1))
    today = now.astimezone(connection.zone).date()
    for day in (today, today + datetime.timedelta(days=1)):
        moment = datetime.datetime.combine(day, job.at, connection.zone)
        if moment > now:
            return moment
    return moment + datetime.timedelta(days=1)
