"""What somebody asks the event log for, and which outcomes, job statuses and days that means. Pure."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass, replace

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Event, Run

Outcome = Event.Outcome


class Tab(enum.StrEnum):
    ALL = "all"
    NEW = "new"
    UPDATED = "updated"
    FAILED = "failed"
    SKIPPED = "skipped"
    WAITING = "waiting"


TAB_OUTCOMES: dict[Tab, tuple[str, ...]] = {
    Tab.ALL: tuple(Outcome.values),
    Tab.NEW: (Outcome.NEW,),
    Tab.UPDATED: (Outcome.UPDATED,),
    Tab.FAILED: (Outcome.FAILED,),
    Tab.SKIPPED: (Outcome.SKIPPED, Outcome.UNCHANGED),
    Tab.WAITING: (Outcome.PENDING, Outcome.WAITING),
}


class Period(models.TextChoices):
    ANY = "", _("Any date")
    TODAY = "today", _("Today")
    LAST_7_DAYS = "7days", _("Last 7 Days")
    THIS_MONTH = "month", _("This Month")
    LAST_MONTH = "lastmonth", _("Last Month")
    CUSTOM = "custom", _("Custom range")


class Sync(models.TextChoices):
    """Sync Status: how the event itself ended."""

    ALL = "", _("All")
    SUCCESS = "success", _("Success")
    ERROR = "error", _("Error")


class Job(models.TextChoices):
    """Job Status: how the event's sync job ended."""

    ALL = "", _("All")
    SUCCESS = "success", _("Success")
    FAILURE = "failure", _("Failure")


SYNC_OUTCOMES: dict[str, tuple[str, ...]] = {
    Sync.SUCCESS: (Outcome.NEW, Outcome.UPDATED, Outcome.UNCHANGED),
    Sync.ERROR: (Outcome.FAILED,),
}
JOB_STATUSES: dict[str, tuple[str, ...]] = {
    Job.SUCCESS: (Run.Status.SUCCESS,),
    Job.FAILURE: (Run.Status.FAILURE, Run.Status.UNBALANCED, Run.Status.STOPPED),
}


@dataclass(frozen=True)
class LogFilter:
    """What somebody asked the event log for. Dates are days in the current time zone, both included."""

    tab: Tab = Tab.ALL
    period: str = Period.ANY
    since: datetime.date | None = None
    until: datetime.date | None = None
    job: str = Job.ALL
    sync: str = Sync.ALL
    connection: int | None = None
    record_type: str = ""
    search: str = ""
    # The digest of what failed events failed of.
    cause: str = ""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Those that both the tab and Sync Status allow."""
        allowed = SYNC_OUTCOMES.get(self.sync)
        return tuple(outcome for outcome in TAB_OUTCOMES[self.tab] if allowed is None or outcome in allowed)

    @property
    def is_narrowed(self) -> bool:
        return replace(self, tab=Tab.ALL, connection=None) != LogFilter()


def days(log: LogFilter, today: datetime.date) -> tuple[datetime.date | None, datetime.date | None]:
    """First and last day of the filter's period."""
    first = today.replace(day=1)
    match log.period:
        case Period.TODAY:
            return today, None
        case Period.LAST_7_DAYS:
            return today - datetime.timedelta(days=6), None
        case Period.THIS_MONTH:
            return first, None
        case Period.LAST_MONTH:
            last = first - datetime.timedelta(days=1)
            return last.replace(day=1), last
        case Period.CUSTOM:
            return log.since, log.until
    return None, None
