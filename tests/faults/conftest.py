from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from tests.core.toy import connect
from tests.faults.harness import Portal, looking_into, new_database
from tests.sandbox_server import LeadSquaredAccount, Sandbox

Connect = Callable[..., tuple[LeadSquaredConnection, LeadSquaredAccount]]


@pytest.fixture(scope="session")
def vendor() -> Iterator[Sandbox]:
    """The practice vendors in a process of their own."""
    with Sandbox(process=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A migrated database to copy."""
    folder = tmp_path_factory.mktemp("template")
    database = new_database(folder, "template")
    Portal(database, folder, "template").manage("migrate", "--verbosity", "0")
    yield database
    database.drop()


@pytest.fixture(scope="module")
def portal(
    migrated: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, django_db_blocker: Any
) -> Iterator[Portal]:
    """A portal without a process yet; this process looks into its database."""
    name = request.module.__name__.rpartition(".")[2]
    folder = tmp_path_factory.mktemp(name)
    database = new_database(folder, name)
    database.copy_of(migrated)
    portal = Portal(database, Path(folder), f"{name}-{folder.name}")
    with django_db_blocker.unblock(), looking_into(database):
        try:
            yield portal
        finally:
            portal.stop()
    database.drop()


@pytest.fixture
def connected(portal: Portal, vendor: Sandbox, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes an enabled connection and the practice account it writes to, both for this test only."""
    made: list[LeadSquaredConnection] = []

    def make(latency_ms: float = 0, **settings: Any) -> tuple[LeadSquaredConnection, LeadSquaredAccount]:
        name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-").lower()
        account = vendor.leadsquared(f"{name}-{len(made)}")
        connection = connect(account, **settings)
        account.latency(latency_ms)
        made.append(connection)
        return connection, account

    yield make
    for connection in made:
        connection.set_state("disabled")
