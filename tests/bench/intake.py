"""Webhook intake: calls per CPU second of the server processes, ours against a plain view under gunicorn sync.

Ours runs as the README's production does. Run by `python -m tests.bench`, which prepares database and environment.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from tests.bench.report import Figure, hand_over, middle, progress
from tests.bench.stage import ROOT, lead

WORKERS, THREADS = 2, 4
CONNECTIONS = 8
PROGRAMS = Path(sys.executable).parent
OURS = (
    f"{PROGRAMS}/granian --interface wsgi --host 127.0.0.1 --port {{port}} --workers {WORKERS} "
    f"--blocking-threads {THREADS} --no-ws --log-level warning config.wsgi:application"
)
# Loaded once, before the workers: both would create the table.
PLAIN = (
    f"{PROGRAMS}/gunicorn --bind 127.0.0.1:{{port}} --workers {WORKERS} --log-level warning --preload tests.bench.plain"
)


@dataclass(frozen=True)
class Round:
    """Calls answered with 2xx, what they took of the server's CPU, and how long."""

    answered: int
    cpu: float
    seconds: float

    @property
    def per_core(self) -> float:
        return self.answered / self.cpu


class Server:
    """A web server with its worker processes, under load."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address

    def cpu(self) -> float:
        """CPU seconds of the whole family so far."""
        return sum(cpu_seconds(pid) for pid in family(self.process.pid))

    def load(self, count: int, body: bytes) -> Round:
        command = [sys.executable, "-m", "tests.bench.load", self.address, str(count), str(CONNECTIONS)]
        before, started = self.cpu(), time.perf_counter()
        answer = subprocess.run(command, cwd=ROOT, input=body, stdout=subprocess.PIPE, check=True)
        return Round(int(answer.stdout), self.cpu() - before, time.perf_counter() - started)


@contextlib.contextmanager
def serving(command: str, path: str) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(command.format(port=port).split(), cwd=ROOT)
    try:
        wait_for(port)
        yield Server(process, f"http://127.0.0.1:{port}{path}")
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def family(pid: int) -> list[int]:
    """A process and its descendants (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def measure(calls: int, runs: int) -> list[Figure]:
    from integrations.connectors.leadsquared.models import LeadSquaredConnection
    from integrations.core import hooks
    from integrations.core.models import Connection, Delivery

    connection = LeadSquaredConnection.objects.create(
        connector="leadsquared", name="Intake", state=Connection.State.ENABLED
    )
    path = hooks.new_address(connection).removeprefix("http://127.0.0.1:8000")
    body = json.dumps({"Before": {}, "After": lead(1), "Current": lead(1)}).encode()
    ours, plain = [], []
    with serving(OURS, path) as own, serving(PLAIN, "/hook/") as other:
        own.load(200, body), other.load(200, body)
        before = Delivery.objects.count()
        for number in range(1, runs + 1):
            plain.append(other.load(calls, body))
            ours.append(own.load(calls, body))
            progress(f"run {number}: plain {plain[-1].per_core:.0f}, ours {ours[-1].per_core:.0f} per CPU second")
    answered, stored = sum(run.answered for run in ours), Delivery.objects.count() - before
    return [
        middle("plain view, gunicorn sync", [run.per_core for run in plain], "calls per CPU s"),
        middle("ours, granian", [run.per_core for run in ours], "calls per CPU s"),
        middle("ratio", [a.per_core / b.per_core for a, b in zip(ours, plain, strict=True)], "×", at_least=2),
        middle("plain, whole machine", [run.answered / run.seconds for run in plain], "calls/s"),
        middle("ours, whole machine", [run.answered / run.seconds for run in ours], "calls/s"),
        Figure("calls answered 2xx", answered, "", at_least=calls // CONNECTIONS * CONNECTIONS * runs),
        Figure("2xx without a row", max(0, answered - stored), "", at_most=0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="portal-bench-") as folder:
        url = os.environ["DATABASE_URL"]
        os.environ["PLAIN_DATABASE_URL"] = f"sqlite:///{folder}/plain.sqlite3" if url.startswith("sqlite") else url
        django.setup()
        hand_over(measure(options.records, options.runs))


if __name__ == "__main__":
    main()
