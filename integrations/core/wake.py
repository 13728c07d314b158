"""Wake a worker for a connection. Wakes coalesce, and losing one loses nothing: the sweep finds what is due."""

from __future__ import annotations

from django.db import transaction
from django_q.tasks import async_task

from integrations.core.lease import DELIVER
from integrations.core.models import Lease


def wake(connection_id: int) -> None:
    """Ask for a drain once the running transaction has committed, unless one is asked for already."""
    transaction.on_commit(lambda: wake_now(connection_id), robust=True)


def wake_now(connection_id: int) -> None:
    """The same, at once. One read when a worker is on its way already."""
    leases = Lease.objects.filter(connection_id=connection_id, name=DELIVER)
    wanted = leases.values_list("wanted", flat=True).first()
    if wanted is None:
        Lease.objects.get_or_create(connection_id=connection_id, name=DELIVER)
    elif wanted:
        return
    if leases.filter(wanted=False).update(wanted=True):
        async_task("integrations.core.tasks.drain", connection_id)
