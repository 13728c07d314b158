"""Test connection: what core itself says of each vendor that the connector's steps call."""

from __future__ import annotations

import datetime
import socket
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.admin.connection.check import run_check
from integrations.core.connector import CheckStep
from integrations.core.errors import SyncError
from integrations.core.http import HttpClient
from tests.core.log_rows import make_connection
from tests.core.scripted_server import Reply, ScriptedServer
from tests.core.toy import toy

pytestmark = pytest.mark.django_db


def asks(*addresses: str) -> Any:
    """A `check` that reads each of these vendors once."""

    def check(self: Any) -> Any:
        for number, address in enumerate(addresses):
            with HttpClient(address, vendor=f"Vendor {number}") as client:
                try:
                    client.get("me")
                except SyncError as error:
                    yield CheckStep(f"Vendor {number} accepts the key", False, error.message)
                    return
            yield CheckStep(f"Vendor {number} accepts the key", True)

    return check


def steps(*addresses: str) -> list[tuple[str, bool]]:
    with toy(check=asks(*addresses)):
        return [(step.label, step.ok) for step in run_check(with_keys())]


def with_keys() -> Any:
    return make_connection("Shop", access_key="access", secret_key="secret")


def reply(status: int = 200, late: float = 0.0) -> Reply:
    date = timezone.now() + datetime.timedelta(seconds=late)
    return Reply(status, b"{}", {"Date": format_datetime(date, usegmt=False)})


def test_each_vendor_is_reached_and_tells_its_time() -> None:
    with ScriptedServer(reply()) as one, ScriptedServer(reply()) as other:
        assert steps(one.url, other.url) == [
            ("Vendor 0 is reached", True),
            ("The clocks of Vendor 0 and this server agree", True),
            ("Vendor 1 is reached", True),
            ("The clocks of Vendor 1 and this server agree", True),
            ("Vendor 0 accepts the key", True),
            ("Vendor 1 accepts the key", True),
        ]


def test_one_that_refuses_is_reached_all_the_same() -> None:
    with ScriptedServer(Reply(401)) as server:
        assert steps(server.url) == [("Vendor 0 is reached", True), ("Vendor 0 accepts the key", False)]


def test_one_that_is_not_reached_says_so_once() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert steps(address) == [("Vendor 0 is reached", False)]


@pytest.mark.parametrize("late", [-3600.0, 3600.0])
def test_clocks_that_differ_are_told(late: float) -> None:
    with ScriptedServer(reply(late=late)) as server, toy(check=asks(server.url)):
        [_, clock, _] = run_check(with_keys())
    assert not clock.ok and "Set this server's clock." in clock.detail
