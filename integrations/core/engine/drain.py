"""The drain: one worker empties one connection's queue for a bounded time, and hands on."""

from __future__ import annotations

import datetime
import logging

from django.utils import timezone

from integrations.core.engine import control, inbox, queue
from integrations.core.engine.draining import TICK, Drain
from integrations.core.engine.lease import DELIVER, Held, LeaseLost, acquire
from integrations.core.engine.wake import wake
from integrations.core.models import Connection, Lease
from integrations.core.models.engine import EPOCH
from integrations.core.registry import connector_for
from integrations.core.versions import current_version

logger = logging.getLogger(__name__)

# Seconds a drain sends before it hands on; well below django-q2's timeout, with room for the calls under way.
BUDGET = 45.0


def drain(connection_id: int, *, budget: float = BUDGET) -> None:
    """Empty a connection's queue as far as its lease, its vendor and the budget (seconds) allow."""
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None or (held := acquire(connection_id)) is None:
        return
    if connection.state == Connection.State.ENABLED and held.left.not_before <= timezone.now():
        _empty(connection, held, budget)
    else:
        _leave(connection, held)


def _leave(connection: Connection, held: Held) -> None:
    """Nothing may be sent now. Webhook calls are read nevertheless, and what was stopped or removed is ended."""
    inbox.hold_deliveries(connection)
    if connection.state == Connection.State.ENABLED:
        inbox.read_deliveries(connector_for(connection), held, seconds=TICK)
    removed = connection.state == Connection.State.REMOVED
    control.end_stopped(held, removed=removed)
    held.release(wanted=False)
    if removed:
        connector_for(connection).forget()


def _empty(connection: Connection, held: Held, budget: float) -> None:
    # Before the settings: when they are saved in between, the drain's first look finds a newer version.
    version = current_version(connection)
    connector = connector_for(connection)
    connector.load()
    connector.limits.restore(held.left.spent)
    work = Drain(connector, held, version, budget=budget)
    try:
        work.run()
    except LeaseLost as error:
        logger.warning("%s", error)
        return
    finally:
        connector.close()
    # A worker that was woken meanwhile found the lease taken and went away: this one looks for it, once it is free.
    held.release(wanted=False, **_handover(work))
    if work.removed:
        # What landed after the removal was kept again.
        connector.forget()
    if _is_left(work) and _may_send(connection.pk):
        wake(connection.pk)


def _handover(work: Drain) -> dict[str, object]:
    """What the next drain must know: the rate limit's window, and how long to leave the vendor alone."""
    failures, closed_for = work.breaker.leaves()
    paused = max(work.connector.limits.paused_for(), closed_for)
    not_before = timezone.now() + datetime.timedelta(seconds=paused) if paused else EPOCH
    return {"spent": work.connector.limits.spent(), "not_before": not_before, "failures": failures}


def _is_left(work: Drain) -> bool:
    """Whether another drain has something to do at once. What this one could not move waits for the sweep."""
    connection_id = work.connection.pk
    takeable = queue.takeable(connection_id, work.halted)
    return inbox.waiting(connection_id).exists() or (work.progressed and takeable.exists())


def _may_send(connection_id: int) -> bool:
    enabled = Connection.objects.filter(pk=connection_id, state=Connection.State.ENABLED)
    leases = Lease.objects.filter(connection_id=connection_id, name=DELIVER, not_before__lte=timezone.now())
    return enabled.exists() and leases.exists()
