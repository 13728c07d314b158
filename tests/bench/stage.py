"""What every benchmark stands on: a database of its own, an environment, and a connection to the practice vendor."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = ("127.0.0.1", 5432)
ADMIN_URL = os.environ.get("BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
DATABASE = "portal_bench"
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "benchmarks-only-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "FERNET_KEYS": "benchmarks-only-fernet-key",
    "OUTBOUND_ALLOW": "127.0.0.1,localhost",
    "SERVE_STATIC_UNCOLLECTED": "true",
    "LOG_LEVEL": "WARNING",
    "REDIS_URL": "",
}


def postgresql_answers() -> bool:
    with contextlib.suppress(OSError), socket.create_connection(SERVER, timeout=2):
        return True
    return False


@contextlib.contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """The environment of a fresh, migrated database, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        if kind == "sqlite":
            environment = _environment(f"sqlite:///{folder}/bench.sqlite3")
            _migrate(environment)
            yield environment
            return
        _administer(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)', f'CREATE DATABASE "{DATABASE}"')
        try:
            environment = _environment(f"{ADMIN_URL.rpartition('/')[0]}/{DATABASE}")
            _migrate(environment)
            yield environment
        finally:
            _administer(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')


def _environment(url: str) -> dict[str, str]:
    return os.environ | ENVIRONMENT | {"DATABASE_URL": url, "PYTHONPATH": str(ROOT)}


def _migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _administer(*statements: str) -> None:
    # Here: the worker whose memory is measured imports this file, too.
    import psycopg

    with psycopg.connect(ADMIN_URL, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def empty(*models: Any) -> None:
    """Delete all rows, as an installation without them has it: no dead rows, no statistics of theirs."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
            cursor.execute(f"TRUNCATE {names} CASCADE")
        else:
            for model in models:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")


def lead_sync(account: Any, name: str = "Benchmark") -> Any:
    """An enabled Lead Sync to a practice account, without limits, with the default mapping and the account's fields."""
    from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
    from integrations.core import newcomer
    from integrations.core.models import Connection

    connection = LeadSquaredConnection.objects.create(
        connector="leadsquared",
        name=name,
        state=Connection.State.ENABLED,
        region=OTHER,
        api_address=account.url,
        access_key=account.access_key,
        secret_key=account.secret_key,
        time_zone="Europe/Copenhagen",
        calls_per_5s=0,
        bulk_calls_per_5s=0,
    )
    newcomer.complete(connection, by="bench")
    return connection


def lead(number: int) -> dict[str, Any]:
    """A lead as the source account's webhook sends it: the default fields, and some that nothing maps."""
    return {
        "ProspectID": f"00000000-0000-4000-8000-{number:012d}",
        "ProspectAutoId": str(number),
        "FirstName": f"Given{number}",
        "LastName": f"Family{number}",
        "EmailAddress": f"bench{number:07d}@example.test",
        "Phone": f"+45-{20000000 + number}",
        "Company": "Example Trading A/S",
        "JobTitle": "Buyer",
        "mx_Street1": f"Example Street {number % 200}",
        "mx_City": "Aarhus",
        "mx_Country": "Denmark",
        "mx_Zip": "8000",
        "DoNotEmail": "0",
        "DoNotCall": "0",
        "ProspectStage": "Prospect",
        "Score": "0",
        "OwnerId": "6c4b9f0e-0000-4000-8000-000000000001",
        "CreatedOn": "2026-01-05 10:11:12",
        "ModifiedOn": "2026-01-05 10:11:12",
    }
