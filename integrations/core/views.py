"""Pages outside the admin, and the sign of life in its header."""

from __future__ import annotations

import datetime

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.engine.sweep import PULSE
from integrations.core.models import Pulse

# The sweep comes every half minute; a cluster that was just started takes up to half a minute more.
LATE = datetime.timedelta(minutes=3)


def health(request: HttpRequest) -> JsonResponse:
    """For a load balancer: 200 when the database answers, else 503. Says nothing about the workers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": False}, status=503)
    return JsonResponse({"database": True})


def workers_sign(request: HttpRequest) -> tuple[str, str] | None:
    """unfold's ENVIRONMENT: a label beside the title on every page when no worker has swept for a while."""
    last = Pulse.objects.filter(name=PULSE).values_list("at", flat=True).first()
    if last is None or timezone.now() - last > LATE:
        return _("No workers running"), "danger"
    return None
