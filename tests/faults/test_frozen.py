"""A worker that freezes longer than its lease lasts, and then wakes: it must neither send nor write any more."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from integrations.core.models import Attempt, Event
from tests.faults.conftest import Connect
from tests.faults.harness import Portal, accept, check_promises, until, wait_until_settled, worker_of

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def working(portal: Portal) -> Portal:
    portal.start_clock()
    portal.start_cluster()
    return portal


@contextmanager
def frozen(pid: int, portal: Portal) -> Iterator[None]:
    """Frozen between two transactions: inside one it would keep its locks, on SQLite until it dies (README)."""

    def stopped() -> bool:
        os.kill(pid, signal.SIGSTOP)
        if portal.database.is_free():
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    until(stopped, "the worker is between two transactions")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "settings", [{}, {"secondary_search_by": "Phone"}], ids=["a call a batch", "many calls a batch"]
)
def test_a_frozen_worker_that_wakes_late_sends_and_settles_nothing(
    working: Portal, connected: Connect, settings: dict[str, str]
) -> None:
    connection, account = connected(latency_ms=150, **settings)
    accept(connection, range(100))
    until(lambda: account.call_count() >= 10 or len(account.ledger()) >= 10, "the worker sends")
    lost = working.log().count(f"lease on connection {connection.pk} was taken over")
    pid = until(lambda: worker_of(connection), "a worker holds the lease")
    with frozen(pid, working):
        until(lambda: worker_of(connection) not in (0, pid), "another worker takes over")
        account.latency(0)
        wait_until_settled(connection)
        attempts, calls = Attempt.objects.count(), account.call_count()
    until(
        lambda: working.log().count(f"lease on connection {connection.pk} was taken over") > lost,
        "the late worker finds its lease gone",
    )
    assert account.calls(since=calls) == []
    assert Attempt.objects.count() == attempts
    assert Event.objects.filter(connection=connection).count() == 100
    check_promises(connection, account, range(100))
