"""The first page with 200 connections over a million events: what it takes in process.

Run by `python -m tests.bench`, which prepares the database and the environment.
"""

from __future__ import annotations

import argparse
import datetime

import django

from tests.bench.logpage import LIMIT_MS, REQUESTS, explain, percentile, timed, users
from tests.bench.report import Figure, hand_over, progress
from tests.bench.stage import analyse

CONNECTIONS = 200
CAUSES = 300
DAY = 24


def fill(connections: list[int], events: int) -> None:
    """History, its counters, schedules, calls, settings and open runs of every connection."""
    from django.utils import timezone

    from integrations.core.engine import counts
    from integrations.core.models import Clock, Delivery, Event, HourCount, Run, SettingsVersion
    from tests.bench.history import write_history

    progress(f"writing {events:,} events")
    write_history(events, connections[:6])
    failed = Event.objects.filter(outcome=Event.Outcome.FAILED)
    for number in range(CAUSES):
        message = f"Refused (field {'abcdefghij'[number % 10]}{'x' * (number // 10)})."
        failed.filter(pk__in=failed.filter(message="").order_by("pk").values("pk")[: events // 15 // CAUSES]).update(
            message=message, code="refused"
        )
    now = timezone.now()
    progress("counting")
    counts.recount()
    hours = [counts.hour_of(now) - datetime.timedelta(hours=number) for number in range(7 * DAY)]
    HourCount.objects.bulk_create(
        [HourCount(connection_id=pk, hour=hour, done=900, failed=pk % 7) for pk in connections for hour in hours],
        batch_size=5000,
    )
    for pk in connections:
        Clock.objects.create(connection_id=pk, job="a", next_at=now)
        Delivery.objects.bulk_create([Delivery(connection_id=pk, body=None) for _ in range(50)])
        SettingsVersion.objects.bulk_create(
            [SettingsVersion(connection_id=pk, number=number, snapshot={"settings": {}}) for number in range(20)]
        )
        Run.objects.bulk_create(
            [Run(connection_id=pk, trigger="schedule", status="running", read=60, new=40) for _ in range(10)]
        )


def measure(events: int, requests: int) -> list[Figure]:
    from django.urls import reverse

    from integrations.connectors.leadsquared.models import LeadSquaredConnection

    made = [
        LeadSquaredConnection.objects.create(
            connector="leadsquared", name=f"Connection {number}", state="attention" if number % 9 == 0 else "enabled"
        )
        for number in range(CONNECTIONS)
    ]
    fill([connection.pk for connection in made], events)
    analyse()
    index = reverse("admin:index")
    pages = {"first page": index, "last connections": f"{index}?page=7", "by name": f"{index}?q=1"}
    figures = []
    for who, client in users():
        for name, url in pages.items():
            times = timed(client, lambda number, url=url: url, requests)  # type: ignore[misc]
            note = f"median {percentile(times, 0.5):.0f}, slowest {max(times):.0f}"
            figures.append(Figure(f"{who}: {name}", percentile(times, 0.95), "ms (p95)", at_most=LIMIT_MS, note=note))
            if not figures[-1].met:
                explain(client, url)
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
