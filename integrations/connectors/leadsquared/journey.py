"""Lead Sync's journey through the practice accounts: arrive, change, break, repair, retry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group

from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
from integrations.core import hooks, newcomer, versions
from integrations.core.demo.journeys import Journey, Step, journey, until
from integrations.core.engine import retry
from integrations.core.http import HttpClient
from integrations.core.models import Attempt, Connection, Event, FieldMapping
from integrations.core.setup import MARKETING, SUPPORT

NAME = "Leads from the second account (practice)"
EMAIL = "grace@example.test"
# A field only the source account has: the destination refuses the lead because of it.
UNKNOWN_FIELD = "mx_Old_System_Id"


def set_up(practice: str) -> None:
    """The sample connection and the source account's automation; what exists already stays."""
    connection = LeadSquaredConnection.objects.installed().filter(name=NAME).first() or _connect(practice)
    with _practice(practice) as source:
        if not source.get("automations").json():
            address = hooks.new_address(connection, by="demo")
            source.post("automations", json={"url": address, "triggers": ["new_lead", "lead_update", "activity"]})


def _connect(practice: str) -> LeadSquaredConnection:
    connection = LeadSquaredConnection.objects.create(
        connector="leadsquared",
        name=NAME,
        region=OTHER,
        api_address=f"{practice}/leadsquared/destination",
        access_key="u$rpractice-destination",
        secret_key="practice-secret-destination",  # noqa: S106 – the emulator's
        lead_source="LeadSquared 2nd Account",
        sync_activities=True,
    )
    connection.access_roles.set(Group.objects.filter(name__in=[MARKETING, SUPPORT]))
    newcomer.complete(connection, by="demo")
    connection.set_state(Connection.State.ENABLED, "Set up by the demo.")
    return connection


def walk(practice: str) -> Iterator[Step]:
    connection = LeadSquaredConnection.objects.installed().get(name=NAME)
    with _practice(practice) as source:
        yield _step("a new lead arrives", _save(source, FirstName="Grace", EmailAddress=EMAIL, Phone="20 30 40 50"))
        lead_id = _leads(source)[0]["ProspectID"]
        yield _step("a change arrives", _save(source, lead_id, FirstName="Grace Brewster"), "updated")
        source.post("activities", json={"lead_id": lead_id, "code": 201, "note": "Bought a lamp"})
        yield _step("an activity arrives", 1, record_type="activity")

        broken = FieldMapping.objects.create(
            connection=connection, record_type="lead", source="FirstName", target=UNKNOWN_FIELD, position=99
        )
        versions.record_version(connection)
        yield _step("a broken mapping fails", _save(source, lead_id, FirstName="Grace M."), "failed")
        failed = Event.objects.filter(outcome=Event.Outcome.FAILED).latest("pk")
        attempt = Attempt.objects.select_related("exchange").get(event=failed)
        seen = bool(attempt.exchange and attempt.exchange.request_body and UNKNOWN_FIELD in attempt.message)
        yield Step("with request, response and reason", "True", str(seen))

        broken.delete()
        versions.record_version(connection)
        retry.retry(connection.pk, [failed.pk])
        recovered = until(lambda: _state(failed.pk), "updated, recovered")
        yield Step("repaired and retried", "updated, recovered", recovered)
    with _practice(practice, "destination") as destination:
        seen_names = ", ".join(lead["FirstName"] for lead in _leads(destination))
        yield Step("the destination has it once", "Grace M.", seen_names)


def _practice(practice: str, account: str = "source") -> HttpClient:
    return HttpClient(f"{practice}/practice/leadsquared/{account}", vendor="The practice account")


def _leads(account: HttpClient) -> list[dict[str, Any]]:
    """The leads with the journey's e-mail address."""
    return list(account.get("leads", params={"email": EMAIL}).json()["leads"])


def _save(source: HttpClient, lead_id: str = "", **values: Any) -> int:
    """Create or change a lead as its user would; returns how many lead events there will be then."""
    before = Event.objects.filter(record_type="lead").count()
    source.post("leads", json={"id": lead_id, "values": values})
    return before + 1


def _step(name: str, number: int, expected: str = "new", record_type: str = "lead") -> Step:
    """Wait for the event with this number and for its outcome."""

    def look() -> str:
        events = Event.objects.filter(record_type=record_type).order_by("pk")
        outcomes = list(events.values_list("outcome", flat=True))
        return outcomes[number - 1] if len(outcomes) >= number else "nothing"

    return Step(name, expected, until(look, expected))


def _state(event_id: int) -> str:
    event = Event.objects.get(pk=event_id)
    return f"{event.outcome}, recovered" if event.recovered else event.outcome


journey(Journey("LeadSquared Lead Sync", set_up, walk))
