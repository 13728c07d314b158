"""When a run has ended: what it left out, as its message, and the members that failed, by mail."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.flexpos.customers import MEMBER
from integrations.connectors.flexpos.import_summary import failure_lines
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.streams import ANONYMOUS, FILTERED, IMPORT
from integrations.connectors.heyloyalty.failures import mail_failures
from integrations.core.models import Cursor, Event, Run

LEFT_OUT = {
    ANONYMOUS: gettext_lazy("%(number)s sales to nobody known were left out."),
    FILTERED: gettext_lazy("%(number)s customers were left out by Fetch Customers."),
}


def finished(connection: FlexPOSConnection, run: Run) -> None:
    """Raises TemporaryError when the mail can't be sent now."""
    if run.job == IMPORT:
        _tell_left_out(connection, run)
    if connection.errors_to and _members_failed(run):
        _send(connection, run)


def _tell_left_out(connection: FlexPOSConnection, run: Run) -> None:
    cursor = Cursor.objects.filter(connection_id=connection.pk, job=run.job).first()
    left_out: dict[str, Any] = cursor.value.get("left_out", {}) if cursor else {}
    if left_out.get("run") == run.pk and not run.message:
        told = [text % {"number": left_out[name]} for name, text in LEFT_OUT.items() if left_out.get(name)]
        Run.objects.filter(pk=run.pk).update(message=" ".join(told))


def _members_failed(run: Run) -> bool:
    return Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.FAILED, record_type=MEMBER).exists()


def _send(connection: FlexPOSConnection, run: Run) -> None:
    subject = _("%(name)s: members that failed in sync job %(run)s") % {"name": connection.name, "run": run}
    body = _(
        "The attached file lists what failed, and why. Correct it in FlexPOS, then press Retry in the portal's log "
        "(Sync job %(run)s), or wait: a customer who is changed in FlexPOS is sent again."
    ) % {"run": run}
    mail_failures(connection.errors_to, subject, body, f"failed-{run}.csv", failure_lines(run))
