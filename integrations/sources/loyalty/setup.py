"""The schedules of the loyalty source."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

from integrations.core.setup import write_schedule


def write_schedules(**kwargs: Any) -> None:
    # Local midnight is at a full hour nearly everywhere: a minute past it finds what has just expired.
    soon = timezone.now().replace(minute=1, second=0, microsecond=0) + datetime.timedelta(hours=1)
    write_schedule("Loyalty: expiry", "integrations.sources.loyalty.tasks.expire_points", Schedule.HOURLY, soon)
    write_schedule("Loyalty: PIN mails", "integrations.sources.loyalty.tasks.send_pin_mails", Schedule.MINUTES)
    night = timezone.localtime().replace(hour=2, minute=30) + datetime.timedelta(days=1)
    write_schedule("Loyalty: retention", "integrations.sources.loyalty.tasks.retain", Schedule.DAILY, night)
