"""Fetch data from FlexPOS: the six choices of an initial import, and what follows from them. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.windows import ZONE, Window, between, oldest

JOB, ESTIMATE = "initial import", "estimate"
# Under this key a record of an initial import carries that import's own choices; no field of FlexPOS is called so.
MARK = "_import"
CUSTOMERS, JOURNALS, TICKETS = "customers", "journals", "tickets"

# An estimate is as good as the list and the till were when it was made.
ESTIMATE_HOLDS = datetime.timedelta(days=1)
# More new members than that are wanted on purpose: whoever starts the import types the list's name.
MOST_UNTYPED_CREATES = 1000


class OrderData(models.TextChoices):
    """Fetch order data."""

    BOTH = "both", _("Journals and tickets")
    JOURNALS = JOURNALS, _("Journals")
    TICKETS = TICKETS, _("Tickets")
    NONE = "none", _("None")


ORDER_RESOURCES = {
    OrderData.BOTH: (JOURNALS, TICKETS),
    OrderData.JOURNALS: (JOURNALS,),
    OrderData.TICKETS: (TICKETS,),
    OrderData.NONE: (),
}


@dataclass(frozen=True)
class Choices:
    """What one import fetches and how. `first` and `last` are days in Denmark, both included."""

    first: datetime.date
    last: datetime.date
    orders: str = OrderData.BOTH
    members: bool = True
    unsubscribed: bool = False
    opt_in: bool = False
    automations: bool = False

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> Self:
        """From what `saved` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        dates = {name: datetime.date.fromisoformat(saved[name]) for name in ("first", "last")}
        return cls(**{**saved, **dates, "orders": OrderData(saved["orders"]).value})

    def saved(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}

    @property
    def resources(self) -> tuple[str, ...]:
        """What is read of FlexPOS, in this order: a purchase of somebody comes after them."""
        return ((CUSTOMERS,) if self.members else ()) + ORDER_RESOURCES[OrderData(self.orders)]

    @property
    def mark(self) -> dict[str, bool]:
        """What each record of the import carries under MARK: what goes for it instead of the settings."""
        return {"unsubscribed": self.unsubscribed, "opt_in": self.opt_in, "automations": self.automations}

    def windows(self, started: datetime.datetime, now: datetime.datetime, reached: str = "") -> list[Window]:
        """What is left to read of an import that started then and has `reached` an instant (ISO; "": none)."""
        start = datetime.datetime.fromisoformat(reached) if reached else midnight(self.first)
        return between(start, min(midnight(self.last + datetime.timedelta(days=1)), started), now)


def midnight(day: datetime.date) -> datetime.datetime:
    """The instant at which a day begins in Denmark. Its clocks never change at midnight."""
    return datetime.datetime.combine(day, datetime.time(), ZONE).astimezone(datetime.UTC)


def earliest(now: datetime.datetime) -> datetime.date:
    """The first day FlexPOS tells anything about."""
    return oldest(now).astimezone(ZONE).date()


def today(now: datetime.datetime) -> datetime.date:
    return now.astimezone(ZONE).date()


def span_problem(first: datetime.date, last: datetime.date, now: datetime.datetime) -> str:
    """Why FlexPOS can't be asked for these days, with what to do; "" when it can."""
    if last < first:
        return _now("The date span ends before it begins: choose a later To date, or an earlier From date.")
    if first < earliest(now):
        text = _now("FlexPOS keeps data for one year: choose a From date from %(date)s on.")
        return text % {"date": earliest(now).isoformat()}
    if last > today(now):
        return _now("The date span ends in the future: choose today or an earlier To date.")
    return ""


def needs_typed_name(mails: int, created: int) -> bool:
    """Whether somebody must type the list's name before this is started."""
    return mails > 0 or created > MOST_UNTYPED_CREATES


def still_holds(made: datetime.datetime, now: datetime.datetime, version: int | None, current: int | None) -> bool:
    """Whether an estimate made then, under that settings version, says anything about an import started now."""
    return now - made <= ESTIMATE_HOLDS and version == current
