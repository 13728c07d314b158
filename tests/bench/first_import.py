"""FlexPOS: a first import of many members, and a five-minute run among them.

Run by `python -m tests.bench --only first_import`, which prepares the database and the environment. What is counted are
calls to the practice vendors; each run has a process of its own, as fresh as a worker's, whose memory is told.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import django
from django.utils import timezone

from tests.bench.report import Figure, hand_over, progress
from tests.bench.stage import ROOT
from tests.bench.worker import peak_mb

MEMBERS = 20_000
CHANGES = 50
FEWER, MOST_CALLS, MOST_MB = 20, 60, 150
SPAN = timedelta(days=28)


def measure(members: int) -> list[Figure]:
    from integrations.core.engine import collect
    from integrations.core.models import Run
    from tests.connectors.flexpos import till
    from tests.sandbox_server import Sandbox

    with Sandbox(process=True) as sandbox:
        shop, practice = sandbox.flexpos(), sandbox.heyloyalty()
        shop.settings(calls_per_minute=0, messy_emails=False)
        practice.settings(import_delay_s=0, calls_per_s=0)
        connection = till.connect(shop, practice, name="Benchmark")
        begin = timezone.now() - timedelta(minutes=1)
        progress(f"inventing {members} customers")
        shop.seed(customers=members, start=(begin - SPAN).isoformat(), end=begin.isoformat())
        # The five-minute import starts from now.
        run_to_end(collect.start(connection, "import", Run.Trigger.SCHEDULE))

        progress("estimate")
        estimate = begin_estimate(connection)
        seconds, estimate_mb = in_worker(estimate)
        estimated = estimate.plan["result"]
        before = practice.call_count()
        progress("first import")
        run = begin_import(connection, estimate)
        import_seconds, import_mb = in_worker(run)
        calls = practice.call_count() - before
        if (run.new, estimated["created"]) != (members, members) or len(practice.members()) != members:
            raise RuntimeError(f"{run.new} of {members} were created, {estimated['created']} were expected")

        progress(f"five minutes with {CHANGES} changes")
        for row in shop.customers(limit=CHANGES):
            shop.customer(row["CustomerId"], City="Elsewhere")
        time.sleep(1.1)  # what is changed in the second in which a run begins is read by the next
        calls_before, writes_before = practice.call_count() + shop.call_count(), len(practice.ledger())
        live = collect.start(connection, "import", Run.Trigger.SCHEDULE)
        live_seconds, live_mb = in_worker(live)
        live_calls = practice.call_count() + shop.call_count() - calls_before
        writes = len(practice.ledger()) - writes_before
        if live.updated != CHANGES:
            raise RuntimeError(f"{live.updated} of {CHANGES} changes arrived")

        progress("estimate, with all of them on the list")
        again = begin_estimate(connection)
        again_seconds, again_mb = in_worker(again)
        if again.plan["result"]["unchanged"] != members:
            raise RuntimeError(f"{again.plan['result']['unchanged']} of {members} would stay unchanged")
    return [
        Figure("calls a member: fewer than one upsert each", members / calls, "×", at_least=FEWER, note=f"{calls}"),
        Figure("estimate", seconds, "s"),
        Figure("estimate: memory", estimate_mb, "MB resident"),
        Figure("first import", import_seconds, "s"),
        Figure("first import: members", members / import_seconds, "a second"),
        Figure("first import: memory", import_mb, "MB resident"),
        Figure("estimate, all on the list", again_seconds, "s"),
        Figure("estimate, all on the list: memory", again_mb, "MB resident"),
        Figure("five-minute run", live_seconds, "s"),
        Figure("five-minute run: memory", live_mb, "MB resident", at_most=MOST_MB),
        Figure(f"five-minute run: calls, {CHANGES} changes", live_calls, "calls", at_most=MOST_CALLS),
        Figure("five-minute run: writes", writes, "members", at_most=CHANGES),
    ]


def begin_estimate(connection: Any) -> Any:
    from integrations.connectors.flexpos.import_start import start_estimate
    from integrations.connectors.flexpos.initial_import import Choices, today

    now = timezone.now()
    return start_estimate(connection, Choices(today(now - SPAN - timedelta(days=1)), today(now), "none"))


def begin_import(connection: Any, estimate: Any) -> Any:
    from integrations.connectors.flexpos.import_start import start_import

    run, _ = start_import(connection, estimate)
    return run


def in_worker(run: Any) -> tuple[float, float]:
    """Seconds a run takes in a process of its own, and the most memory that holds (MB)."""
    started = time.monotonic()
    command = [sys.executable, "-m", "tests.bench.first_import", "--run", str(run.pk)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    run.refresh_from_db()
    return time.monotonic() - started, float(answer.stdout)


def run_to_end(run: Any) -> None:
    """What the workers do, task after task: read, then send."""
    from integrations.core.engine import collect
    from integrations.core.engine.drain import drain
    from integrations.core.models import Event
    from integrations.core.models.journal import OPEN

    while run.status in OPEN:
        collect.collect(run.pk)
        Event.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        drain(run.connection_id)
        run.refresh_from_db()
        if run.message:
            progress(run.message)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=MEMBERS, help="how many members; 100000 is the goal")
    parser.add_argument("--runs", type=int, help="ignored: one run is long enough")
    parser.add_argument("--run", type=int, help="do this run, and say how much memory it took")
    options = parser.parse_args()
    django.setup()
    if options.run:
        from integrations.core.models import Run

        run_to_end(Run.objects.get(pk=options.run))
        print(peak_mb())
        return
    hand_over(measure(options.records))


if __name__ == "__main__":
    main()
