"""Lead Sync against the practice accounts, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core import drain as engine
from integrations.core import hooks
from integrations.core.models import Delivery, Event

Make = Callable[..., LeadSquaredConnection]
ADA = {"ProspectID": "s-1", "FirstName": "Ada", "EmailAddress": "ada@example.test", "Phone": "20 30 40 50"}


@pytest.fixture
def send(client: Any) -> Callable[..., Any]:
    """Call a connection's webhook as the source account does, then let a worker at it."""

    def call(connection: LeadSquaredConnection, *bodies: Any) -> list[Event]:
        path = hooks.new_address(connection).partition("://")[2].partition("/")[2]
        for body in bodies:
            response = client.post(f"/{path}", json.dumps(body), content_type="application/json")
            assert response.status_code == 200
            assert response.json() == {"Status": "Success", "StatusReason": ""}
        engine.drain(connection.pk)
        return list(Event.objects.order_by("pk"))

    return call


def test_a_new_lead_is_created_in_the_destination(make_leadsync: Make, destination: Any, send: Any) -> None:
    [event] = send(make_leadsync(lead_source="Second account"), ADA)
    assert (event.outcome, event.message) == (Event.Outcome.NEW, "")
    lead = destination.lead("ada@example.test")
    assert (lead["FirstName"], lead["Phone"], lead["Source"]) == ("Ada", "+45-20304050", "Second account")
    assert Delivery.objects.get().status == Delivery.Status.CAPTURED


def test_many_leads_travel_in_one_call_a_batch(make_leadsync: Make, destination: Any, send: Any) -> None:
    connection = make_leadsync()
    before = destination.call_count()
    events = send(connection, [{"ProspectID": f"s-{n}", "EmailAddress": f"n{n}@example.test"} for n in range(100)])
    assert {event.outcome for event in events} == {Event.Outcome.NEW}
    assert destination.call_count() - before == 4
