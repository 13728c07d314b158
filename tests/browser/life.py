"""A demo with some life in it: a day of work behind it, leads that failed, an export under way. All invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.browser.conftest import Demo

PEOPLE = ("Freja Holm", "Noah Berg", "Alma Dahl", "Oscar Lind", "Ida Krogh", "Emil Bach", "Clara Juhl", "Hugo Vang")
REFUSED = ("Agnes Toft", "Viggo Munk", "Ellen Skov")
LATENCY_MS = 800
WAIT = """
from integrations.core.demo.journeys import until
from integrations.core.models import Event
leads = Event.objects.filter(connection__connector="leadsquared", record_type="lead", due_at=None)
assert until(lambda: leads.filter(outcome="%(outcome)s").count() >= %(number)s, True) == "True"
"""
YESTERDAY = """
import datetime
from django.utils import timezone
from integrations.core.models import Connection, HourCount
hour = timezone.now().replace(minute=0, second=0, microsecond=0)
HourCount.objects.bulk_create([
    HourCount(connection=connection, hour=hour - datetime.timedelta(hours=ago), done=(ago * 7 + row * 5) % 19 + 2,
              failed=2 * (ago == 9 and row == 1))
    for row, connection in enumerate(Connection.objects.all()) for ago in range(1, 24)
], ignore_conflicts=True)
"""
EXPORT = """
from integrations.connectors.leadhub.connector import EXPORT
from integrations.core.engine import collect, control
from integrations.core.models import Connection, Run
connection = Connection.objects.get(connector="leadhub")
"""
START = """
from integrations.sources.loyalty.batch import CustomerRow
from integrations.sources.loyalty.customers import save_customers
save_customers([CustomerRow(email=f"customer{number}@example.test") for number in range(60)])
collect.start(connection, EXPORT, Run.Trigger.EXPORT, expected=64)
"""
PAUSED = "control.pause(collect.start(connection, EXPORT, Run.Trigger.EXPORT, expected=4))"
STOP = "control.stop(Run.objects.get(connection=connection, job=EXPORT, status=Run.Status.PAUSED))"


def enliven(demo: Demo) -> None:
    """Leads that came, and some that failed; takes a few seconds."""
    for name in PEOPLE:
        save_lead(demo, name, mx_City="Odense")
    demo.run(WAIT % {"outcome": "new", "number": len(PEOPLE)})
    make_city_mandatory(demo, True)
    for name in REFUSED:
        save_lead(demo, name)
    demo.run(YESTERDAY + WAIT % {"outcome": "failed", "number": len(REFUSED)})
    make_city_mandatory(demo, False)


def start_export(demo: Demo) -> None:
    """Of more customers than the demo has, to a LeadHub that takes its time, so that it is seen under way."""
    practice(demo, "leadhub/practice", "settings", latency_ms=LATENCY_MS)
    demo.run(EXPORT + START)


@contextmanager
def paused_export(demo: Demo) -> Iterator[None]:
    """Before it has sent anything; stopped in the end."""
    demo.run(EXPORT + PAUSED)
    yield
    demo.run(EXPORT + STOP)


def email_of(name: str) -> str:
    return f"{name.split()[0].lower()}@example.test"


def save_lead(demo: Demo, name: str, **values: str) -> str:
    """As a user of the source account; the new lead's id."""
    first, last = name.split()
    filled = {"FirstName": first, "LastName": last, "EmailAddress": email_of(name), **values}
    return str(practice(demo, "leadsquared/source", "leads", values=filled)["id"])


def make_city_mandatory(demo: Demo, mandatory: bool) -> None:
    """In the destination account: a lead without a city is refused then."""
    practice(demo, "leadsquared/destination", "fields", SchemaName="mx_City", IsMandatory=mandatory)


def practice(demo: Demo, account: str, call: str, **data: Any) -> Any:
    """What a user of a practice account does there."""
    answer = requests.post(f"{demo.practice}/practice/{account}/{call}", json=data, timeout=10)
    answer.raise_for_status()
    return answer.json()
