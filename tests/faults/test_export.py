"""Issue B's promise: a one-time export survives kill -9, pause and stop, and sends nobody twice."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator

import pytest

from integrations.connectors.leadhub.connector import EXPORT
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core import newcomer
from integrations.core.engine import collect, control
from integrations.core.models import Connection, Run
from integrations.sources.loyalty.batch import CustomerRow
from integrations.sources.loyalty.customers import save_customers
from tests.faults.harness import Portal, until, wait_until_settled, worker_of
from tests.sandbox_leadhub import LeadHubAccount
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.fault
CUSTOMERS = 150

Exporting = Callable[[str], tuple[LeadHubConnection, LeadHubAccount, Run]]


@pytest.fixture(scope="module")
def working(portal: Portal) -> Portal:
    """With a cluster, a clock and customers nobody was told of."""
    save_customers([CustomerRow(email=f"n{number}@example.test") for number in range(CUSTOMERS)])
    portal.start_clock()
    portal.start_cluster()
    return portal


@pytest.fixture
def exporting(working: Portal, vendor: Sandbox) -> Iterator[Exporting]:
    """Starts an export to a LeadHub account of its own, at about twelve tags a second."""
    made: list[LeadHubConnection] = []

    def start(name: str) -> tuple[LeadHubConnection, LeadHubAccount, Run]:
        account = vendor.leadhub(name)
        account.limits()
        account.settings(visibility_delay_s=0, latency_ms=120)
        connection = LeadHubConnection.objects.create(
            connector="leadhub",
            name=name,
            state=Connection.State.ENABLED,
            api_address=account.url,
            api_key=account.token,
            calls_per_minute=0,
        )
        newcomer.complete(connection, by="tests")
        made.append(connection)
        run = collect.start(connection, EXPORT, Run.Trigger.EXPORT, expected=CUSTOMERS)
        assert run is not None
        return connection, account, run

    yield start
    for connection in made:
        connection.set_state("disabled")


def tagged(account: LeadHubAccount) -> list[str]:
    return [entry["user_id"] for entry in account.ledger(kind="tag")]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_worker_killed_while_it_exports_sends_nobody_twice(exporting: Exporting, seed: int) -> None:
    dice = random.Random(seed)
    connection, account, run = exporting(f"killed-{seed}")
    killed: list[int] = []
    for part in (dice.randrange(1, 50), dice.randrange(50, 100)):
        until(lambda part=part: len(tagged(account)) >= part, f"{part} tags were set")
        until(lambda: worker_of(connection) not in (0, *killed), "a worker sends")
        killed.append(worker_of(connection))
        os.kill(killed[-1], signal.SIGKILL)
        assert len(tagged(account)) < CUSTOMERS, "it was in the middle of it"
    wait_until_settled(connection)
    assert len(tagged(account)) == len(set(tagged(account))) == CUSTOMERS
    run.refresh_from_db()
    assert (run.status, run.read, run.new, run.waiting) == ("success", CUSTOMERS, CUSTOMERS, 0)


def test_a_paused_export_rests_and_a_resumed_one_goes_on(exporting: Exporting) -> None:
    connection, account, run = exporting("paused")
    until(lambda: len(tagged(account)) >= 20, "20 tags were set")
    assert control.pause(run)
    until(lambda: not worker_of(connection), "the worker has left")
    resting = len(tagged(account))
    assert resting < CUSTOMERS
    assert control.resume(run)
    wait_until_settled(connection)
    assert len(tagged(account)) == len(set(tagged(account))) == CUSTOMERS


def test_a_stopped_export_sends_no_more_and_its_books_balance(exporting: Exporting) -> None:
    _connection, account, run = exporting("stopped")
    until(lambda: len(tagged(account)) >= 20, "20 tags were set")
    assert control.stop(run)
    until(lambda: Run.objects.get(pk=run.pk).status == "stopped", "it has stopped")
    run.refresh_from_db()
    sent = len(tagged(account))
    assert 20 <= sent < CUSTOMERS
    assert (run.new, run.skipped, run.waiting) == (sent, run.read - sent, 0)
