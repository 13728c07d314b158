"""Issue C's promise: an initial import survives kill -9 while it reads and while it sends, and everybody comes once."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.connectors.flexpos.import_start import start_estimate, start_import
from integrations.connectors.flexpos.initial_import import JOB, Choices, OrderData, today
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.models import Cursor, Run
from tests.connectors.flexpos import till
from tests.faults.harness import Portal, is_settled, its_time_comes, kill_group, until, wait_until_settled, worker_of
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.fault
MEMBERS = 2000
SPAN = timedelta(days=28)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Of accounts for this test only."""
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-").lower()


@pytest.fixture
def shop(vendor: Sandbox, name: str) -> FlexPOSAccount:
    """A month of customers, at a till that takes its time."""
    shop = vendor.flexpos(name)
    shop.settings(calls_per_minute=0, messy_emails=False, latency_ms=150)
    end = timezone.now() - timedelta(minutes=5)
    shop.seed(customers=MEMBERS, start=(end - SPAN).isoformat(), end=end.isoformat())
    return shop


@pytest.fixture
def practice(vendor: Sandbox, name: str) -> HeyloyaltyAccount:
    account = vendor.heyloyalty(name)
    account.settings(import_delay_s=0, calls_per_s=0)
    return account


@pytest.fixture
def connection(portal: Portal, shop: FlexPOSAccount, practice: HeyloyaltyAccount) -> Iterator[FlexPOSConnection]:
    connection = till.connect(shop, practice)
    yield connection
    connection.set_state("disabled")


def begin(connection: FlexPOSConnection) -> Run:
    """An import, estimated by the workers and confirmed."""
    now = timezone.now()
    chosen = Choices(today(now - SPAN - timedelta(days=1)), today(now), OrderData.NONE)
    estimate = start_estimate(connection, chosen)
    assert estimate is not None
    until(lambda: Run.objects.get(pk=estimate.pk).status == Run.Status.SUCCESS, "the estimate is made")
    estimate.refresh_from_db()
    assert estimate.plan["result"]["created"] == MEMBERS
    run, _ = start_import(connection, estimate)
    assert run is not None
    return run


def check(run: Run, practice: HeyloyaltyAccount) -> None:
    """Everybody was created once, nothing failed, and the books balance."""
    run.refresh_from_db()
    created = [entry["id"] for entry in practice.ledger() if (entry["kind"], entry["outcome"]) == ("member", "created")]
    addresses = [member["values"]["email"] for member in practice.members()]
    assert len(created) == len(addresses) == len(set(addresses)) == MEMBERS
    assert (run.status, run.failed, run.waiting, run.read) == (Run.Status.SUCCESS, 0, 0, run.settled)


@pytest.fixture(scope="module")
def working(portal: Portal) -> Portal:
    """With a cluster and a clock."""
    portal.start_clock()
    portal.start_cluster()
    return portal


def test_a_reader_killed_between_two_pages_goes_on_at_the_page_it_had_reached(
    working: Portal, connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    run = begin(connection)
    until(lambda: Cursor.objects.filter(connection=connection, value__run=run.pk, job=JOB).exists(), "a page was read")
    os.kill(until(lambda: worker_of(connection, f"collect:{JOB}"), "somebody reads"), signal.SIGKILL)
    assert not Run.objects.get(pk=run.pk).complete, "it was in the middle of it"
    wait_until_settled(connection, clock_runs_fast=True)
    check(run, practice)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_sender_killed_at_a_random_moment_creates_nobody_twice(
    working: Portal, connection: FlexPOSConnection, practice: HeyloyaltyAccount, seed: int
) -> None:
    dice = random.Random(seed)
    practice.latency(100)
    run = begin(connection)
    killed: list[int] = []
    for part in (dice.randrange(1, 500), dice.randrange(600, 1400)):
        until(lambda part=part: len(practice.members()) >= part, f"{part} members were created")
        until(lambda: worker_of(connection) not in (0, *killed), "a worker sends")
        killed.append(worker_of(connection))
        os.kill(killed[-1], signal.SIGKILL)
        its_time_comes(connection)
    wait_until_settled(connection, clock_runs_fast=True)
    check(run, practice)


def test_everything_killed_at_once_goes_on_where_it_stood(
    portal: Portal, connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    portal.stop()
    cluster, clock = portal.start_cluster(), portal.start_clock()
    practice.latency(100)
    run = begin(connection)
    until(lambda: len(practice.members()) >= 300, "300 members were created")
    kill_group(clock)
    kill_group(cluster)
    assert not is_settled(connection), "it was in the middle of it"
    portal.start_cluster()
    portal.start_clock()
    wait_until_settled(connection, clock_runs_fast=True)
    check(run, practice)
