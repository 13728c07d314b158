"""Errors, named by what to do next: what they do to a record, to its batch, to its connection."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from integrations.connectors.leadsquared.connector import LeadSync
from integrations.core.connector import Item
from integrations.core.engine import settle
from integrations.core.engine.breaker import PAUSES, TRIPS_AFTER
from integrations.core.engine.drain import drain
from integrations.core.models import Connection, Delivery, Event, Lease, Run
from tests.core.toy import (
    Died,
    connect,
    counts,
    deliver,
    email,
    events,
    its_lease_runs_out,
    its_time_comes,
    lead,
    leads,
    listening,
    outcomes,
    queue_up,
    retry_failed,
    toy,
    webhook,
)
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db
NEW, WAITING, FAILED, PENDING = Event.Outcome.NEW, Event.Outcome.WAITING, Event.Outcome.FAILED, Event.Outcome.PENDING


def waits(event: Event) -> float:
    """Seconds from its last try to its next."""
    last = event.tries.latest("pk").created_at
    return (event.due_at - last).total_seconds()


def paused_for(connection: Connection) -> float:
    not_before = Lease.objects.get(connection_id=connection.pk, name="deliver").not_before
    return (not_before - timezone.now()).total_seconds()


# -- one bad record -----------------------------------------------------------------------------------


def test_one_record_the_vendor_refuses_does_not_fail_its_batch(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    connection.mappings.create(record_type="lead", source="Old", target="mx_Old_System_Id", position=99)
    run = queue_up(connection, [*leads(range(12)), lead(12, Old="x"), *leads(range(13, 25))])
    drain(connection.pk)
    assert counts(run) == {"read": 25, "new": 24, "failed": 1}
    bad = Event.objects.get(outcome=FAILED)
    assert bad.key == "s-12"
    assert "mx_Old_System_Id" in bad.message
    assert bad.tries.get().exchange.response_body


def test_one_record_that_does_not_fit_the_mapping_does_not_fail_its_batch(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = queue_up(connection, [lead(1), lead(2, Phone="not a phone"), lead(3)])
    drain(connection.pk)
    assert counts(run) == {"read": 3, "new": 2, "failed": 1}
    assert "Phone" in Event.objects.get(outcome=FAILED).message


def stumbling_over(key: str) -> Callable[[Item], None]:
    def heard(item: Item) -> None:
        if item.key == key:
            raise KeyError("a bug, and in its text ada@example.test")

    return heard


def test_a_bug_met_while_mapping_one_record_does_not_stop_the_others(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = queue_up(connection, leads(range(5)))
    with toy(prepare=listening(stumbling_over("s-2"))):
        drain(connection.pk)
    assert counts(run) == {"read": 5, "new": 4, "failed": 1}
    message = Event.objects.get(outcome=FAILED).message
    assert "KeyError" in message
    assert "ada@" not in message


def test_a_bug_met_while_sending_one_record_does_not_stop_the_others(account: LeadSquaredAccount) -> None:
    connection = connect(account)

    def deliver_most(self: LeadSync, record_type: str, items: list[Item]) -> Any:
        for item in items:
            stumbling_over("s-2")(item)
        return LeadSync.deliver(self, record_type, items)

    run = queue_up(connection, leads(range(5)))
    with toy(deliver=deliver_most):
        drain(connection.pk)
    assert counts(run) == {"read": 5, "new": 4, "failed": 1}
    assert account.lead_count() == 4


def test_a_record_the_connector_says_nothing_about_fails_instead_of_staying_open(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    with toy(deliver=lambda self, record_type, items: LeadSync.deliver(self, record_type, items[:-1])):
        deliver(connection, *leads(range(3)))
    assert outcomes(connection) == [NEW, NEW, FAILED]


def test_a_record_that_takes_its_worker_down_is_set_aside_and_takes_no_other_along(
    account: LeadSquaredAccount,
) -> None:
    connection = connect(account)

    def heard(item: Item) -> None:
        if item.key == "s-7":
            raise Died

    run = queue_up(connection, leads(range(20)))
    with toy(prepare=listening(heard)):
        for _ in range(40):
            with suppress(Died):
                drain(connection.pk)
            its_lease_runs_out(connection)
    assert counts(run) == {"read": 20, "new": 19, "failed": 1}
    bad = Event.objects.get(outcome=FAILED)
    assert (bad.key, bad.code) == ("s-7", "poison")
    assert run.status == Run.Status.FAILURE


def test_new_work_goes_on_while_a_record_takes_its_worker_down(account: LeadSquaredAccount) -> None:
    connection = connect(account)

    def heard(item: Item) -> None:
        if item.key == "s-1":
            raise Died

    queue_up(connection, [lead(1)])
    with toy(prepare=listening(heard)):
        for number in range(10, 18):
            queue_up(connection, [lead(number)])
            with suppress(Died):
                drain(connection.pk)
            its_lease_runs_out(connection)
    assert {event.outcome for event in events(connection) if event.key != "s-1"} == {NEW}


@pytest.mark.parametrize(("odd", "outcome"), [("\\u0000", FAILED), ("\\ud800", NEW)], ids=["NUL", "half a character"])
def test_characters_no_column_takes_do_not_stop_the_calls_after_them(
    account: LeadSquaredAccount, odd: str, outcome: str
) -> None:
    connection = connect(account)
    odd_body = f'{{"ProspectID": "s{odd}1", "EmailAddress": "n{odd}1@example.test", "FirstName": "A{odd}"}}'
    good = {"ProspectID": "s-2", "EmailAddress": email(2), "FirstName": "B"}
    call = webhook(connection, odd_body.encode())
    webhook(connection, json.dumps(good).encode())
    drain(connection.pk)
    assert account.lead(email(2))["FirstName"] == "B"
    call.refresh_from_db()
    assert call.status == Delivery.Status.CAPTURED
    assert outcomes(connection) == [outcome, NEW]


def test_a_vendor_id_no_column_takes_does_not_keep_its_batch_open(account: LeadSquaredAccount) -> None:
    from dataclasses import replace

    connection = connect(account)

    def oddly(self: LeadSync, record_type: str, items: list[Item]) -> Any:
        for outcome in LeadSync.deliver(self, record_type, items):
            yield replace(outcome, remote_id="\0" + "x" * 500, message="odd\0")

    with toy(deliver=oddly):
        deliver(connection, *leads(range(3)))
    assert outcomes(connection) == [NEW] * 3


def test_a_webhook_call_that_makes_no_sense_says_so_and_the_next_one_is_read(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    odd = webhook(connection, b"<xml/>")
    webhook(connection, json.dumps({"ProspectID": "s-1", "EmailAddress": email(1)}).encode())
    drain(connection.pk)
    odd.refresh_from_db()
    assert odd.status == Delivery.Status.REJECTED
    assert "not JSON" in odd.message
    assert outcomes(connection) == [NEW]


# -- temporary ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["system_error", "bad_gateway", "html_200", "truncated_json", "wrong_charset", "dropped"]
)
def test_a_temporary_error_waits_and_arrives_later(account: LeadSquaredAccount, kind: str) -> None:
    connection = connect(account)
    account.fault(kind, path="Bulk")
    run = queue_up(connection, leads(range(3)))
    drain(connection.pk)
    found = events(connection)
    assert {event.outcome for event in found} == {WAITING}
    assert {event.code for event in found} == {"temporary"}
    assert all(settle.BACKOFF[0] * settle.JITTER_FLOOR <= waits(event) <= settle.BACKOFF[0] for event in found)
    assert counts(run) == {"read": 3}
    assert (run.status, run.waiting) == (Run.Status.RUNNING, 3)
    its_time_comes(connection)
    drain(connection.pk)
    assert counts(run) == {"read": 3, "new": 3}
    assert run.status == Run.Status.SUCCESS


def test_a_verdict_on_a_whole_batch_is_settled_record_by_record(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("app_error", path="Bulk")
    run = queue_up(connection, leads(range(3)))
    drain(connection.pk)
    assert counts(run) == {"read": 3, "new": 3}


def test_it_waits_at_least_as_long_as_the_vendor_asks(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("unavailable", retry_after=1800)
    [event] = deliver(connection, lead(1))
    assert waits(event) >= 1800
    assert paused_for(connection) > 1700


def test_the_wait_grows_with_each_attempt_and_ends_with_a_person(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error", times=None)
    queue_up(connection, [lead(1)])
    seen = []
    for _ in settle.BACKOFF[:-1]:
        drain(connection.pk)
        [event] = events(connection)
        assert event.outcome == WAITING
        seen.append(waits(event))
        its_time_comes(connection)
    for step, wait in zip(settle.BACKOFF, seen, strict=False):
        assert step * settle.JITTER_FLOOR <= wait <= step
    drain(connection.pk)
    [event] = events(connection)
    assert (event.outcome, event.code, event.attempts) == (FAILED, "gave-up", len(settle.BACKOFF))
    assert "Press Retry" in event.message
    assert event.tries.count() == len(settle.BACKOFF)


def test_what_may_have_arrived_is_looked_for_also_after_retry(account: LeadSquaredAccount) -> None:
    """The tenth and last attempt creates the activity, unanswered; Retry must not create a second one."""
    connection = connect(account, sync_activities=True)
    deliver(connection, lead(1))
    webhook(connection, json.dumps({
        "ProspectActivityId": "a-1", "RelatedProspectId": "s-1", "ActivityEvent": 201,
        "CreatedOn": "2025-03-01 10:00:00", "ActivityNote": "A lamp"}).encode())  # fmt: skip
    account.fault("system_error", path="ProspectActivity", times=None)
    for _ in settle.BACKOFF[:-1]:
        drain(connection.pk)
        its_time_comes(connection)
    account.clear_faults()
    account.fault("applied_unanswered", path="ProspectActivity.svc/Create")
    drain(connection.pk)
    assert events(connection)[-1].code == "gave-up"
    retry_failed(connection)
    drain(connection.pk)
    assert events(connection)[-1].outcome == Event.Outcome.UPDATED
    assert len(account.activities()) == 1


def test_an_applied_but_unanswered_batch_creates_nobody_twice(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("applied_unanswered", path="Bulk")
    run = queue_up(connection, leads(range(25)))
    drain(connection.pk)
    assert set(outcomes(connection)) == {WAITING}
    its_time_comes(connection)
    drain(connection.pk)
    created = [entry["key"] for entry in account.ledger() if entry["outcome"] == "created"]
    assert sorted(created) == sorted(email(number) for number in range(25))
    assert counts(run) == {"read": 25, "updated": 25}


# -- the rate limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("as_date", "named", "pause"), [(False, 3, 3), (True, 3, 2), (False, None, 5)],
                         ids=["seconds", "date", "nothing named"])  # fmt: skip
def test_nobody_calls_before_the_pause_is_over_and_it_is_no_attempt(
    account: LeadSquaredAccount, as_date: bool, named: int | None, pause: int
) -> None:
    connection = connect(account)
    account.fault("too_many", path="Bulk", at=[2], retry_after=named, as_date=as_date)
    queue_up(connection, leads(range(100)))
    with toy(concurrency=1):
        drain(connection.pk)
    assert set(outcomes(connection)) == {NEW}
    assert {event.attempts for event in events(connection)} == {1}
    times = [datetime.datetime.fromisoformat(call["time"]) for call in account.calls() if "Bulk" in call["path"]]
    assert len(times) == 5
    assert (times[2] - times[1]).total_seconds() >= pause


def test_a_limit_told_in_a_200_is_a_pause_as_well(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("limit_in_200", path="Bulk")
    run = queue_up(connection, leads(range(30)))
    drain(connection.pk)
    assert counts(run) == {"read": 30, "new": 30}
    assert {event.attempts for event in events(connection)} == {1}


def test_a_long_pause_is_kept_by_the_next_drain(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("too_many", retry_after=600)
    queue_up(connection, leads(range(30)))
    drain(connection.pk)
    before = account.call_count()
    queue_up(connection, [lead(99)])
    drain(connection.pk)
    assert account.call_count() == before
    assert 500 < paused_for(connection) <= 600
    assert {event.attempts for event in events(connection)} == {0}


def test_the_vendors_own_limit_is_never_passed(account: LeadSquaredAccount) -> None:
    """Two drains, one after the other, within one window of the vendor's."""
    connection = connect(account, calls_per_5s=6, bulk_calls_per_5s=2)
    account.limits(calls_per_5s=6, bulk_calls_per_5s=2)
    deliver(connection, *leads(range(60)))
    deliver(connection, *leads(range(100, 110)))
    assert set(outcomes(connection)) == {NEW}
    assert {call["status"] for call in account.calls() if "Bulk" in call["path"]} == {200}


# -- the circuit --------------------------------------------------------------------------------------


def test_after_three_failing_batches_the_vendor_is_left_alone(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error", times=None)
    queue_up(connection, leads(range(300)))
    before = account.call_count()
    drain(connection.pk)
    assert account.call_count() - before == TRIPS_AFTER
    assert 0 < paused_for(connection) <= PAUSES[0]
    assert outcomes(connection).count(WAITING) == TRIPS_AFTER * 25
    drain(connection.pk)
    assert account.call_count() - before == TRIPS_AFTER


def test_a_closed_circuit_tries_with_one_record_and_waits_longer_when_that_fails(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error", times=None)
    queue_up(connection, leads(range(300)))
    drain(connection.pk)
    for pause in PAUSES[1:4]:
        before = account.call_count()
        its_time_comes(connection)
        drain(connection.pk)
        assert account.call_count() - before == 1
        assert pause - 5 < paused_for(connection) <= pause
    account.clear_faults()
    its_time_comes(connection)
    before = account.call_count()
    drain(connection.pk)
    assert set(outcomes(connection)) == {NEW}
    written = [call["records"] for call in account.calls()[before:] if call["records"]]
    assert written[:2] == [1, 2], "slowly at first"
    assert paused_for(connection) < 0


# -- settings that must be corrected ------------------------------------------------------------------


def test_a_key_that_is_revoked_mid_run_keeps_the_queue_and_goes_on_when_it_is_right_again(
    account: LeadSquaredAccount,
) -> None:
    connection = connect(account)
    run = queue_up(connection, leads(range(200)))
    account.fault("unauthorized", path="Bulk", at=[2])
    drain(connection.pk)
    account.settings(secret_key="another-secret")
    connection.refresh_from_db()
    assert connection.state == Connection.State.ATTENTION
    assert "refused the keys" in connection.state_reason
    since = connection.state_since
    drain(connection.pk)
    connection.refresh_from_db()
    assert connection.state_since == since
    settled = counts(run).get("new", 0)
    assert 25 <= settled < 200
    assert all(event.due_at for event in events(connection) if event.outcome != NEW)
    assert {event.attempts for event in events(connection) if event.outcome != NEW} == {0}

    connection.secret_key = "another-secret"
    connection.save()
    connection.set_state(Connection.State.ENABLED)
    drain(connection.pk)
    assert counts(run) == {"read": 200, "new": 200}
    assert run.status == Run.Status.SUCCESS


def test_a_connection_that_needs_attention_calls_nobody(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("unauthorized", times=None)
    queue_up(connection, leads(range(100)))
    drain(connection.pk)
    before = account.call_count()
    drain(connection.pk)
    assert account.call_count() == before
    assert len(account.ledger()) == 0
