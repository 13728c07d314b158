"""The right to work on a CSV import: one worker at a time, fenced by a token, timed by the database's clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from integrations.core.engine.lease import TTL
from integrations.core.models import Import
from integrations.core.models.engine import EPOCH
from integrations.core.models.imports import AT_WORK


class TurnLost(Exception):
    """Somebody paused or stopped it, or another worker took over: end without writing."""


@dataclass
class Turn:
    """`state` is the work it is the turn for."""

    import_id: int
    token: int
    state: str
    since: float = field(default_factory=time.monotonic)

    def renew(self, **changes: Any) -> None:
        """Prolong. Call it first in every transaction that writes rows: raises TurnLost, which rolls that back, and
        whoever pauses or stops meanwhile waits for its end."""
        mine = Import.objects.filter(pk=self.import_id, token=self.token, state=self.state)
        if not mine.update(until=Now() + TTL, **changes):
            raise TurnLost

    def lap(self) -> float:
        """Seconds since the last one."""
        before, self.since = self.since, time.monotonic()
        return self.since - before

    def release(self) -> None:
        Import.objects.filter(pk=self.import_id, token=self.token).update(until=EPOCH)


def take(import_id: int) -> Turn | None:
    """None when there is nothing to do, or somebody is at it."""
    free = Import.objects.filter(pk=import_id, state__in=AT_WORK, until__lt=Now())
    if not free.update(token=F("token") + 1, until=Now() + TTL, tries=F("tries") + 1):
        return None
    token, state = Import.objects.values_list("token", "state").get(pk=import_id)
    return Turn(import_id, token, state)
