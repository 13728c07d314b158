"""The first page. It reads counters, a constant number of statements whatever there is (tests/bench, dashboard)."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.admin.dashboard.alerts import alert_rows
from integrations.core.admin.dashboard.connections import connection_table
from integrations.core.admin.dashboard.failures import failure_rows
from integrations.core.admin.log.access import Visible
from integrations.core.admin.marketplace import may_install
from integrations.core.engine.sweep import PULSE
from integrations.core.models import Pulse
from integrations.core.notices import notices
from integrations.core.views import LATE


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """For UNFOLD["DASHBOARD_CALLBACK"]."""
    now = timezone.now()
    told = {**context, "title": _("Dashboard"), "notices": notices(request), **stillness(now)}
    if not request.user.has_perm("core.view_connection"):
        return told
    visible = Visible.of(request).installed()
    if not visible.names:
        return {**told, "dashboard": True, "may_install": may_install(request)}
    sees_log, may_retry = request.user.has_perm("core.view_event"), request.user.has_perm("core.retry_event")
    return {
        **told,
        "dashboard": True,
        "sees_log": sees_log,
        "may_retry": may_retry,
        "causes": failure_rows(request, visible) if sees_log else [],
        "alerts": alert_rows(request, visible, now),
        "table": connection_table(request, visible, now),
    }


def stillness(now: datetime.datetime) -> dict[str, Any]:
    """`still` is true when no worker has swept for a while; `still_since` when one last did."""
    last = Pulse.objects.filter(name=PULSE).values_list("at", flat=True).first()
    return {"still": last is None or now - last > LATE, "still_since": last}
