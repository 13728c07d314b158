"""Opening and closing alerts: when a connection's state changes, and in the sweep for runs that have ended."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from integrations.core.alerts.judge import IN_A_ROW, Ended, is_over, troubles
from integrations.core.causes import without_values
from integrations.core.models import Alert, Connection, Event, Run
from integrations.core.registry import connector_class

Kind = Alert.Kind
# A trouble that comes back so soon after its end must stay away as long before that is told again.
CALM = datetime.timedelta(hours=1)
AT_ONCE = 500
# What a person starts by Retry says nothing new; what was left out or stopped by somebody didn't fail.
SAYS_NOTHING = (Run.Status.SKIPPED, Run.Status.STOPPED)
COLUMNS = ("pk", "status", "read", "failed", "plan__broke")
STOPPED = (Connection.State.ATTENTION, Connection.State.DISABLED)


# -- a connection's state -----------------------------------------------------------------------------------


def state_changed(connection: Connection) -> None:
    """Called in the transaction that changes it.

    Stopping what has stopped already tells nobody again; what is neither on nor stopped is nobody's trouble.
    """
    if connection.state in STOPPED:
        by_itself = connection.state == Connection.State.ATTENTION
        reason = without_values(connection.state_reason) if by_itself else connection.state_reason
        _open(connection, Kind.STOPPED, facts={"reason": reason, "by_itself": by_itself}, now=timezone.now())
    elif connection.state == Connection.State.ENABLED:
        _close(Alert.objects.filter(connection_id=connection.pk, kind=Kind.STOPPED), timezone.now())
    else:
        still_open = Alert.objects.filter(connection_id=connection.pk, recovered_at__isnull=True)
        still_open.update(recovered_at=timezone.now(), mail_at=None)


# -- runs that have ended -----------------------------------------------------------------------------------


def look(now: datetime.datetime) -> None:
    """Judge each run that has ended once, however many sweeps look."""
    unjudged = Run.objects.filter(judged=False, finished_at__isnull=False)
    if not unjudged.exists():
        return
    with transaction.atomic():
        found = unjudged.select_for_update(skip_locked=True).order_by("finished_at", "pk")[:AT_ONCE]
        rows = list(found.values_list("connection_id", "job", "trigger", *COLUMNS))
        fresh: dict[tuple[int, str], list[Ended]] = defaultdict(list)
        for connection_id, job, trigger, *values in reversed(rows):
            if trigger != Run.Trigger.RETRY and values[1] not in SAYS_NOTHING:
                fresh[connection_id, job].append(_ended(job, *values))
        connections = Connection.objects.in_bulk({connection_id for connection_id, _ in fresh})
        open_alerts = _open_alerts(connections)
        for (connection_id, job), runs in sorted(fresh.items()):
            _judge(connections[connection_id], job, runs, open_alerts[connection_id, job], now)
        Run.objects.filter(pk__among=[row[3] for row in rows]).update(judged=True)


def _ended(job: str, pk: int, status: str, read: int, failed: int, broke: bool | None) -> Ended:
    return Ended(pk, status, read, failed, bool(broke), live=not job)


def _open_alerts(connections: Any) -> dict[tuple[int, str], list[Alert]]:
    found: dict[tuple[int, str], list[Alert]] = defaultdict(list)
    alerts = Alert.objects.filter(connection__in=connections, recovered_at__isnull=True).exclude(kind=Kind.STOPPED)
    for alert in alerts:
        found[alert.connection_id, alert.job].append(alert)
    return found


def _judge(
    connection: Connection, job: str, fresh: Sequence[Ended], alerts: Sequence[Alert], now: datetime.datetime
) -> None:
    wrong = troubles(fresh, _history(connection.pk, job) if fresh[0].failing else ())
    for kind, run in wrong.items():
        _open(connection, kind, job=job, run=run, facts=_facts(run), now=now)
    for alert in alerts:
        if alert.kind not in wrong and is_over(alert.kind, fresh[0]) and _stays_away(alert, now):
            _close(Alert.objects.filter(pk=alert.pk), now)


def _history(connection_id: int, job: str) -> list[Ended]:
    """The last runs of a job, newest first."""
    runs = Run.objects.filter(connection_id=connection_id, job=job, finished_at__isnull=False)
    told = runs.exclude(trigger=Run.Trigger.RETRY).exclude(status__in=SAYS_NOTHING).order_by("-pk")
    return [_ended(job, *values) for values in told.values_list(*COLUMNS)[:IN_A_ROW]]


def _facts(run: Ended) -> dict[str, Any]:
    """Counts, and what the run or its first failed record says."""
    event = Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.FAILED).order_by("pk").first()
    said = Run.objects.values_list("message", flat=True).get(pk=run.pk)
    message = said or (event.message if event else "")
    return {"read": run.read, "failed": run.failed, "cause": without_values(message)}


def _stays_away(alert: Alert, now: datetime.datetime) -> bool:
    before = Alert.objects.filter(connection_id=alert.connection_id, kind=alert.kind, job=alert.job)
    came_back = before.filter(recovered_at__gt=alert.since - CALM).exists()
    return not came_back or now - alert.seen_at >= CALM


# -- rows ---------------------------------------------------------------------------------------------------


def _open(
    connection: Connection,
    kind: str,
    *,
    facts: dict[str, Any],
    now: datetime.datetime,
    job: str = "",
    run: Ended | None = None,
) -> None:
    """One open alert a kind and job: who comes second only notes that it is still so."""
    reported = kind == Kind.MANY_FAILED and _is_reported(connection)
    wanted = connection.notify and connection.notify_to and not reported
    alert = Alert(
        connection_id=connection.pk,
        kind=kind,
        job=job,
        run_id=run.pk if run else None,
        facts={**facts, "reported": True} if reported else facts,
        since=now,
        seen_at=now,
        mail_at=now if wanted else None,
    )
    same = Alert.objects.filter(connection_id=connection.pk, kind=kind, job=job, recovered_at__isnull=True)
    if not same.update(seen_at=now):
        Alert.objects.bulk_create([alert], ignore_conflicts=True)


def _is_reported(connection: Connection) -> bool:
    """Whether its connector mails what failed in each run to the same person."""
    kind = connector_class(connection.connector)
    if not kind.reports_to or not connection.notify_to:
        return False
    return kind.model._default_manager.filter(pk=connection.pk, **{kind.reports_to: connection.notify_to}).exists()


def _close(alerts: Any, now: datetime.datetime) -> None:
    """Who was told of its beginning is told of its end."""
    mail_at = Case(When(told_at__isnull=False, then=Value(now)), default=None)
    alerts.filter(recovered_at__isnull=True).update(recovered_at=now, mail_at=mail_at, tries=0, problem="")


def after_telling() -> Any:
    """When the next mail of an alert is due whose beginning has just been told: it may be over already."""
    return Case(When(recovered_at__isnull=False, then=F("recovered_at")), default=None)
