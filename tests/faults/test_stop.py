"""Stopping on request: the portal for a deploy, a connection by its user."""

from __future__ import annotations

import os
import signal

import pytest

from integrations.core.models import Connection, Event
from tests.faults.conftest import Connect
from tests.faults.harness import Portal, accept, check_promises, until, wait_until_settled, worker_of

pytestmark = pytest.mark.fault


def test_sigterm_lands_what_is_under_way_and_leaves_no_process_behind(portal: Portal, connected: Connect) -> None:
    clock = portal.start_clock()
    cluster = portal.start_cluster()
    connection, account = connected(latency_ms=150)
    accept(connection, range(400))
    until(lambda: len(account.ledger()) >= 50, "the sync is under way")
    clock.kill()
    cluster.terminate()
    assert cluster.wait(timeout=60) == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(cluster.pid, signal.SIGKILL)
    settled = Event.objects.filter(connection=connection, settled_at__isnull=False)
    assert settled.count() == len(account.ledger()), "what was applied is written down"
    assert worker_of(connection) == 0, "the next worker doesn't have to wait for the lease"
    portal.start_clock()
    portal.start_cluster()
    wait_until_settled(connection)
    check_promises(connection, account, range(400))


def test_what_a_user_disabled_stays_disabled_whatever_the_vendor_answers(portal: Portal, connected: Connect) -> None:
    portal.stop()
    portal.start_clock()
    portal.start_cluster()
    connection, account = connected()
    account.latency(2000)
    account.fault("unauthorized", times=None)
    calls = account.call_count()
    accept(connection, range(20))
    until(lambda: account.call_count() > calls, "a call is under way")
    connection.set_state(Connection.State.DISABLED)
    until(lambda: not worker_of(connection), "the drain has ended")
    connection.refresh_from_db()
    assert connection.state == Connection.State.DISABLED
    assert Event.objects.filter(connection=connection, due_at__isnull=False).count() == 20
