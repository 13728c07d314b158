"""When the platform works by itself."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

from integrations.core.setup import write_schedule


def write_schedules(**kwargs: Any) -> None:
    write_schedule("Customer data: minute", "integrations.sources.cdp.tasks.every_minute", Schedule.MINUTES)
    raptor = "integrations.sources.cdp.raptor.tasks"
    write_schedule("Raptor: pushes", f"{raptor}.apply_calls", Schedule.MINUTES)
    write_schedule("Raptor: pull", f"{raptor}.pull", Schedule.MINUTES)
    night = timezone.localtime().replace(hour=2, minute=45) + datetime.timedelta(days=1)
    write_schedule("Raptor: retention", f"{raptor}.retain", Schedule.DAILY, night)
