"""Issue E's promise: kill -9 in the middle of a first sync, and both sides end equal, with nobody twice."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from integrations.connectors.contactsend.jobs import FIRST
from integrations.connectors.contactsend.models import ContactsendConnection, Pair
from integrations.core.engine import collect
from integrations.core.models import Run
from tests.connectors.contactsend.pair import connect
from tests.faults.harness import Portal, its_time_comes, until, wait_until_settled, worker_of
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.fault
EACH = 150


@pytest.fixture
def accounts(vendor: Sandbox) -> tuple[ContacthubAccount, ContactsendAccount]:
    """People on either side, some of them on both."""
    hub, send = vendor.contacthub("faults"), vendor.contactsend("faults")
    hub.seed(EACH)
    send.seed(EACH)
    for number in range(1, EACH, 3):
        send.save_subscriber(EMAIL=f"customer{number:06}@example.test", NOME="Somebody")
    return hub, send


@pytest.fixture
def source(portal: Portal, accounts: tuple[ContacthubAccount, ContactsendAccount]) -> Iterator[ContactsendConnection]:
    portal.start_cluster()
    portal.start_clock()
    connection = connect(*accounts)
    yield connection
    connection.set_state("disabled")


def test_workers_killed_during_a_first_sync_leave_both_sides_equal(
    source: ContactsendConnection, accounts: tuple[ContacthubAccount, ContactsendAccount]
) -> None:
    hub, send = accounts
    dice = random.Random(1)
    for account in accounts:
        account.latency(50)
    run = collect.start(source, FIRST, Run.Trigger.IMPORT)
    assert run is not None
    killed: list[int] = []

    def wrote() -> int:
        return len(send.ledger()) + len(hub.ledger())

    for part in (dice.randrange(10, 80), dice.randrange(90, 160), dice.randrange(200, 280)):
        until(lambda part=part: wrote() >= part, f"{part} were written")
        until(lambda: worker_of(source) not in (0, *killed), "a worker sends")
        killed.append(worker_of(source))
        os.kill(killed[-1], signal.SIGKILL)
        its_time_comes(source)
    wait_until_settled(source, clock_runs_fast=True)
    run.refresh_from_db()
    assert (run.status, run.read) == (Run.Status.SUCCESS, run.settled)
    ours = {one["base"]["contacts"]["email"]: one["base"]["firstName"] for one in hub.customers()}
    theirs = {one["values"]["EMAIL"]: one["values"]["NOME"] for one in send.subscribers()}
    assert ours == theirs
    assert len(ours) == Pair.objects.filter(connection=source).count() == 2 * EACH
    assert set(Counter(one["values"]["EMAIL"] for one in send.subscribers()).values()) == {1}
    assert hub.customer_count() == 2 * EACH
