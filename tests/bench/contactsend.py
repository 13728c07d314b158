"""Contacthub ↔ Contactsend: a first sync, a look at everybody unchanged, and a change on its way.

Run by `python -m tests.bench --only contactsend`, which prepares the database and the environment. The vendors' time
is their latency: the practice server itself answers in a process of its own. Memory is the most that a process which
polls has ever held.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

from tests.bench.first_import import run_to_end
from tests.bench.load import post
from tests.bench.report import Figure, hand_over, progress
from tests.bench.stage import ROOT

CUSTOMERS = 5_000
LATENCY_MS = 100
SLOWER, MOST_MB, MOST_SECONDS = 1.1, 150, 60
CALLS_A_CUSTOMER = 2
# Bare calls on each connection, to see what the vendor's time is.
PROBES = 50


def measure(customers: int) -> list[Figure]:
    from integrations.connectors.contactsend.connector import Contactsend
    from integrations.connectors.contactsend.jobs import FIRST, FROM_HUB, FROM_SEND
    from integrations.core.engine import collect
    from integrations.core.models import Event, Run
    from tests.connectors.contactsend.pair import connect
    from tests.sandbox_server import Sandbox

    with Sandbox(process=True) as sandbox:
        hub, send = sandbox.contacthub(), sandbox.contactsend()
        progress(f"inventing {customers} customers")
        hub.seed(customers)
        source = connect(hub, send)
        poll(source, FROM_HUB)
        send.latency(LATENCY_MS)

        progress("first sync")
        run = collect.start(source, FIRST, Run.Trigger.IMPORT)
        assert run is not None
        collect_all(run)
        latency = answer_seconds(send, Contactsend.concurrency)
        before = send.call_count()
        _, seconds = timed(lambda: send_all(run))
        calls = send.call_count() - before
        progress("the other direction")
        _, back_seconds = timed(lambda: run_to_end(run))
        if len(send.subscribers()) != customers:
            raise RuntimeError(f"{len(send.subscribers())} of {customers} are there")
        ideal = CALLS_A_CUSTOMER * customers * latency / Contactsend.concurrency

        send.latency(0)
        progress(f"looking at {customers} who are unchanged")
        poll(source, FROM_SEND)
        written, events = len(hub.ledger()) + len(send.ledger()), Event.objects.count()
        memory, walk_seconds = timed(lambda: walked(source.pk))
        written, events = len(hub.ledger()) + len(send.ledger()) - written, Event.objects.count() - events

        progress("a change on its way")
        customer = hub.customers(limit=1)[0]
        hub.save_customer(customer["id"], base={"firstName": "Changed"})
        _, to_send = timed(lambda: poll(source, FROM_HUB))
        subscriber = send.subscribers(limit=1)[0]
        send.save_subscriber(subscriber["id"], NOME="Changed again")
        _, to_hub = timed(lambda: around(source, FROM_SEND))
        if hub.customers(limit=1)[0]["base"]["firstName"] != "Changed again":
            raise RuntimeError("a change did not arrive")
    return [
        Figure("first sync, Contacthub to Contactsend", seconds, "s"),
        Figure("against calls × latency ÷ parallelism", seconds / ideal, "×", at_most=SLOWER, note=f"{ideal:.1f} s"),
        Figure("vendor latency, as bare calls at the same parallelism see it", latency * 1000, "ms"),
        Figure("calls to Contactsend a customer", calls / customers, "calls", at_most=CALLS_A_CUSTOMER * 1.05),
        Figure("customers a second", customers / seconds, "a second"),
        Figure("then the other direction, nobody new", back_seconds, "s"),
        Figure(f"a look at {customers} unchanged", walk_seconds, "s"),
        Figure("vendor writes of it", written, "writes", at_most=0),
        Figure("events of it", events, "events", at_most=0),
        Figure("memory of the process that looked", memory, "MB", at_most=MOST_MB),
        Figure("a change to Contactsend, and half a minute's wait", to_send + 30, "s", at_most=MOST_SECONDS),
        Figure("a change to Contacthub, once around", to_hub, "s"),
    ]


def answer_seconds(send: Any, parallel: int) -> float:
    """How long an answer takes when so many look-ups are under way, for who only sends and reads bytes."""
    from integrations.connectors.contactsend import send_requests, soap
    from integrations.connectors.contactsend.send_values import Typed
    from tests.sandbox_contactsend import CUSTOMERS as USERDB

    asked = {
        "sourceIdentifier": USERDB,
        "attribute": {"key": "EMAIL", "value": Typed("string", "nobody@example.test")},
        "lookupPrefs": send_requests.prefs(1, send_requests.LIKE),
    }
    body = soap.message("findSubscribers", send_requests.token(send.borrow()) | asked)
    with ThreadPoolExecutor(parallel) as pool:
        found, seconds = timed(
            lambda: sum(
                pool.map(lambda _: post(send.address, PROBES, body, soap.HEADERS["Content-Type"]), range(parallel))
            )
        )
    if found != PROBES * parallel:
        raise RuntimeError(f"{found} of {PROBES * parallel} probes were answered")
    return float(seconds) / PROBES


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started


def poll(source: Any, job: str) -> None:
    """One poll as the clock starts it, and what follows from it."""
    from integrations.core.engine import collect
    from integrations.core.engine.drain import drain
    from integrations.core.models import Run

    run = collect.start(source, job, Run.Trigger.SCHEDULE)
    assert run is not None
    collect.collect(run.pk)
    drain(source.pk)


def around(source: Any, job: str) -> None:
    """As many polls as it takes to have looked at everybody."""
    from integrations.connectors.contactsend.collect_send import NUMBER
    from integrations.core.models import Cursor

    while True:
        poll(source, job)
        if Cursor.objects.get(connection=source, job=job).value.get(NUMBER, 1) == 1:
            return


def collect_all(run: Any) -> None:
    """All customers into the queue: that is paced by Contacthub's lists, and goes on beside the sending."""
    from integrations.core.engine import collect
    from integrations.core.models import Cursor

    while not Cursor.objects.filter(connection_id=run.connection_id, job=run.job, value__done=True).exists():
        collect.collect(run.pk)


def send_all(run: Any) -> None:
    from integrations.core.engine.drain import drain
    from integrations.core.models import Event

    while Event.objects.filter(run_id=run.pk, settled_at__isnull=True).exists():
        drain(run.connection_id)


def walked(connection_id: int) -> float:
    """MB that a fresh process holds at most while it looks at everybody."""
    command = [sys.executable, "-m", "tests.bench.contactsend", "--walk", str(connection_id)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return float(answer.stdout.strip().splitlines()[-1])


def walk(connection_id: int) -> None:
    from integrations.connectors.contactsend.jobs import FROM_SEND
    from integrations.connectors.contactsend.models import ContactsendConnection
    from tests.bench.worker import peak_mb

    around(ContactsendConnection.objects.get(pk=connection_id), FROM_SEND)
    print(peak_mb())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=CUSTOMERS, help="how many customers; 50000 is the goal")
    parser.add_argument("--runs", type=int, help="ignored: one run is long enough")
    parser.add_argument("--walk", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    django.setup()
    if options.walk:
        walk(options.walk)
    else:
        hand_over(measure(options.records))


if __name__ == "__main__":
    main()
