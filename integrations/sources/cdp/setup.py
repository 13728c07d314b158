"""Rows every installation has."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

from integrations.core.setup import write_schedule
from integrations.sources.cdp.models import IdentifierType


def write_identifiers(**kwargs: Any) -> None:
    """Email, unless an administrator has given the name or the key to another one."""
    if not IdentifierType.objects.filter(key="email").exists():
        IdentifierType.objects.get_or_create(name="Email", defaults={"key": "email", "kind": IdentifierType.Kind.EMAIL})


def write_schedules(**kwargs: Any) -> None:
    write_schedule("Customer data: minute", "integrations.sources.cdp.tasks.every_minute", Schedule.MINUTES)
    raptor = "integrations.sources.cdp.raptor.tasks"
    write_schedule("Raptor: pushes", f"{raptor}.apply_calls", Schedule.MINUTES)
    write_schedule("Raptor: pull", f"{raptor}.pull", Schedule.MINUTES)
    night = timezone.localtime().replace(hour=2, minute=45) + datetime.timedelta(days=1)
    write_schedule("Raptor: retention", f"{raptor}.retain", Schedule.DAILY, night)
