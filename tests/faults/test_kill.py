"""Promises 1 and 2 under kill -9: of the worker that sends, and of everything at once."""

from __future__ import annotations

import os
import random
import signal

import pytest

from integrations.core.models import Delivery
from tests.faults.conftest import Connect
from tests.faults.harness import (
    Portal,
    accept,
    check_promises,
    is_settled,
    kill_group,
    until,
    wait_until_settled,
    worker_of,
)
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.fault
RECORDS = 500


@pytest.fixture(scope="module")
def working(portal: Portal) -> Portal:
    """With a cluster and a clock."""
    portal.start_clock()
    portal.start_cluster()
    return portal


def wait_for_applied(account: LeadSquaredAccount, number: int) -> None:
    until(lambda: len(account.ledger()) >= number, f"{number} records were applied")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_worker_killed_at_a_random_moment_loses_and_doubles_nothing(
    working: Portal, connected: Connect, seed: int
) -> None:
    dice = random.Random(seed)
    connection, account = connected(latency_ms=150)
    accept(connection, range(RECORDS))
    killed: list[int] = []
    for part in (dice.randrange(1, 150), dice.randrange(150, 350)):
        wait_for_applied(account, part)
        # The one killed before holds its lease for some seconds more.
        until(lambda: worker_of(connection) not in (0, *killed), "a worker sends")
        killed.append(worker_of(connection))
        os.kill(killed[-1], signal.SIGKILL)
        assert not is_settled(connection), "it was in the middle of it"
    wait_until_settled(connection)
    check_promises(connection, account, range(RECORDS))


def test_a_worker_killed_while_it_sends_activities_creates_none_twice(working: Portal, connected: Connect) -> None:
    connection, account = connected(latency_ms=40, sync_activities=True)
    accept(connection, range(100))
    wait_until_settled(connection)
    account.latency(200)
    applied = len(account.ledger())
    accept(connection, range(100), activities=True)
    wait_for_applied(account, applied + 20)
    os.kill(until(lambda: worker_of(connection), "a worker sends"), signal.SIGKILL)
    account.latency(0)
    wait_until_settled(connection)
    check_promises(connection, account, range(100))
    created = [entry for entry in account.ledger() if (entry["kind"], entry["outcome"]) == ("activity", "created")]
    assert len(created) == 100
    assert len({entry["key"] for entry in created}) == 100


def test_everything_killed_at_once_goes_on_where_it_stood(portal: Portal, connected: Connect) -> None:
    portal.stop()
    connection, account = connected(latency_ms=150)
    cluster = portal.start_cluster()
    clock = portal.start_clock()
    accept(connection, range(RECORDS))
    wait_for_applied(account, 100)
    kill_group(clock)
    kill_group(cluster)
    assert Delivery.objects.filter(connection=connection).count() == RECORDS // 20
    assert not is_settled(connection), "it was in the middle of it"
    portal.start_cluster()
    portal.start_clock()
    wait_until_settled(connection)
    check_promises(connection, account, range(RECORDS))
