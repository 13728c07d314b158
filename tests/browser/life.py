"""A demo with some life in it: leads that came and went, some that failed, an export under way. All invented."""

from __future__ import annotations

from typing import Any

import requests

from tests.browser.conftest import Demo

PEOPLE = ("Freja Holm", "Noah Berg", "Alma Dahl", "Oscar Lind", "Ida Krogh", "Emil Bach", "Clara Juhl", "Hugo Vang")
REFUSED = ("Agnes Toft", "Viggo Munk", "Ellen Skov")
LATENCY_MS = 400
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
HourCount.objects.bulk_create(
    HourCount(connection=connection, hour=hour - datetime.timedelta(hours=ago), done=(ago * 7 + row * 5) % 19 + 2,
              failed=2 * (ago == 9 and row == 1))
    for row, connection in enumerate(Connection.objects.all()) for ago in range(1, 24)
)
"""
EXPORT = """
from integrations.connectors.leadhub.connector import EXPORT
from integrations.core.demo.journeys import until
from integrations.core.engine import collect
from integrations.core.models import Connection, Run
from integrations.sources.loyalty.batch import CustomerRow
from integrations.sources.loyalty.customers import save_customers
connection = Connection.objects.get(connector="leadhub")
save_customers([CustomerRow(email=f"customer{number}@example.test") for number in range(300)])
run = collect.start(connection, EXPORT, Run.Trigger.EXPORT, expected=304)
until(lambda: Run.objects.get(pk=run.pk).read > 0, True)
"""


def enliven(demo: Demo) -> None:
    """Takes a few seconds; the export is slow from then on, so that it is seen under way."""
    for name in PEOPLE:
        save_lead(demo, name, mx_City="Odense")
    demo.run(WAIT % {"outcome": "new", "number": len(PEOPLE)})
    make_city_mandatory(demo, True)
    for name in REFUSED:
        save_lead(demo, name)
    demo.run(WAIT % {"outcome": "failed", "number": len(REFUSED)})
    make_city_mandatory(demo, False)
    practice(demo, "leadhub/practice", "settings", latency_ms=LATENCY_MS)
    demo.run(YESTERDAY + EXPORT)


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
