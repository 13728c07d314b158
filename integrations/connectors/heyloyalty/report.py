"""Error reports by mail: one a sync, and one an hour at most for live changes, however many of them fail."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty.failures import failure_lines, mail_failures
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.errors import TemporaryError
from integrations.core.models import Cursor, Event, Run

EVERY = datetime.timedelta(hours=1)
# The cursor `{"at": time of the last mail, "run": id of the run that waits to send the next one}`.
NOTE = "error report"
WHO = {gettext_lazy("Identifier"): lambda event, payload: event.label}


def finished(connection: ActivationConnection, run: Run) -> None:
    """Raises TemporaryError when the mail can't be sent now, or is to be sent later."""
    if not connection.errors_to or not _failed(Event.objects.filter(run_id=run.pk)).exists():
        return
    if run.trigger != Run.Trigger.CHANGE:
        _send(connection, _failed(Event.objects.filter(run_id=run.pk)), str(run), f"failed-{run}.csv")
        return
    _report_change(connection, run, timezone.now())


def _report_change(connection: ActivationConnection, run: Run, now: datetime.datetime) -> None:
    """The first mail goes at once. After it one run waits for the hour to pass, for all that come meanwhile."""
    note = Cursor.objects.filter(connection_id=connection.pk, job=NOTE).first()
    value: dict[str, Any] = note.value if note else {}
    last = datetime.datetime.fromisoformat(value["at"]) if "at" in value else now - EVERY
    if now - last >= EVERY:
        since = last if "at" in value else run.started_at
        events = Event.objects.filter(connection_id=connection.pk, run__trigger=Run.Trigger.CHANGE)
        lately = _failed(events).filter(settled_at__gt=since, settled_at__lte=now)
        _send(connection, lately, _("live changes"), "failed-changes.csv")
        _note(connection, {"at": now.isoformat()})
    elif value.get("run", run.pk) == run.pk:
        _note(connection, {**value, "run": run.pk})
        raise TemporaryError(_("The next error report of live changes is due within the hour."))


def _note(connection: ActivationConnection, value: dict[str, Any]) -> None:
    Cursor.objects.update_or_create(connection_id=connection.pk, job=NOTE, defaults={"value": value})


def _failed(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.filter(outcome=Event.Outcome.FAILED)


def _send(connection: ActivationConnection, failed: QuerySet[Event], what: str, name: str) -> None:
    words = {"name": connection.name, "what": what}
    subject = _("%(name)s: what failed (%(what)s)") % words
    body = _(
        "The attached file lists what could not be written to Heyloyalty, and why. Correct it, then press Retry in the "
        "portal's log."
    )
    mail_failures(connection.errors_to, subject, body, name, failure_lines(failed, WHO))
