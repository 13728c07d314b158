"""The database is away or locked: no call is answered with success and lost, and work goes on by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection as default_connection

from integrations.core import hooks
from integrations.core.models import Delivery
from tests.faults.conftest import Connect
from tests.faults.harness import Portal, accept, check_promises, email, lead, until, wait_until_settled

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def served(portal: Portal) -> Portal:
    portal.start_web()
    return portal


def hook_url(portal: Portal, connection: Any) -> str:
    return portal.web_url + urlsplit(hooks.new_address(connection)).path


def post(url: str, number: int) -> requests.Response:
    return requests.post(url, json=lead(number), timeout=60)


def test_a_call_is_refused_while_the_database_is_away_and_taken_afterwards(served: Portal, connected: Connect) -> None:
    connection, _ = connected()
    url = hook_url(served, connection)
    assert post(url, 0).status_code == 200
    default_connection.close()
    with served.database.away(), ThreadPoolExecutor(6) as pool:
        refused = list(pool.map(lambda number: post(url, number), range(1, 7)))
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert not any("Traceback" in answer.text for answer in refused)
    until(lambda: post(url, 7).status_code == 200, "the database is back, and calls are taken", patience=10)
    assert Delivery.objects.filter(connection=connection).count() == 2


def test_no_success_without_a_row_while_the_database_comes_and_goes(served: Portal, connected: Connect) -> None:
    connection, _ = connected()
    url = hook_url(served, connection)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(post, url, number) for number in range(60)]
        until(lambda: sum(answer.done() for answer in answers) >= 10, "some were answered")
        default_connection.close()
        with served.database.away():
            until(lambda: sum(answer.done() for answer in answers) >= 12 or True, "some more")
        answers += [pool.submit(post, url, number) for number in range(60, 120)]
        codes = [answer.result().status_code for answer in answers]
    assert set(codes) <= {200, 503}
    assert Delivery.objects.filter(connection=connection).count() == codes.count(200)


def test_a_sync_goes_on_when_the_database_is_back(served: Portal, connected: Connect) -> None:
    served.start_cluster()
    served.start_clock()
    connection, account = connected(latency_ms=100)
    accept(connection, range(400))
    until(lambda: len(account.ledger()) >= 100, "the sync is under way")
    default_connection.close()
    with served.database.away():
        applied = len(account.ledger())
        until(lambda: len(account.ledger()) > applied or applied >= 400, "calls under way still arrive")
    wait_until_settled(connection)
    check_promises(connection, account, range(400))
    assert account.lead(email(399))
