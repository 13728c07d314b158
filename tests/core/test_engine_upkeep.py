"""What grows and what doesn't: statements and calls with batches; stored personal data for thirty days."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import versions
from integrations.core.engine.drain import drain
from integrations.core.engine.retention import retain
from integrations.core.models import Delivery, Event, EventPayload, Exchange
from tests.core.toy import connect, counts, deliver, email, lead, leads, queue_up, retry_failed, webhook
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db


# -- growth -------------------------------------------------------------------------------------------


def cost(account: LeadSquaredAccount, number: int) -> tuple[int, int]:
    """Statements, capture to settle, and calls for so many new leads."""
    account.reset(data_only=True)
    connection = connect(account)
    before = account.call_count()
    with CaptureQueriesContext(database) as statements:
        run = queue_up(connection, leads(range(number)))
        drain(connection.pk)
    assert counts(run) == {"read": number, "new": number}
    return len(statements), account.call_count() - before


def test_statements_and_calls_grow_with_batches_not_with_records(account: LeadSquaredAccount) -> None:
    few, few_calls = cost(account, 100)
    many, many_calls = cost(account, 1000)
    assert (few_calls, many_calls) == (4, 40)
    assert few < 62
    # A drain that takes longer looks at its settings, its lease and its inbox once a second: room for that.
    assert many < few + 60


def test_records_that_have_not_changed_cost_no_call_and_few_statements(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    deliver(connection, *leads(range(1000)))
    before = account.call_count()
    with CaptureQueriesContext(database) as statements:
        deliver(connection, *leads(range(1000)))
    assert account.call_count() == before
    assert len(statements) < 80


# -- retention ----------------------------------------------------------------------------------------


@pytest.fixture
def month_old(account: LeadSquaredAccount) -> Any:
    """A connection with one record that arrived, one that failed and one that waits, all 31 days ago."""
    connection = connect(account)
    connection.mappings.create(record_type="lead", source="Old", target="mx_Old_System_Id", position=99)
    versions.record_version(connection)
    webhook(connection, b'{"ProspectID": "s-1", "EmailAddress": "n1@example.test"}')
    drain(connection.pk)
    deliver(connection, lead(2, Old="x"))
    account.fault("system_error")
    deliver(connection, lead(3))
    webhook(connection, b"not read yet")
    assert set(Event.objects.values_list("outcome", flat=True)) == {"new", "failed", "waiting"}
    age(datetime.timedelta(days=31))
    return connection


def age(by: datetime.timedelta) -> None:
    then = timezone.now() - by
    Event.objects.update(created_at=then)
    Exchange.objects.update(created_at=then)
    Delivery.objects.update(received_at=then)


def keys_with_payload() -> set[str]:
    return set(EventPayload.objects.values_list("event__key", flat=True))


def test_after_a_month_payloads_and_bodies_of_what_arrived_are_gone(month_old: Any) -> None:
    retain()
    assert keys_with_payload() == {"s-2", "s-3"}
    arrived = Event.objects.get(key="s-1")
    assert (arrived.label, arrived.outcome) == ("", Event.Outcome.NEW)
    exchange = arrived.tries.get().exchange
    assert (exchange.request_body, exchange.response_body, exchange.response_headers) == (None, None, {})
    assert exchange.status == 200
    assert Delivery.objects.get(status=Delivery.Status.CAPTURED).body is None
    assert Delivery.objects.get(status=Delivery.Status.RECEIVED).body == b"not read yet"


def test_what_failed_or_waits_keeps_what_it_needs(month_old: Any, account: LeadSquaredAccount) -> None:
    retain()
    for key in ("s-2", "s-3"):
        event = Event.objects.get(key=key)
        assert event.label
        assert all(attempt.exchange.response_body for attempt in event.tries.all())
    month_old.mappings.filter(target="mx_Old_System_Id").delete()
    retry_failed(month_old)
    drain(month_old.pk)
    assert account.lead(email(2))["FirstName"] == "Name 2"


def test_what_is_younger_stays(month_old: Any) -> None:
    age(datetime.timedelta(days=29))
    retain()
    assert keys_with_payload() == {"s-1", "s-2", "s-3"}
    assert not Exchange.objects.filter(request_body__isnull=True).exists()


def test_counts_and_outcomes_outlive_the_payloads(month_old: Any) -> None:
    before = list(month_old.runs.order_by("pk").values())
    retain()
    assert list(month_old.runs.order_by("pk").values()) == before
    assert Event.objects.count() == 3


def test_more_rows_than_a_chunk_are_deleted_and_what_is_gone_is_sent_again(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    deliver(connection, *leads(range(1100)))
    age(datetime.timedelta(days=31))
    retain()
    assert EventPayload.objects.count() == 0
    assert Event.objects.exclude(label="").count() == 0
    [*_, again] = deliver(connection, lead(5))
    assert again.outcome == Event.Outcome.UNCHANGED, "the link still knows what was written"
