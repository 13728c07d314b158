"""In which order records travel, and which of them travel at all."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors.leadsquared.connector import ACTIVITY, LEAD
from integrations.core.connector import Item
from integrations.core.engine.capture import capture
from integrations.core.engine.drain import drain
from integrations.core.models import Delivery, Event, Run
from tests.core.toy import (
    connect,
    deliver,
    email,
    events,
    lead,
    leads,
    listening,
    outcomes,
    queue_up,
    toy,
    webhook,
)
from tests.sandbox_server import LeadSquaredAccount, Sandbox

pytestmark = pytest.mark.django_db
NEW, UPDATED, UNCHANGED, SKIPPED, WAITING = (Event.Outcome[name] for name in (
    "NEW", "UPDATED", "UNCHANGED", "SKIPPED", "WAITING"))  # fmt: skip
MODIFIED = "ModifiedOn"


def applied(account: LeadSquaredAccount) -> list[str]:
    """The e-mail addresses of the ledger in the order they were applied."""
    return [entry["key"] for entry in account.ledger()]


def test_changes_of_one_record_arrive_in_their_order(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    names = [f"Version {number}" for number in range(1, 6)]
    found = deliver(connection, *[lead(1, FirstName=name) for name in names])
    assert [event.outcome for event in found] == [NEW, UPDATED, UPDATED, UPDATED, UPDATED]
    assert account.lead(email(1))["FirstName"] == "Version 5"


def test_never_two_changes_of_one_record_are_under_way_at_once(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.latency(40)
    queue_up(connection, [lead(number, FirstName=f"V{version}") for version in range(3) for number in range(50)])
    drain(connection.pk)
    entries = account.ledger()
    assert len(entries) == 150
    for number in range(50):
        assert [entry["outcome"] for entry in entries if entry["key"] == email(number)] == [
            "created", "updated", "updated"]  # fmt: skip
        assert account.lead(email(number))["FirstName"] == "V2"


def test_a_waiting_change_holds_back_the_next_one_of_its_record_only(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error")
    queue_up(connection, [lead(1, FirstName="First")])
    drain(connection.pk)
    assert outcomes(connection) == [WAITING]
    before = account.call_count()
    found = deliver(connection, lead(1, FirstName="Second"), lead(2))
    assert [event.outcome for event in found] == [WAITING, Event.Outcome.PENDING, NEW]
    assert found[1].attempts == 0
    assert account.call_count() - before == 2  # a look-up and an upsert, of the other record


def test_a_drain_ends_at_once_when_all_that_is_due_waits_for_an_older_change(
    account: LeadSquaredAccount,
    django_assert_max_num_queries: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1), lead(1, FirstName="Second")])
    first = Event.objects.order_by("pk").first()
    later = first.due_at + datetime.timedelta(hours=1)
    Event.objects.filter(pk=first.pk).update(outcome=WAITING, due_at=later, attempts=1)
    with django_assert_max_num_queries(40), django_capture_on_commit_callbacks() as wakes:
        drain(connection.pk, budget=3)
    assert outcomes(connection) == [WAITING, Event.Outcome.PENDING]
    assert wakes == [], "it would be woken again and again until the hour is over"


def test_a_live_change_overtakes_bulk_work_that_is_already_under_way(account: LeadSquaredAccount) -> None:
    """Two live leads need the very bulk call that seven batches are queued for."""
    connection = connect(account, bulk_calls_per_5s=4)
    account.limits(bulk_calls_per_5s=4)
    arrived: list[int] = []

    def heard(item: Item) -> None:
        if not arrived and not item.urgent:
            arrived.append(item.event_id)
            queue_up(connection, leads([1001, 1002]))

    queue_up(connection, leads(range(175)), bulk=True)
    with toy(prepare=listening(heard)):
        drain(connection.pk)
    order = applied(account)
    assert set(outcomes(connection)) == {NEW}
    assert len(order) == 177
    last_live = max(order.index(email(1001)), order.index(email(1002)))
    assert last_live < 5 * 25 + 2, "they came at the next free call, before the bulk work was through"


def test_a_live_change_goes_on_when_bulk_work_has_used_up_its_calls(account: LeadSquaredAccount) -> None:
    connection = connect(account, bulk_calls_per_5s=1)
    arrived: list[int] = []

    def heard(item: Item) -> None:
        if not arrived and not item.urgent:
            arrived.append(item.event_id)
            queue_up(connection, [lead(1001)])

    queue_up(connection, leads(range(200)), bulk=True)
    with toy(prepare=listening(heard)):
        drain(connection.pk, budget=7)
    order = applied(account)
    assert email(1001) in order[:26]
    assert len(order) == 51


def test_batches_of_many_calls_get_through_a_slow_rate_limit(account: LeadSquaredAccount) -> None:
    """Eight batches that share ten calls would each have made one or two when the drain hands over."""
    connection = connect(account, secondary_search_by="Phone", calls_per_5s=10)
    small = replace(LEAD, batch_size=6)
    queue_up(connection, leads(range(48)), bulk=True)
    with toy(record_types=(small, ACTIVITY)):
        drain(connection.pk, budget=4)
    assert outcomes(connection).count(NEW) >= 6


def test_bulk_work_that_a_live_change_pulls_forward_is_not_sent_twice(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.latency(300)
    arrived: list[int] = []

    def heard(item: Item) -> None:
        if not arrived and not item.urgent:
            arrived.append(item.event_id)
            queue_up(connection, leads(range(200), FirstName="Changed meanwhile"))

    queue_up(connection, leads(range(200)), bulk=True)
    with toy(prepare=listening(heard)):
        drain(connection.pk)
    assert Event.objects.filter(priority=Event.Priority.LIVE).count() == 400, "the older work came along"
    assert outcomes(connection) == [NEW] * 200 + [UPDATED] * 200
    assert len(account.ledger()) == 400
    assert {event.attempts for event in events(connection)} == {1}
    assert {row["FirstName"] for row in account.leads()} == {"Changed meanwhile"}


def test_a_live_change_of_a_queued_import_row_takes_it_along(account: LeadSquaredAccount) -> None:
    connection = connect(account, bulk_calls_per_5s=1)
    queue_up(connection, leads(range(100)), bulk=True)
    queue_up(connection, [lead(99, FirstName="Live")])
    drain(connection.pk, budget=3)
    assert account.lead_count() == 26, "one call of the import, and the row that was pulled forward"
    assert account.lead(email(99))["FirstName"] == "Live"


def test_the_same_record_with_the_same_dedupe_key_is_queued_once(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    twice = replace(lead(1), dedupe_key="only-once")
    run = queue_up(connection, [twice, twice])
    again = Run.objects.create(connection=connection, trigger=Run.Trigger.CHANGE)
    assert capture(connection, [twice], run=again) == []
    drain(connection.pk)
    assert outcomes(connection) == [NEW]
    run.refresh_from_db()
    again.refresh_from_db()
    assert (run.read, again.read) == (1, 0)


def test_two_connections_may_use_the_same_dedupe_key(sandbox: Sandbox) -> None:
    one, other = connect(sandbox.leadsquared("destination")), connect(sandbox.leadsquared("source"))
    for connection in (one, other):
        assert deliver(connection, replace(lead(1), dedupe_key="same"))[0].outcome == NEW


def test_identical_webhook_calls_take_effect_once(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    body = json.dumps({"ProspectID": "s-1", "EmailAddress": email(1), MODIFIED: "2025-03-01 10:00:00"}).encode()
    calls = [webhook(connection, body) for _ in range(3)]
    drain(connection.pk)
    late = webhook(connection, body)
    drain(connection.pk)
    assert outcomes(connection) == [NEW]
    assert [entry["outcome"] for entry in account.ledger()] == ["created"]
    states = [Delivery.objects.get(pk=call.pk).status for call in (*calls, late)]
    assert states == ["captured", "duplicate", "duplicate", "duplicate"]
    assert Run.objects.count() == 1


def test_what_has_not_changed_is_not_sent_again(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    deliver(connection, *leads(range(3)))
    before = account.call_count()
    deliver(connection, *leads(range(3)))
    assert outcomes(connection) == [NEW] * 3 + [UNCHANGED] * 3
    assert account.call_count() == before


def test_going_back_to_an_earlier_state_is_a_change(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    for name in ("A", "B", "A"):
        deliver(connection, lead(1, FirstName=name))
    assert outcomes(connection) == [NEW, UPDATED, UPDATED]
    assert account.lead(email(1))["FirstName"] == "A"


def test_an_older_state_does_not_write_over_a_newer_one(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    noon = datetime.datetime(2025, 3, 1, 12, tzinfo=datetime.UTC)
    newer = replace(lead(1, FirstName="Newer"), source_time=noon)
    older = replace(lead(1, FirstName="Older"), source_time=noon - datetime.timedelta(hours=1))
    deliver(connection, newer, older)
    assert [(event.outcome, event.code) for event in events(connection)] == [(NEW, ""), (SKIPPED, "older")]
    assert account.lead(email(1))["FirstName"] == "Newer"


def test_an_activity_follows_its_lead(account: LeadSquaredAccount) -> None:
    connection = connect(account, sync_activities=True)
    activity = {
        "ProspectActivityId": "a-1",
        "RelatedProspectId": "s-1",
        "ActivityEvent": 201,
        "CreatedOn": "2025-03-01 10:00:00",
        "ActivityNote": "A lamp",
    }
    webhook(connection, json.dumps([activity, {"ProspectID": "s-1", "EmailAddress": email(1)}]).encode())
    drain(connection.pk)
    assert outcomes(connection) == [NEW, NEW]
    assert len(account.activities(account.lead(email(1))["ProspectID"])) == 1
