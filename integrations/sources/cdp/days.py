"""Dates of conditions and values: days of the portal's time zone (settings.TIME_ZONE)."""

from __future__ import annotations

import datetime

from django.utils import timezone

from integrations.sources.cdp.conditions import Test

ONE = datetime.timedelta(days=1)
# The first day, and the first one that isn't any more; None: open.
Days = tuple[datetime.date | None, datetime.date | None]


def today(now: datetime.datetime) -> datetime.date:
    return timezone.localdate(now, timezone.get_default_timezone())


def midnight(date: datetime.date) -> datetime.datetime:
    """With which that day begins."""
    local = datetime.datetime.combine(date, datetime.time.min, timezone.get_default_timezone())
    return local.astimezone(datetime.UTC)


def asked_for(test: Test, now: datetime.datetime) -> Days:
    """The days that answer a test of a date. Within the last 7 days: today and the seven before."""
    day = today(now)
    if isinstance(test.value, int):
        days = datetime.timedelta(days=test.value)
        return {
            "within_last": (day - days, day + ONE),
            "longer_ago": (None, day - days),
            "within_next": (day, day + days + ONE),
        }[test.operator]
    date = datetime.date.fromisoformat(test.value)
    return {"on": (date, date + ONE), "before": (None, date), "after": (date + ONE, None)}[test.operator]
