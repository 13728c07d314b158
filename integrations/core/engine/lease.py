"""The lease on a connection: one drain at a time, fenced by a token, timed by the database's clock."""

from __future__ import annotations

import datetime
import os
import socket
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from integrations.core.models import Lease
from integrations.core.models.engine import EPOCH

TTL = datetime.timedelta(seconds=settings.LEASE_SECONDS)
# Stop sending this long before the lease may be taken over.
MARGIN_SECONDS = settings.LEASE_SECONDS / 6

DELIVER = "deliver"


class LeaseLost(Exception):
    """Somebody else works on this connection now: stop without writing."""


@dataclass
class Held:
    """A lease this process holds. `alive` is the process's own, cautious view between two renewals."""

    connection_id: int
    name: str
    token: int
    # As its last holder left it: the rate limit's window, the pause, the failures.
    left: Lease
    renewed: float = field(default_factory=time.monotonic)

    def alive(self) -> bool:
        age = time.monotonic() - self.renewed
        return bool(age < TTL.total_seconds() - MARGIN_SECONDS)

    def renew(self) -> None:
        """Prolong. Call it first in every transaction that settles: raises LeaseLost, which rolls that back."""
        started = time.monotonic()
        mine = Lease.objects.filter(connection_id=self.connection_id, name=self.name, token=self.token)
        if not mine.update(until=Now() + TTL):
            self.renewed = float("-inf")
            raise LeaseLost(f"The lease on connection {self.connection_id} was taken over.")
        self.renewed = started

    def release(self, **changes: object) -> None:
        """Give the lease back, with what the next holder should know. A lost lease is left alone."""
        mine = Lease.objects.filter(connection_id=self.connection_id, name=self.name, token=self.token)
        mine.update(until=EPOCH, owner="", **changes)


def nobody_at_work(connection_id: int) -> bool:
    """Inside a transaction that has locked the connection: whether no worker holds a lease on it. Until the transaction
    ends none gets one."""
    leases = Lease.objects.filter(connection_id=connection_id)
    list(leases.select_for_update())
    return not leases.filter(until__gt=Now()).exists()


def acquire(connection_id: int, name: str = DELIVER) -> Held | None:
    """Take the lease, or None when somebody holds it. SKIP LOCKED: nobody queues behind a frozen holder."""
    Lease.objects.get_or_create(connection_id=connection_id, name=name)
    with transaction.atomic():
        free = Lease.objects.select_for_update(skip_locked=True).filter(
            connection_id=connection_id, name=name, until__lt=Now()
        )
        row = free.first()
        if row is None:
            return None
        taken = Lease.objects.filter(pk=row.pk, token=row.token, until__lt=Now()).update(
            token=F("token") + 1,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            until=Now() + TTL,
            # Who asked for a worker has one.
            wanted=False,
        )
    return Held(connection_id, name, row.token + 1, row) if taken else None
