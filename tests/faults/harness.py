"""A whole portal for fault tests: its own database, real clusters, a web server and a clock, all killed at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django.db
import requests
from django.db.utils import load_backend

from tests.sandbox_server import LeadSquaredAccount

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 4
PATIENCE_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.05


def until(look: Callable[[], Any], what: str, patience: float = PATIENCE_SECONDS) -> Any:
    """Look until something true is seen, and return it. Raises AssertionError when patience ends."""
    end = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < end, f"In {patience:g} s it did not come to this: {what}"
        time.sleep(LOOK_EVERY_SECONDS)
    return seen


# -- databases ----------------------------------------------------------------------------------------


class SQLiteFile:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "portal.sqlite3"
        self.name = str(self.path)
        self.url = f"sqlite:///{self.path}"

    def copy_of(self, other: SQLiteFile) -> None:
        shutil.copy(other.path, self.path)

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)

    def is_free(self) -> bool:
        """Nobody is in the middle of a transaction that writes."""
        import sqlite3

        probe = sqlite3.connect(self.path, isolation_level=None, timeout=0.2)
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        finally:
            probe.close()
        return True

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody else can write: another process holds the write lock."""
        import sqlite3

        holder = sqlite3.connect(self.path, isolation_level=None, timeout=20)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()


class PostgresDatabase:
    """A database of its own on the suite's server."""

    def __init__(self, suite: dict[str, Any], name: str) -> None:
        self.suite = suite
        self.name = name
        user, password = suite["USER"], suite["PASSWORD"]
        who = f"{user}:{password}" if password else user
        self.url = f"postgresql://{who}@{suite['HOST'] or '127.0.0.1'}:{suite['PORT'] or 5432}/{name}"
        self.template = ""

    def _run(self, *statements: str) -> None:
        import psycopg

        parts = urlsplit(self.url)
        with psycopg.connect(f"{parts.scheme}://{parts.netloc}/postgres", autocommit=True) as server:
            for statement in statements:
                server.execute(statement)

    def create(self, template: str = "template1") -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')

    def copy_of(self, other: PostgresDatabase) -> None:
        self.create(other.name)

    def drop(self) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def is_free(self) -> bool:
        """Nobody is in the middle of a transaction."""
        import psycopg

        busy = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{self.name}' AND state LIKE 'idle in transaction%'"
        with psycopg.connect(self.url) as probe:
            return probe.execute(busy).fetchone() is None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody gets in, and who was in is thrown out: as when the server is restarted."""
        end_all = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'"
        self._run(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false', end_all)
        try:
            yield
        finally:
            self._run(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')


def new_database(folder: Path, name: str) -> Any:
    """An empty database of the suite's kind."""
    from django.conf import settings

    suite = settings.DATABASES["default"]
    if suite["ENGINE"].endswith("sqlite3"):
        return SQLiteFile(folder)
    made = PostgresDatabase(suite, f"portal_faults_{os.getpid()}_{name}")
    made.create()
    return made


@contextmanager
def looking_into(database: Any) -> Iterator[None]:
    """Inside the block, this process's default connection leads to a portal's database."""
    before = django.db.connections["default"]
    values = {**before.settings_dict, "NAME": database.name, "CONN_HEALTH_CHECKS": True}
    django.db.connections["default"] = load_backend(values["ENGINE"]).DatabaseWrapper(values, "default")
    try:
        yield
    finally:
        django.db.connections["default"].close()
        django.db.connections["default"] = before


# -- processes ----------------------------------------------------------------------------------------


@dataclass
class Portal:
    """Processes of one portal. Each is the leader of a group of its own; `stop` kills what is left."""

    database: Any
    folder: Path
    name: str
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    web_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DJANGO_SETTINGS_MODULE": "config.test_settings",
            "DATABASE_URL": self.database.url,
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "Q_NAME": self.name,
            "PYTHONPATH": str(ROOT),
        }
        return os.environ | own

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "portal.log").open("ab")
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, start_new_session=True, stdout=log, stderr=log
        )
        log.close()
        self.running.append(process)
        return process

    def manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    def start_cluster(self) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "manage.py", "qcluster")

    def start_clock(self) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "-m", "tests.faults.clock")

    def start_web(self) -> None:
        """A real WSGI server with a few threads; returns when it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.start(
            sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--port", str(port),
            "--blocking-threads", "8",
        )  # fmt: skip
        self.web_url = f"http://127.0.0.1:{port}"
        until(self._answers, "the web server answers")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.web_url}/health/", timeout=2).status_code == 200
        return False

    def log(self) -> str:
        return (self.folder / "portal.log").read_text(errors="replace")

    def stop(self) -> None:
        for process in self.running:
            kill_group(process)
        self.running.clear()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a process we started and everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# -- work ---------------------------------------------------------------------------------------------


def accept(connection: Any, numbers: Iterable[int], *, per_call: int = 20, activities: bool = False) -> list[int]:
    """Webhook calls as the hook stores them, without waking anybody: the clock finds them. Their ids."""
    from integrations.core.models import Delivery

    listed = list(numbers)
    make = activity if activities else lead
    bodies = [
        json.dumps([make(number) for number in listed[start : start + per_call]]).encode()
        for start in range(0, len(listed), per_call)
    ]
    made = Delivery.objects.bulk_create(
        Delivery(connection=connection, body=body, content_type="application/json", size=len(body)) for body in bodies
    )
    return [delivery.pk for delivery in made]


def email(number: int) -> str:
    return f"n{number}@example.test"


def lead(number: int, **values: Any) -> dict[str, Any]:
    return {"ProspectID": f"s-{number}", "EmailAddress": email(number), "FirstName": f"Name {number}"} | values


def activity(number: int) -> dict[str, Any]:
    """A purchase of lead `number`."""
    return {
        "ProspectActivityId": f"a-{number}",
        "RelatedProspectId": f"s-{number}",
        "ActivityEvent": 201,
        "CreatedOn": "2025-03-01 10:00:00",
        "ActivityNote": f"Purchase {number}",
    }


def worker_of(connection: Any, lease: str = "deliver") -> int:
    """The process that drains a connection now, or holds another lease on it; 0 when none does."""
    from django.db.models.functions import Now

    from integrations.core.models import Lease

    owner = Lease.objects.filter(connection_id=connection.pk, name=lease, until__gt=Now())
    found = owner.values_list("owner", flat=True).first()
    return int(found.rpartition(":")[2]) if found else 0


def is_settled(connection: Any) -> bool:
    """Nothing of it waits to be read or sent, and no run of it is open."""
    from integrations.core.models import Delivery, Event, Run

    return not (
        Delivery.objects.filter(connection_id=connection.pk, status=Delivery.Status.RECEIVED).exists()
        or Event.objects.filter(connection_id=connection.pk, settled_at__isnull=True).exists()
        or Run.objects.filter(connection_id=connection.pk, status=Run.Status.RUNNING).exists()
    )


def wait_until_settled(connection: Any, *, clock_runs_fast: bool = False) -> None:
    """Wait for the end of the work. With a fast clock, records that wait for a later time are due now."""

    def look() -> bool:
        if clock_runs_fast:
            its_time_comes(connection)
        return is_settled(connection)

    until(look, "everything that was accepted is settled")


def its_time_comes(connection: Any) -> None:
    from django.utils import timezone

    from integrations.core.models import Event, Lease
    from integrations.core.models.engine import EPOCH

    now = timezone.now()
    Event.objects.filter(connection_id=connection.pk, due_at__gt=now).update(due_at=now)
    Lease.objects.filter(connection_id=connection.pk, not_before__gt=now).update(not_before=EPOCH)


def check_promises(connection: Any, account: LeadSquaredAccount, numbers: Sequence[int]) -> None:
    """What must hold after any fault: all settled, nobody created twice, books balanced, nothing left running."""
    from integrations.core.models import Delivery, Event, Run

    assert is_settled(connection)
    found = Event.objects.filter(connection_id=connection.pk)
    keys = set(found.filter(record_type="lead").values_list("key", flat=True))
    assert keys == {f"s-{number}" for number in numbers}
    assert set(found.values_list("outcome", flat=True)) <= {"new", "updated", "unchanged"}
    created = [entry["key"] for entry in account.ledger() if (entry["kind"], entry["outcome"]) == ("lead", "created")]
    assert sorted(created) == sorted(email(number) for number in numbers)
    assert account.lead_count() == len(numbers)
    for run in Run.objects.filter(connection_id=connection.pk):
        assert run.status == Run.Status.SUCCESS
        assert run.read == run.settled
    calls = Delivery.objects.filter(connection_id=connection.pk)
    assert set(calls.values_list("status", flat=True)) <= {Delivery.Status.CAPTURED, Delivery.Status.DUPLICATE}
