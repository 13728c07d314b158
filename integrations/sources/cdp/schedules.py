"""When the platform works by itself."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

from integrations.core.setup import write_schedule


def write_schedules(**kwargs: Any) -> None:
    write_schedule("Customer data: minute", "integrations.sources.cdp.tasks.every_minute", Schedule.MINUTES)
