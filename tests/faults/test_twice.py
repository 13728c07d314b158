"""Everything twice: calls, clusters, wakes, clicks, and writes that were applied but never answered."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django_q.models import Schedule

from integrations.core import hooks
from integrations.core.models import Delivery, Event, Run
from tests.faults.conftest import Connect
from tests.faults.harness import (
    ROOT,
    Portal,
    accept,
    check_promises,
    lead,
    wait_until_settled,
)

pytestmark = pytest.mark.fault
COPIES = 100


@pytest.fixture(scope="module")
def served(portal: Portal) -> Portal:
    portal.start_web()
    return portal


@pytest.fixture(scope="module")
def working(served: Portal) -> Portal:
    """With two clusters."""
    served.start_clock()
    served.start_cluster()
    served.start_cluster()
    return served


def hook_url(portal: Portal, connection: Any) -> str:
    return portal.web_url + urlsplit(hooks.new_address(connection)).path


def run_python(portal: Portal, code: str) -> str:
    """Code in a process of the portal's."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env=portal.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


CLICKS = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from integrations.core.engine.collect import start
from integrations.core.models import Connection

def click(_):
    try:
        return start(Connection.objects.get(pk={pk}), "nightly", "manual")
    finally:
        connections.close_all()

with ThreadPoolExecutor(20) as pool:
    print(sum(run is not None for run in pool.map(click, range(20))))
"""


def test_twenty_clicks_on_sync_now_start_one_run(portal: Portal, connected: Connect) -> None:
    connection, _ = connected()
    assert run_python(portal, CLICKS.format(pk=connection.pk)).strip() == "1"
    assert Run.objects.filter(connection=connection).count() == 1


@pytest.mark.parametrize("extra", [{"ModifiedOn": "2025-03-01 10:00:00"}, {}], ids=["with a time", "without a time"])
def test_a_hundred_parallel_copies_of_a_call_take_effect_once(
    working: Portal, connected: Connect, extra: dict[str, str]
) -> None:
    connection, account = connected()
    url, body = hook_url(working, connection), lead(1) | extra

    def call(_: int) -> int:
        return requests.post(url, json=body, timeout=60).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = Counter(pool.map(call, range(COPIES)))
    assert answers == {200: COPIES}
    assert Delivery.objects.filter(connection=connection).count() == COPIES
    wait_until_settled(connection)
    check_promises(connection, account, [1])
    assert len(account.ledger()) == 1


def test_a_call_in_pieces_without_a_length_is_stored_whole_or_refused(served: Portal, connected: Connect) -> None:
    connection, _ = connected()
    body = json.dumps(lead(1)).encode()
    pieces = (body[start : start + 20] for start in range(0, len(body), 20))
    headers = {"Content-Type": "application/json"}
    answer = requests.post(hook_url(served, connection), data=pieces, headers=headers, timeout=60)
    calls = list(Delivery.objects.filter(connection=connection))
    if answer.ok:
        assert [call.body for call in calls] == [body]
    else:
        assert answer.status_code == 411
        assert calls == []


def test_calls_that_come_while_a_worker_ends_are_not_left_for_the_clock(portal: Portal, connected: Connect) -> None:
    """No clock here: each call must be found by the worker it woke, or by the one it met at work."""
    portal.stop()
    Schedule.objects.all().delete()
    portal.start_web()
    portal.start_cluster()
    connection, account = connected(latency_ms=30)
    url = hook_url(portal, connection)
    dice = random.Random(7)
    for number in range(0, 40, 2):
        assert requests.post(url, json=lead(number), timeout=60).status_code == 200
        time.sleep(dice.uniform(0.02, 0.3))
        assert requests.post(url, json=lead(number + 1), timeout=60).status_code == 200
        wait_until_settled(connection)
    check_promises(connection, account, range(40))


def test_two_clusters_and_forty_wakes_send_each_record_once(working: Portal, connected: Connect) -> None:
    working.stop()
    connection, account = connected(latency_ms=50)
    accept(connection, range(400))
    run_python(
        working,
        "from django_q.tasks import async_task\n"
        f"for _ in range(40): async_task('integrations.core.tasks.drain', {connection.pk})",
    )
    for start in (working.start_cluster, working.start_cluster, working.start_clock):
        start()
    wait_until_settled(connection)
    check_promises(connection, account, range(400))
    assert len(account.ledger()) == 400
    assert set(Event.objects.filter(connection=connection).values_list("attempts", flat=True)) == {1}


def test_what_was_applied_but_never_answered_is_not_created_again(working: Portal, connected: Connect) -> None:
    connection, account = connected(sync_activities=True)
    account.fault("applied_unanswered", path="Lead/Bulk", at=[1, 2])
    account.fault("applied_unanswered", path="ProspectActivity.svc/Bulk", at=[1, 3])
    accept(connection, range(75))
    wait_until_settled(connection, clock_runs_fast=True)
    accept(connection, range(75), activities=True)
    wait_until_settled(connection, clock_runs_fast=True)
    check_promises(connection, account, range(75))
    assert len(account.activities()) == 75
    assert Event.objects.filter(connection=connection, record_type="activity").count() == 75
