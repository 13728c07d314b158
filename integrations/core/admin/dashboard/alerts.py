"""Alerts that are open or were lately, and who was told."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import F, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core.admin.dashboard.connections import settings_links
from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import Badge
from integrations.core.alerts import words
from integrations.core.models import Alert

SHOWN = 15
LATELY = datetime.timedelta(days=7)


@dataclass(frozen=True)
class AlertRow:
    """`url` is "" for who may not open the page where it is put right."""

    connection: str
    kind: str
    text: str
    url: str
    since: datetime.datetime
    over: datetime.datetime | None
    badge: Badge
    told: str


def alert_rows(request: HttpRequest, visible: Visible, now: datetime.datetime) -> list[AlertRow]:
    """Open ones first, newest first: one statement."""
    lately = Q(recovered_at__isnull=True) | Q(recovered_at__gt=now - LATELY)
    alerts = Alert.objects.filter(lately, connection__in=list(visible.names))
    newest = alerts.select_related("connection").order_by(F("recovered_at").desc(nulls_first=True), "-pk")
    found = list(newest[:SHOWN])
    links, sight = settings_links(request, {alert.connection.connector for alert in found}), Sight.of(request)
    return [_row(alert, sight, opens_settings=alert.connection.connector in links) for alert in found]


def _row(alert: Alert, sight: Sight, *, opens_settings: bool) -> AlertRow:
    over = alert.recovered_at is not None
    return AlertRow(
        connection=alert.connection.name,
        kind=alert.get_kind_display(),
        text=sight.sentence(words.sentence(alert)),
        url=words.page(alert) if alert.run_id or opens_settings else "",
        since=alert.since,
        over=alert.recovered_at,
        badge=Badge(_("Over"), "check_circle", "success") if over else Badge(_("Open"), "error", "danger"),
        told=told(alert, sight),
    )


def told(alert: Alert, sight: Sight) -> str:
    """Who was told, or why nobody was."""
    to = sight.label(alert.told_to)
    facts = {"to": to, "tries": alert.tries, "error": alert.problem}
    if alert.problem and alert.mail_at:
        return _("The mail to %(to)s could not be sent (%(error)s, tried %(tries)s times). It is tried again.") % facts
    if alert.problem:
        return _("The mail to %(to)s could not be sent (%(error)s). Tell your operator to check EMAIL_URL.") % facts
    if alert.recovery_told_at:
        return _("%(to)s, of its beginning and its end") % facts
    if alert.told_at:
        return to
    if alert.mail_at:
        return _("A mail is on its way.")
    if alert.facts.get("reported"):
        return _("The error report of the sync job goes to the same person.")
    return _("Nobody: notification is off for this connection.")
