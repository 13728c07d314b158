"""Starting an estimate, and the import it was made for: each once, however often somebody presses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.connectors.flexpos.initial_import import ESTIMATE, JOB, Choices, needs_typed_name, still_holds
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect
from integrations.core.models import Connection, Run
from integrations.core.models.journal import OPEN
from integrations.core.versions import current_version


@dataclass(frozen=True)
class Planned:
    """What the run of an estimate keeps: for which choices and settings version, what came out, what it led to."""

    choices: Choices
    version: int | None
    result: dict[str, Any] | None = None
    import_id: int | None = None

    @classmethod
    def of(cls, run: Run) -> Planned:
        plan = run.plan
        return cls(Choices.read(plan["choices"]), plan.get("version"), plan.get("result"), plan.get("import"))


def under_way(connection: FlexPOSConnection, job: str) -> Run | None:
    """The open run of this job."""
    return Run.objects.filter(connection_id=connection.pk, job=job, status__in=OPEN).first()


def latest(connection: FlexPOSConnection, job: str) -> Run | None:
    return Run.objects.filter(connection_id=connection.pk, job=job).order_by("-pk").first()


def start_estimate(connection: FlexPOSConnection, choices: Choices, user: User | None = None) -> Run | None:
    """None when one is under way already."""
    plan = {"choices": choices.saved(), "version": current_version(connection)}
    return _start(connection, ESTIMATE, Run.Trigger.MANUAL, user, plan)


def start_import(connection: FlexPOSConnection, estimate: Run, user: User | None = None) -> tuple[Run | None, bool]:
    """(the import of this estimate, whether it was started now). None when another one is under way."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=estimate.pk)
        planned = Planned.of(locked)
        if planned.import_id is not None:
            return Run.objects.filter(pk=planned.import_id).first(), False
        plan = {"choices": planned.choices.saved(), "estimate": estimate.pk}
        expected = (planned.result or {}).get("records")
        run = _start(connection, JOB, Run.Trigger.IMPORT, user, plan, expected)
        if run is not None:
            Run.objects.filter(pk=locked.pk).update(plan={**locked.plan, "import": run.pk})
    return run, run is not None


def _start(
    connection: FlexPOSConnection,
    job: str,
    trigger: str,
    user: User | None,
    plan: dict[str, Any],
    expected: int | None = None,
) -> Run | None:
    """With its plan before anybody reads it: the task starts when both are committed."""
    with transaction.atomic():
        run = collect.start(connection, job, trigger, user, expected=expected)
        if run is not None:
            run.plan = {**run.plan, **plan}
            run.save(update_fields=["plan"])
    return run


def hindrance(connection: FlexPOSConnection) -> str:
    """Why nothing can be fetched now, with what to do; "" when it can."""
    if connection.state == Connection.State.ATTENTION:
        return _("The connection needs attention. Press Test connection to see what is wrong, then fetch data.")
    if connection.state != Connection.State.ENABLED:
        return _("The connection is not enabled. Enable the sync first, then fetch data.")
    if not connection.list_id:
        return _("No list is chosen yet. Choose the list under Settings first.")
    return ""


def outdated(connection: FlexPOSConnection, estimate: Run) -> str:
    """Why this estimate can't be relied on any more; "" when it can."""
    planned = Planned.of(estimate)
    made = estimate.finished_at or estimate.started_at
    if still_holds(made, timezone.now(), planned.version, current_version(connection)):
        return ""
    return _("The settings were changed since, or the estimate is older than a day. Make a new estimate.")


def refusal(connection: FlexPOSConnection, estimate: Run, typed: str) -> str:
    """Why this estimate's import isn't started on this confirmation; "" when it is."""
    result = Planned.of(estimate).result
    if estimate.status != Run.Status.SUCCESS or result is None:
        return _("The estimate is not ready. Wait for it, or make a new one.")
    if problem := hindrance(connection) or outdated(connection, estimate):
        return problem
    if needs_typed_name(result["mails"], result["created"]) and typed.strip() != result["list_name"]:
        return _("Type the list's name exactly as it is shown, to confirm what this import will do.")
    return ""
