"""Delivering leads with 20 ms vendor latency: a naive loop against capture and drain, in one process.

Run by `python -m tests.bench`, which prepares the database and the environment.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import django
import requests

from tests.bench.report import Figure, hand_over, middle, progress
from tests.bench.stage import ROOT, analyse, empty, lead, lead_sync

LATENCY_MS = 20
NAIVE_RECORDS = 300
PAGE = 1000
WAITING_ELSEWHERE = 50_000
SETTLED = 1_000_000
MANY = 100_000
MEMORY_MB = 100
FLAT = 1.15
TARGET_RATIO = {"sqlite": 100.0, "postgresql": 60.0}


@dataclass(frozen=True)
class Run:
    """Records per second: the naive loop, ours from capture on and from the queue on; CPU seconds of ours per 1,000."""

    naive: float
    ours: float
    queued: float
    cpu: float

    @property
    def ratio(self) -> float:
        """Delivery alone, as the spike measured it (the loop takes in nothing either)."""
        return self.queued / self.naive


class Bench:
    """One connection to the practice vendor, delivered to again and again."""

    def __init__(self, account: Any, records: int) -> None:
        self.account = account
        self.size = records
        self.connection = lead_sync(account)
        self.numbers = 0

    def payloads(self, count: int) -> list[dict[str, Any]]:
        """Leads nobody has seen before."""
        self.numbers += count
        return [lead(number) for number in range(self.numbers - count + 1, self.numbers + 1)]

    def records(self, count: int) -> list[Any]:
        """The same as what a webhook call is read into."""
        from integrations.core.models import Delivery
        from integrations.core.registry import connector_for

        body = json.dumps(self.payloads(count)).encode()
        return connector_for(self.connection).receive(Delivery(body=body, content_type="application/json")).records

    def naive(self, count: int = NAIVE_RECORDS) -> float:
        """One POST and two `save()` a record. Records per second."""
        from django.utils import timezone

        from integrations.core.models import Event
        from integrations.core.models import Run as Job

        payloads = self.payloads(count)
        run = Job.objects.create(connection=self.connection, trigger=Job.Trigger.MANUAL)
        started = time.perf_counter()
        with requests.Session() as session:
            for payload in payloads:
                body = [{"Attribute": name, "Value": payload[name]} for name in ("FirstName", "LastName", "Phone")]
                body += [{"Attribute": "EmailAddress", "Value": payload["EmailAddress"]}]
                body += [{"Attribute": "SearchBy", "Value": "EmailAddress"}]
                response = session.post(
                    f"{self.account.url}/v2/LeadManagement.svc/Lead.CreateOrUpdate",
                    json=body,
                    headers=self.account.headers,
                    timeout=20,
                )
                response.raise_for_status()
                run.read += 1
                run.new += 1
                run.save()
                event = Event(connection=self.connection, run=run, record_type="lead", key=payload["ProspectID"])
                event.label, event.outcome, event.message = payload["EmailAddress"], "new", response.text
                event.due_at, event.settled_at = None, timezone.now()
                event.save()
        return count / (time.perf_counter() - started)

    def capture(self, records: list[Any], connection: Any = None) -> None:
        from integrations.core.engine.capture import capture
        from integrations.core.models import Run as Job

        connection = connection or self.connection
        run = Job.objects.create(connection=connection, trigger=Job.Trigger.WEBHOOK, complete=True)
        for start in range(0, len(records), PAGE):
            capture(connection, records[start : start + PAGE], run=run)

    def drain(self) -> None:
        drain_all(self.connection.pk)

    def ours(self) -> tuple[float, float, float]:
        """Capture to settle. Records per second, the same without capture, CPU seconds per 1,000."""
        records = self.records(self.size)
        started, cpu = time.perf_counter(), time.process_time()
        self.capture(records)
        queued = time.perf_counter()
        self.drain()
        ended, cpu = time.perf_counter(), time.process_time() - cpu
        self.check(len(records))
        return len(records) / (ended - started), len(records) / (ended - queued), cpu / len(records) * 1000

    def check(self, count: int) -> None:
        """A fast run that lost or doubled something isn't one."""
        from integrations.core.models import Run as Job

        run = Job.objects.filter(connection=self.connection).latest("pk")
        if (run.read, run.new, run.status) != (count, count, Job.Status.SUCCESS):
            raise RuntimeError(f"{run.read} of {count} read, {run.new} new, {run.failed} failed, {run.status}")

    def queries(self) -> float:
        """Statements per 1,000 records, in a run of their own: counting takes time."""
        from django.db import connection

        number = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal number
            number += 1
            return execute(*arguments)

        records = self.records(self.size)
        with connection.execute_wrapper(count):
            self.capture(records)
            self.drain()
        return number / len(records) * 1000

    def memory(self, count: int) -> float:
        """MB resident at most, of a fresh process that drains `count` records."""
        for start in range(0, count, 10_000):
            self.capture(self.records(min(10_000, count - start)))
        command = [sys.executable, "-m", "tests.bench.worker", str(self.connection.pk)]
        answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return float(answer.stdout.split()[-1])

    def runs(self, count: int, *, emptied: bool) -> list[Run]:
        """Naive and ours in turns, so that what else the machine does meets both."""
        found = []
        for number in range(1, count + 1):
            self.account.reset(data_only=True)
            if emptied:
                self.empty()
            run = Run(self.naive(), *self.ours())
            progress(f"run {number}: naive {run.naive:.1f}/s, ours {run.queued:,.0f}/s = {run.ratio:.0f}×")
            found.append(run)
        return found

    def empty(self) -> None:
        """Nothing waiting, nothing settled, and the database knows it."""
        from integrations.core.models import Attempt, Event, EventPayload, Exchange, Link
        from integrations.core.models import Run as Job

        empty(Attempt, EventPayload, Event, Exchange, Link, Job)
        analyse()

    def fill(self) -> None:
        """Another connection whose vendor is slow."""
        other = lead_sync(self.account, name="Another")
        for _ in range(0, WAITING_ELSEWHERE, 10_000):
            self.capture(self.records(10_000), other)


def drain_all(connection_id: int) -> None:
    """As many drains as it takes. What must wait for another try is left: the books then don't balance."""
    from django.utils import timezone

    from integrations.core.engine import queue
    from integrations.core.engine.drain import drain

    while queue.next_due(connection_id, before=timezone.now()) is not None:
        drain(connection_id)


def figures(name: str, runs: list[Run], vendor: str) -> list[Figure]:
    return [
        middle(f"{name}: naive loop", [run.naive for run in runs], "records/s"),
        middle(f"{name}: ours, capture included", [run.ours for run in runs], "records/s"),
        middle(f"{name}: ours", [run.queued for run in runs], "records/s"),
        middle(f"{name}: ratio, capture included", [run.ours / run.naive for run in runs], "×"),
        middle(f"{name}: ratio", [run.ratio for run in runs], "×", at_least=TARGET_RATIO[vendor]),
        middle(f"{name}: CPU", [run.cpu for run in runs], "s per 1,000", at_most=0.4),
    ]


def measure(bench: Bench, options: argparse.Namespace, vendor: str) -> list[Figure]:
    bench.ours()  # imports, caches, connections
    progress("from an empty queue")
    found = figures("empty queue", bench.runs(options.runs, emptied=True), vendor)
    bench.account.reset(data_only=True)
    bench.empty()
    found.append(Figure("queries, capture to settle", bench.queries(), "per 1,000", at_most=30))
    if not options.no_memory:
        progress(f"memory of a worker, {bench.size:,} and {MANY:,} records")
        few, many = bench.memory(bench.size), bench.memory(MANY)
        found += [
            Figure(f"memory, {bench.size:,} records", few, "MB resident", at_most=MEMORY_MB),
            Figure(f"memory, {MANY:,} records", many, "MB resident", at_most=MEMORY_MB),
            Figure("memory, growth", many / few, "×", at_most=FLAT),
        ]
    bench.account.reset(data_only=True)
    bench.empty()
    progress(f"from a queue with {WAITING_ELSEWHERE:,} events of another connection")
    bench.fill()
    runs = bench.runs(options.runs, emptied=False)
    found += figures("full queue, statistics of an empty one", runs, vendor)
    analyse()
    found += figures("full queue, analysed", bench.runs(options.runs, emptied=False), vendor)
    if options.settled:
        from tests.bench.history import write_history

        progress(f"and {SETTLED:,} settled events")
        write_history(SETTLED, [bench.connection.pk], waiting=False)
        analyse()
        runs = bench.runs(options.runs, emptied=False)
        found += figures("full queue, million settled", runs, vendor)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--settled", action="store_true")
    parser.add_argument("--no-memory", action="store_true")
    options = parser.parse_args()
    django.setup()
    from django.db import connection

    from tests.sandbox_server import Sandbox

    with Sandbox(process=True) as sandbox:
        account = sandbox.leadsquared("destination")
        account.limits(calls_per_5s=0, bulk_calls_per_5s=0)
        account.latency(LATENCY_MS)
        hand_over(measure(Bench(account, options.records), options, connection.vendor))


if __name__ == "__main__":
    main()
