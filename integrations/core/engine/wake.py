"""Wake a worker for a connection. Wakes coalesce, and losing one loses nothing: the sweep finds what is due."""

from __future__ import annotations

from django.db import connection, transaction
from django_q.tasks import async_task

from integrations.core.engine.lease import DELIVER
from integrations.core.models import Lease

# In SQL, as every webhook call asks: the ORM takes five times as long to write it as the database to answer it.
WANTED = "SELECT wanted FROM core_lease WHERE connection_id = %s AND name = %s"


def wake(connection_id: int) -> None:
    """Ask for a drain once the running transaction has committed, unless one is asked for already."""
    transaction.on_commit(lambda: wake_now(connection_id), robust=True)


def wake_now(connection_id: int) -> None:
    """The same, at once. One read when a worker is on its way already."""
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [connection_id, DELIVER])
        found = cursor.fetchone()
    if found is None:
        Lease.objects.get_or_create(connection_id=connection_id, name=DELIVER)
    elif found[0]:
        return
    leases = Lease.objects.filter(connection_id=connection_id, name=DELIVER)
    if leases.filter(wanted=False).update(wanted=True):
        async_task("integrations.core.tasks.drain", connection_id)
