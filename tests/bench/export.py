"""The one-time export at LeadHub's own pace: how much of the allowed rate is used, with a real cluster and clock.

Run by `python -m tests.bench --only export`, which prepares the database and the environment. Takes six minutes: the
practice account first lets a stored minute through, and the rate is taken after that.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import django

from tests.bench.report import Figure, hand_over, progress
from tests.bench.stage import ROOT

ALLOWED_A_MINUTE = 30
CUSTOMERS = 400
FIRST_SECONDS, SECONDS = 75.0, 270.0
ENOUGH = 0.95


@contextlib.contextmanager
def workers() -> Iterator[None]:
    """A cluster, and a sweep every second or so."""
    commands = ([sys.executable, "manage.py", "qcluster"], [sys.executable, "-m", "tests.faults.clock"])
    running = [
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for command in commands
    ]
    try:
        yield
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure() -> list[Figure]:
    from integrations.connectors.leadhub.connector import EXPORT
    from integrations.connectors.leadhub.models import LeadHubConnection
    from integrations.core.engine import collect
    from integrations.core.models import Connection, Run
    from integrations.sources.loyalty.batch import CustomerRow
    from integrations.sources.loyalty.customers import save_customers
    from tests.sandbox_server import Sandbox

    save_customers([CustomerRow(email=f"bench{number}@example.test") for number in range(CUSTOMERS)])
    with Sandbox(process=True) as sandbox, workers():
        account = sandbox.leadhub()
        connection = LeadHubConnection.objects.create(
            connector="leadhub",
            name="Benchmark",
            state=Connection.State.ENABLED,
            api_address=account.url,
            api_key=account.token,
        )
        run = collect.start(connection, EXPORT, Run.Trigger.EXPORT)
        assert run is not None
        progress(f"{(FIRST_SECONDS + SECONDS) / 60:.1f} minutes of export")
        time.sleep(FIRST_SECONDS)
        before, started = len(account.ledger(kind="tag")), time.monotonic()
        time.sleep(SECONDS)
        tags = account.ledger(kind="tag")
        rate = (len(tags) - before) / (time.monotonic() - started) * 60
        if len(tags) == CUSTOMERS:
            raise RuntimeError("The export came to its end too soon")
        refused = sum(call["status"] == 429 for call in account.calls())
    people = [tag["user_id"] for tag in tags]
    return [
        Figure("rate", rate, "tags a minute"),
        Figure("of the allowed rate", rate / ALLOWED_A_MINUTE, "×", at_least=ENOUGH),
        Figure("sent twice", len(people) - len(set(people)), "customers", at_most=0),
        Figure("refused for the rate", refused, "calls"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, help="ignored: the pace is LeadHub's")
    parser.add_argument("--runs", type=int, help="ignored: one run takes six minutes")
    parser.parse_args()
    django.setup()
    hand_over(measure())


if __name__ == "__main__":
    main()
