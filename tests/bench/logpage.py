"""The log over a million events: what a page takes in process, by filter, tab, search and depth.

Run by `python -m tests.bench`, which prepares the database and the environment.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import django
from django.test import Client

from tests.bench.report import Figure, hand_over, progress
from tests.bench.stage import analyse

REQUESTS = 40
LIMIT_MS = 300
CONNECTIONS = 6
Address = Callable[[int], str]  # the address of a page, by the number of the request


def pages(client: Client, connections: list[int], first: int, last: int) -> Iterator[tuple[str, Address]]:
    """Every filter by itself, what people combine, and depth. No two requests of a search or a depth are the same."""
    from django.urls import reverse

    from tests.bench.history import EVENTS_A_RUN

    log, runs = reverse("admin:core_event_changelist"), reverse("admin:core_run_changelist")
    busy, quiet = connections[0], connections[-1]
    today = datetime.date.today()
    old = {
        "period": "custom",
        "since": today - datetime.timedelta(days=80),
        "until": today - datetime.timedelta(days=75),
    }

    def fixed(path: str = log, **query: object) -> Address:
        return lambda number: f"{path}?{urlencode(query)}"

    def event(number: int) -> int:
        """Another one each time, over all of them."""
        return first + (last - first) * number // REQUESTS

    def job(number: int) -> int:
        return 1 + (last - first) // EVENTS_A_RUN * number // REQUESTS

    def deep(**query: object) -> Address:
        return lambda number: f"{log}?{urlencode({**query, 'before': event(REQUESTS - number - 1)})}"

    def searched(text: Callable[[int], object], **query: object) -> Address:
        return lambda number: f"{log}?{urlencode({**query, 'q': text(number)})}"

    def person(text: Callable[[int], object]) -> Address:
        """Of the timeline; the search that leads to it, which only notes the term, is over by then."""
        return lambda number: str(client.post(reverse("admin:core_person"), {"term": text(number)})["Location"])

    yield "no filter", fixed()
    for tab in ("new", "updated", "failed", "skipped", "waiting"):
        yield f"tab {tab}", fixed(tab=tab)
    for period in ("today", "7days", "month", "lastmonth"):
        yield f"date {period}", fixed(period=period)
    yield "date range, old", fixed(**old)
    for name in ("job", "sync"):
        for status in ("success", "failure" if name == "job" else "error"):
            yield f"{name} status {status}", fixed(**{name: status})
    yield "connection, busy", fixed(connection=busy)
    yield "connection, quiet", fixed(connection=quiet)
    yield "record type", fixed(type="activity")
    yield "failed, busy, last month", fixed(tab="failed", connection=busy, period="lastmonth")
    yield "waiting, quiet", fixed(tab="waiting", connection=quiet)
    yield "failed, old range, job failure, type", fixed(tab="failed", job="failure", type="activity", **old)
    yield "sync error, quiet, last 7 days", fixed(sync="error", connection=quiet, period="7days")
    yield "search e-mail", searched(lambda number: f"person{number * 9973}@example.test")
    yield "search key", searched(lambda number: f"key-{number * 9973}")
    yield "search request id", searched(lambda number: f"R{event(number)}")
    yield "search sync job", searched(lambda number: f"J{job(number)}")
    yield "search nothing", searched(lambda number: f"nobody{number}@example.test")
    yield "search phone, failed, old range", searched(lambda number: f"+45 {20_000_000 + number}", tab="failed", **old)
    yield "person by e-mail", person(lambda number: f"person{number * 9973}@example.test")
    yield "person by key", person(lambda number: f"key-{number * 9973}")
    yield "person, phone", person(lambda number: f"+45 {20_000_000 + number}")
    yield "person, nobody", person(lambda number: f"nobody{number}@example.test")
    yield "deep", deep()
    yield "deep, failed", deep(tab="failed")
    yield "deep, busy", deep(connection=busy)
    yield "deep, updated, job failure", deep(tab="updated", job="failure")
    yield "newer than the oldest", fixed(after=first)
    yield "one event", lambda number: reverse("admin:core_event_change", args=[event(number)])
    yield "sync jobs", fixed(runs)
    yield "sync jobs, stopped", fixed(runs, status="stopped")
    yield "one sync job", lambda number: reverse("admin:core_run_change", args=[job(number)])


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def timed(client: Client, address: Address, requests: int) -> list[float]:
    """Milliseconds of each request; the first one warms up and doesn't count."""
    found = []
    for number in range(-1, requests):
        url = address(max(number, 0))
        started = time.perf_counter()
        response = client.get(url)
        found.append((time.perf_counter() - started) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")
    return found[1:]


def explain(client: Client, url: str) -> None:
    """Print the slowest statement of a page and the database's plan for it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    slowest = max(queries.captured_queries, key=lambda query: float(query["time"]))
    progress(f"{url}: {len(queries)} queries, slowest {slowest['time']} s: {slowest['sql'][:3000]}")
    with connection.cursor() as cursor:
        cursor.execute(
            ("EXPLAIN (ANALYZE, BUFFERS) " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ")
            + slowest["sql"]
        )
        for row in cursor.fetchall():
            progress(f"    {' '.join(map(str, row))}")


def users() -> Iterator[tuple[str, Client]]:
    """An administrator sees everything; support sees the connections of its role."""
    from django.contrib.auth.models import Group, User

    from integrations.connectors.leadsquared.models import LeadSquaredConnection
    from integrations.core.setup import SUPPORT

    group = Group.objects.get(name=SUPPORT)
    support = User.objects.create_user("bench-support", is_staff=True)
    support.groups.add(group)
    for connection in LeadSquaredConnection.objects.order_by("pk")[1:]:
        connection.access_roles.add(group)
    for name, user in (("admin", User.objects.create_superuser("bench-admin")), ("support", support)):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user)
        yield name, client


def measure(events: int, requests: int) -> list[Figure]:
    from django.db.models import Max, Min

    from integrations.connectors.leadsquared.models import LeadSquaredConnection
    from integrations.core.models import Event
    from tests.bench.history import write_history

    made = [
        LeadSquaredConnection.objects.create(connector="leadsquared", name=f"Connection {number}", state="enabled")
        for number in range(CONNECTIONS)
    ]
    connections = [connection.pk for connection in made]
    progress(f"writing {events:,} events")
    write_history(events, connections)
    analyse()
    ends = Event.objects.aggregate(first=Min("pk"), last=Max("pk"))
    figures = []
    for who, client in users():
        seen = connections if who == "admin" else connections[1:]
        for name, address in pages(client, seen, ends["first"], ends["last"]):
            if who == "support" and name.startswith("one "):
                continue
            times = timed(client, address, requests)
            note = f"median {percentile(times, 0.5):.0f}, slowest {max(times):.0f}"
            figures.append(Figure(f"{who}: {name}", percentile(times, 0.95), "ms (p95)", at_most=LIMIT_MS, note=note))
            if not figures[-1].met:
                explain(client, address(times.index(max(times))))
        progress(f"pages of {who} done")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=REQUESTS)
    options = parser.parse_args()
    django.setup()
    hand_over(measure(options.records, options.runs))


if __name__ == "__main__":
    main()
