"""FlexPOS: a first import of many members, and a five-minute run among them.

Run by `python -m tests.bench --only first_import`, which prepares the database and the environment. What is counted are
calls to the practice vendors; memory is the most this process has ever held, beyond what it held at its start.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import timedelta
from typing import Any

import django
from django.utils import timezone

from tests.bench.report import Figure, hand_over, progress

MEMBERS = 20_000
CHANGES = 50
FEWER, MOST_CALLS, MOST_MB = 20, 60, 150
SPAN = timedelta(days=28)


def measure(members: int) -> list[Figure]:
    from integrations.core.engine import collect
    from integrations.core.models import Run
    from tests.sandbox_server import Sandbox

    with Sandbox(process=True) as sandbox:
        shop, practice = sandbox.flexpos(), sandbox.heyloyalty()
        shop.settings(calls_per_minute=0, messy_emails=False)
        practice.settings(import_delay_s=0, calls_per_s=0)
        connection = connect(shop, practice)
        begin = timezone.now() - timedelta(minutes=1)
        progress(f"inventing {members} customers")
        shop.seed(customers=members, start=(begin - SPAN).isoformat(), end=begin.isoformat())
        # The five-minute import starts from now.
        run_to_end(collect.start(connection, "import", Run.Trigger.SCHEDULE))
        base = peak_mb()

        progress("estimate")
        estimate, seconds = timed(lambda: run_to_end(begin_estimate(connection)))
        estimated, estimate_mb = estimate.plan["result"], peak_mb() - base
        before = practice.call_count()
        progress("first import")
        run, import_seconds = timed(lambda: run_to_end(begin_import(connection, estimate)))
        calls = practice.call_count() - before
        if (run.new, estimated["created"]) != (members, members) or len(practice.members()) != members:
            raise RuntimeError(f"{run.new} of {members} were created, {estimated['created']} were expected")

        progress(f"five minutes with {CHANGES} changes")
        for row in shop.customers(limit=CHANGES):
            shop.customer(row["CustomerId"], City="Elsewhere")
        time.sleep(1.1)  # what is changed in the second in which a run begins is read by the next
        calls_before, writes_before = practice.call_count() + shop.call_count(), len(practice.ledger())
        live = run_to_end(collect.start(connection, "import", Run.Trigger.SCHEDULE))
        live_calls = practice.call_count() + shop.call_count() - calls_before
        writes = len(practice.ledger()) - writes_before
        if live.updated != CHANGES:
            raise RuntimeError(f"{live.updated} of {CHANGES} changes arrived")
        live_mb = peak_mb() - base

        progress("estimate, with all of them on the list")
        again, again_seconds = timed(lambda: run_to_end(begin_estimate(connection)))
        if again.plan["result"]["unchanged"] != members:
            raise RuntimeError(f"{again.plan['result']['unchanged']} of {members} would stay unchanged")
        again_mb = peak_mb() - base
    return [
        Figure("calls a member: fewer than one upsert each", members / calls, "×", at_least=FEWER, note=f"{calls}"),
        Figure("estimate", seconds, "s"),
        Figure("first import", import_seconds, "s"),
        Figure("members a second", members / import_seconds, "a second"),
        Figure("estimate, all on the list", again_seconds, "s"),
        Figure("memory of the estimate", estimate_mb, "MB", at_most=MOST_MB),
        Figure("memory with all on the list", again_mb, "MB", at_most=MOST_MB),
        Figure("memory of import and five-minute run", live_mb, "MB", at_most=MOST_MB),
        Figure(f"calls of a five-minute run, {CHANGES} changes", live_calls, "calls", at_most=MOST_CALLS),
        Figure("writes of it", writes, "members", at_most=CHANGES),
    ]


def connect(shop: Any, practice: Any) -> Any:
    """An enabled connection from the shop to the list, without limits."""
    from integrations.connectors.flexpos.models import FlexPOSConnection
    from integrations.core import newcomer
    from integrations.core.models import Connection
    from tests.sandbox_heyloyalty import CUSTOMERS

    client_id, client_secret = shop.client
    connection = FlexPOSConnection.objects.create(
        connector="flexpos",
        name="Benchmark",
        state=Connection.State.ENABLED,
        api_key=practice.api_key,
        api_secret=practice.api_secret,
        api_address=practice.url,
        tracking_address=practice.url,
        calls_per_second=0,
        list_id=str(CUSTOMERS),
        api_url=shop.api_url,
        client_id=client_id,
        client_secret=client_secret,
        calls_per_minute=0,
    )
    newcomer.complete(connection, by="bench")
    return connection


def begin_estimate(connection: Any) -> Any:
    from integrations.connectors.flexpos.import_start import start_estimate
    from integrations.connectors.flexpos.initial_import import Choices, today

    now = timezone.now()
    return start_estimate(connection, Choices(today(now - SPAN - timedelta(days=1)), today(now), "none"))


def begin_import(connection: Any, estimate: Any) -> Any:
    from integrations.connectors.flexpos.import_start import start_import

    run, _ = start_import(connection, estimate)
    return run


def run_to_end(run: Any) -> Any:
    """What the workers do, task after task, in this process: read, then send."""
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
    return run


def timed(work: Any) -> tuple[Any, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started


def peak_mb() -> float:
    """Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=MEMBERS, help="how many members; 100000 is the goal")
    parser.add_argument("--runs", type=int, help="ignored: one run is long enough")
    options = parser.parse_args()
    django.setup()
    hand_over(measure(options.records))


if __name__ == "__main__":
    main()
