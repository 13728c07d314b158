"""Rows every installation has: the two schedules, and the two groups."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils import timezone
from django_q.models import Schedule

from integrations.core.registry import all_connectors

MARKETING = "Marketing admins"
SUPPORT = "Support"

SWEEP = "integrations.core.tasks.sweep"
# django-q2 looks at its schedules every half minute and repeats none sooner than after a minute: two sweeps, half a
# minute apart, are one every half minute.
HALF_A_MINUTE = datetime.timedelta(seconds=30)
SUPPORT_MAY = ("view_connection", "view_event", "retry_event", "view_run", "view_delivery")
MARKETING_MAY = (*SUPPORT_MAY, "change_connection", "run_connection", "view_personal_data", "change_fieldmapping")
_granted: dict[str, Q] = {MARKETING: Q(pk__in=[]), SUPPORT: Q(pk__in=[])}


def grant(group: str, app_label: str, codenames: Iterable[str]) -> None:
    """For sources: what a shipped group may do on their pages. Call it in the modules of those pages."""
    _granted[group] |= Q(content_type__app_label=app_label, codename__in=tuple(codenames))


def write_schedules(**kwargs: Any) -> None:
    now = timezone.localtime()
    write_schedule("Sweep", SWEEP, Schedule.MINUTES, now)
    write_schedule("Sweep, half a minute later", SWEEP, Schedule.MINUTES, now + HALF_A_MINUTE)
    night = now.replace(hour=2, minute=15) + datetime.timedelta(days=1)
    write_schedule("Retention", "integrations.core.tasks.retain", Schedule.DAILY, night)


def write_schedule(name: str, func: str, schedule_type: str, first: datetime.datetime | None = None) -> None:
    """A schedule without arguments, every minute, hour or day from `first` on (without it: at once).

    Schedules are written by code only: one with arguments that can't be read would block all of them.
    """
    values = {"func": func, "schedule_type": schedule_type, "repeats": -1, "minutes": 1}
    start = {"next_run": first} if first else {}
    Schedule.objects.update_or_create(name=name, defaults=values, create_defaults=values | start)


def write_groups(**kwargs: Any) -> None:
    """Give the shipped groups their permissions, also on the settings pages of connectors added later."""
    # The pages say what the groups may do on them, and nobody may have loaded them yet (`admin_pages.py`).
    admin.autodiscover()
    pages = Q(pk__in=[])
    for _, connector in all_connectors():
        options = connector.model._meta
        names = [f"{action}_{options.model_name}" for action in ("add", "change", "delete", "view")]
        pages |= Q(content_type__app_label=options.app_label, codename__in=names)
    marketing, _ = Group.objects.get_or_create(name=MARKETING)
    support, _ = Group.objects.get_or_create(name=SUPPORT)
    core = Q(content_type__app_label="core")
    marketing.permissions.add(
        *Permission.objects.filter(pages | _granted[MARKETING] | core & Q(codename__in=MARKETING_MAY))
    )
    support.permissions.add(*Permission.objects.filter(_granted[SUPPORT] | core & Q(codename__in=SUPPORT_MAY)))
