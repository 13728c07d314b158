"""Alerts in words: counts, causes and addresses of pages; no personal data, no secrets."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.core.models import Alert
from integrations.core.registry import connector_class, job_label

Kind = Alert.Kind
# Not by `reverse()`: workers mail, and it would load all pages into them.
RUN_PAGE = "/admin/core/run/{pk}/change/"
CONNECTION_PAGE = "/admin/{app}/{model}/{pk}/change/"


def sentence(alert: Alert) -> str:
    """What happened. `alert` comes with its connection."""
    job = job_label(alert.connection.connector, alert.job) or _("live changes")
    facts: dict[str, Any] = {"job": job, "run": f"J{alert.run_id}", **alert.facts}
    if alert.kind == Kind.STOPPED:
        if facts["by_itself"]:
            return _("It stopped by itself: %(reason)s") % {"reason": _(facts["reason"])}
        return _(facts["reason"]) or _("It was disabled.")
    if alert.kind == Kind.RUN_FAILED:
        text = _("Sync job %(run)s (%(job)s) failed.") % facts
    elif alert.kind == Kind.MANY_FAILED:
        text = _("%(failed)s of %(read)s records of sync job %(run)s (%(job)s) failed.") % facts
    else:
        text = _("The last five sync jobs (%(job)s) failed, %(run)s among them.") % facts
    return f"{text} {_(facts['cause'])}".strip()


def page(alert: Alert) -> str:
    """The path of the page where it is put right."""
    if alert.run_id:
        return RUN_PAGE.format(pk=alert.run_id)
    model = connector_class(alert.connection.connector).model._meta
    return CONNECTION_PAGE.format(app=model.app_label, model=model.model_name, pk=alert.connection_id)


def subject(alert: Alert) -> str:
    words = {"name": " ".join(alert.connection.name.split()), "what": alert.get_kind_display()}
    if alert.recovered_at:
        return _("%(name)s works again (was: %(what)s)") % words
    return _("%(name)s: %(what)s") % words


def body(alert: Alert) -> str:
    if alert.recovered_at:
        lines = [_("This is over:"), sentence(alert), _("There is nothing more to do.")]
    else:
        lines = [sentence(alert), _("You get one mail when it begins and one when it is over.")]
    return "\n\n".join([*lines, f"{settings.PUBLIC_URL}{page(alert)}"]) + "\n"
