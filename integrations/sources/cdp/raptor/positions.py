"""How far an audience was read: the position commits with what was read up to it."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.batch import Outcome
from integrations.sources.cdp.raptor.client import RaptorClient
from integrations.sources.cdp.raptor.models import RaptorCursor
from integrations.sources.cdp.rows import MembershipRow
from integrations.sources.cdp.told import tell_memberships

# An identifier's value, whether it entered, and when.
Told = tuple[Any, bool, datetime.datetime | None]


class OutOfTime(Exception):
    """The rest is done in the next minute."""


@dataclass(frozen=True)
class Pass:
    """One worker's look at everything: by which person identifier, and until when (time.monotonic())."""

    client: RaptorClient
    identifier: str
    deadline: float

    def check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise OutOfTime


class Overtaken(Exception):
    """Another worker has gone on from this position, or the settings were changed: this one leaves it alone."""


def hold(cursor: RaptorCursor) -> None:
    """Lock its row for the rest of the transaction, before anything else. Raises Overtaken."""
    found = RaptorCursor.objects.select_for_update().filter(pk=cursor.pk).first()
    if found is None or found.position() != cursor.position():
        raise Overtaken


def keep(cursor: RaptorCursor, **columns: Any) -> None:
    """Write these columns of a cursor that is held."""
    for name, value in columns.items():
        setattr(cursor, name, value)
    RaptorCursor.objects.filter(pk=cursor.pk).update(**columns)


def tell(cursor: RaptorCursor, identifier: str, told: Sequence[Told]) -> None:
    """Let persons enter and leave; what was refused is counted, and the last reason kept."""
    rows = [MembershipRow(cursor.audience_id, {identifier: value}, entered, at) for value, entered, at in told]
    note_refusals(cursor, [one.message for one in tell_memberships(rows) if one.outcome == Outcome.REFUSED])


def note_refusals(cursor: RaptorCursor, reasons: Sequence[str]) -> None:
    if reasons:
        keep(cursor, refused=cursor.refused + len(reasons), last_refusal=reasons[-1] or _("It makes no sense."))
