"""Runs: retries, books, and settings that change while they are under way."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from integrations.connectors.leadsquared.connector import LeadSync
from integrations.core import versions
from integrations.core.connector import Item, Outcome
from integrations.core.engine import retry
from integrations.core.engine.drain import drain
from integrations.core.engine.sweep import sweep
from integrations.core.models import Connection, Delivery, Event, Run
from tests.core.toy import (
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
NEW, UPDATED, FAILED, SKIPPED = Event.Outcome.NEW, Event.Outcome.UPDATED, Event.Outcome.FAILED, Event.Outcome.SKIPPED
# A field the destination doesn't have: every lead with a value for it is refused.
UNKNOWN = "mx_Old_System_Id"


def broken(account: LeadSquaredAccount) -> Connection:
    """A connection whose mapping names a field the account doesn't have, for leads with an `Old` value."""
    connection = connect(account)
    connection.mappings.create(record_type="lead", source="Old", target=UNKNOWN, position=99)
    versions.record_version(connection)
    return connection


def repair(connection: Connection) -> None:
    connection.mappings.filter(target=UNKNOWN).delete()
    versions.record_version(connection)


def is_balanced(run: Run) -> bool:
    run.refresh_from_db()
    return run.read == run.settled + run.waiting and run.waiting >= 0


# -- retry --------------------------------------------------------------------------------------------


def test_retry_sends_the_stored_payload_through_todays_mapping(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    first = queue_up(connection, [lead(1, Old="x"), lead(2)])
    drain(connection.pk)
    assert outcomes(connection) == [FAILED, NEW]
    repair(connection)
    run = retry_failed(connection)
    drain(connection.pk)
    [event, other] = events(connection)
    assert (event.outcome, event.recovered, event.run_id) == (UPDATED, True, run.pk)
    assert (other.recovered, account.lead(email(1))["FirstName"]) == (False, "Name 1")
    assert [attempt.outcome for attempt in event.tries.all()] == [FAILED, UPDATED]
    assert counts(first) == {"read": 2, "new": 1, "failed": 1}
    assert counts(run) == {"read": 1, "updated": 1}
    assert (first.status, run.status) == (Run.Status.FAILURE, Run.Status.SUCCESS)


def test_a_retry_right_after_a_repair_does_not_travel_with_what_a_drain_loaded_before(
    account: LeadSquaredAccount,
) -> None:
    connection = broken(account)
    queue_up(connection, [lead(1, Old="x")])
    drain(connection.pk)
    assert outcomes(connection) == [FAILED]

    def repair_and_retry() -> None:
        repair(connection)
        retry_failed(connection)

    queue_up(connection, [lead(2)])
    with toy(prepare=listening(once(repair_and_retry, at="s-2"))):
        drain(connection.pk)
    drain(connection.pk)
    assert outcomes(connection) == [UPDATED, NEW]
    assert [attempt.outcome for attempt in events(connection)[0].tries.all()] == [FAILED, UPDATED]


def test_retry_sends_the_failed_ones_of_a_batch_only(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, *leads(range(22)), *leads(range(22, 25), Old="x"))
    repair(connection)
    before = len(account.ledger())
    retry_failed(connection)
    drain(connection.pk)
    assert sorted(entry["key"] for entry in account.ledger(since=before)) == [email(n) for n in range(22, 25)]


def test_what_fails_again_stays_failed_with_both_tries_in_the_log(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, lead(1, Old="x"))
    run = retry_failed(connection)
    drain(connection.pk)
    [event] = events(connection)
    assert (event.outcome, event.recovered, event.tries.count()) == (FAILED, False, 2)
    assert counts(run) == {"read": 1, "failed": 1}


def test_only_a_failed_event_can_be_retried(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    [event] = deliver(connection, lead(1))
    assert retry.retry(connection.pk, [event.pk]) is None
    assert Run.objects.filter(trigger=Run.Trigger.RETRY).count() == 0


def test_pressing_retry_twice_retries_once(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    [event] = deliver(connection, lead(1, Old="x"))
    assert retry.retry(connection.pk, [event.pk]) is not None
    assert retry.retry(connection.pk, [event.pk]) is None


def test_a_retry_does_not_write_an_old_state_over_a_newer_one(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, lead(1, Old="x", FirstName="Old"))
    repair(connection)
    deliver(connection, lead(1, FirstName="Newer"))
    retry_failed(connection)
    drain(connection.pk)
    assert [(event.outcome, event.code) for event in events(connection)] == [(SKIPPED, "older"), (NEW, "")]
    assert account.lead(email(1))["FirstName"] == "Newer"


def test_retry_all_tries_one_first_and_then_the_rest(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, *leads(range(30), Old="x"))
    repair(connection)
    before = len(account.ledger())
    run = retry_failed(connection, all_of_them=True)
    assert counts(run) == {"read": 1}
    drain(connection.pk)
    assert counts(run) == {"read": 30, "updated": 30}
    assert run.status == Run.Status.SUCCESS
    assert account.ledger(since=before)[0]["key"] == email(0)
    assert all(event.recovered for event in events(connection))


def test_retry_all_leaves_the_rest_alone_when_the_first_fails_again(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, *leads(range(30), Old="x"))
    before = account.call_count()
    run = retry_failed(connection, all_of_them=True)
    drain(connection.pk)
    assert counts(run) == {"read": 1, "failed": 1}
    assert run.status == Run.Status.FAILURE
    assert "the other 29 were left as they are" in run.message
    assert account.call_count() - before == 2  # a look-up and one refused upsert
    assert set(outcomes(connection)) == {FAILED}


def test_retry_all_goes_on_after_its_first_has_waited(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, *leads(range(5), Old="x"))
    repair(connection)
    account.fault("system_error", path="Lead.CreateOrUpdate")
    run = retry_failed(connection, all_of_them=True)
    drain(connection.pk)
    sweep()
    assert counts(run) == {"read": 1}
    its_time_comes(connection)
    drain(connection.pk)
    assert counts(run) == {"read": 5, "updated": 5}


def test_the_sweep_sends_the_rest_when_the_worker_stopped_in_between(account: LeadSquaredAccount) -> None:
    connection = broken(account)
    deliver(connection, *leads(range(5), Old="x"))
    repair(connection)
    run = retry_failed(connection, all_of_them=True)
    first = Event.objects.get(run=run)
    # The worker settled the first and was killed before it went on.
    Event.objects.filter(pk=first.pk).update(outcome=UPDATED, due_at=None, settled_at=timezone.now())
    Run.objects.filter(pk=run.pk).update(updated=1)
    sweep()
    drain(connection.pk)
    assert counts(run) == {"read": 5, "updated": 5}
    assert run.status == Run.Status.SUCCESS


# -- books --------------------------------------------------------------------------------------------


def test_the_books_balance_at_every_moment(account: LeadSquaredAccount) -> None:
    """New, updated, unchanged, skipped, failed and waiting in one run."""
    connection = broken(account)
    deliver(connection, lead(1), lead(2))
    account.fault("system_error", path="Bulk", at=[2])
    records = [lead(1), lead(2, FirstName="Else"), lead(3, EmailAddress=None), lead(4, Old="x"), *leads(range(10, 50))]
    run = queue_up(connection, records)
    assert is_balanced(run)
    drain(connection.pk)
    assert is_balanced(run)
    assert run.status == Run.Status.RUNNING
    assert run.waiting > 0
    its_time_comes(connection)
    drain(connection.pk)
    assert counts(run) == {"read": 44, "new": 40, "updated": 1, "unchanged": 1, "skipped": 1, "failed": 1}
    assert run.status == Run.Status.FAILURE


def test_a_run_that_does_not_balance_turns_red(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = queue_up(connection, leads(range(3)))
    Run.objects.filter(pk=run.pk).update(read=4)
    drain(connection.pk)
    sweep()
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING, "it is given a few minutes"
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - datetime.timedelta(minutes=6))
    sweep()
    run.refresh_from_db()
    assert run.status == Run.Status.UNBALANCED
    assert run.finished_at is not None


def test_a_run_that_waits_is_not_called_unbalanced(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error", times=None)
    run = queue_up(connection, leads(range(3)))
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - datetime.timedelta(hours=1))
    drain(connection.pk)
    sweep()
    run.refresh_from_db()
    assert (run.status, run.waiting) == (Run.Status.RUNNING, 3)


# -- settings that change -----------------------------------------------------------------------------


def once(act: Callable[[], object], *, at: str) -> Callable[[Item], None]:
    """Act when the record with this key is prepared, the first time."""
    done: list[str] = []

    def heard(item: Item) -> None:
        if item.key == at and not done:
            done.append(item.key)
            act()

    return heard


def test_a_connection_disabled_mid_run_stops_and_keeps_what_waits(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.latency(300)
    run = queue_up(connection, leads(range(1500)))
    with toy(concurrency=1, prepare=listening(once(lambda: connection.set_state(Connection.State.DISABLED), at="s-0"))):
        drain(connection.pk)
    settled = counts(run)["new"]
    assert settled == account.lead_count() < 500
    assert {event.attempts for event in events(connection) if event.outcome != NEW} == {0}
    drain(connection.pk)
    assert account.lead_count() == settled
    account.latency(0)
    connection.set_state(Connection.State.ENABLED)
    drain(connection.pk)
    assert counts(run) == {"read": 1500, "new": 1500}


def test_webhook_calls_to_a_disabled_connection_are_held(account: LeadSquaredAccount) -> None:
    connection = connect(account, state=Connection.State.DISABLED)
    call = webhook(connection, b'{"ProspectID": "s-1", "EmailAddress": "n1@example.test"}')
    drain(connection.pk)
    call.refresh_from_db()
    assert call.status == Delivery.Status.HELD
    assert events(connection) == []


def test_settings_changed_mid_run_hold_for_what_follows_and_the_log_says_which(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    before = versions.current_version(connection)
    account.latency(300)

    def change() -> None:
        connection.lead_source = "Second account"
        connection.save()
        versions.record_version(connection)

    run = queue_up(connection, leads(range(1500)))
    with toy(concurrency=1, prepare=listening(once(change, at="s-0"))):
        drain(connection.pk)
        account.latency(0)
        drain(connection.pk)
    after = versions.current_version(connection)
    assert counts(run) == {"read": 1500, "new": 1500}
    sources = {lead["EmailAddress"]: lead["Source"] for lead in account.leads()}
    for event in events(connection):
        assert event.version_id in (before, after)
        assert (sources[event.label] == "Second account") == (event.version_id == after)
    assert {event.version_id for event in events(connection)} == {before, after}


def test_settings_saved_while_a_drain_reads_them_are_not_missed(account: LeadSquaredAccount) -> None:
    """Saved between reading the settings and the first batch: nothing travels under the wrong version."""
    connection = connect(account)

    def load(self: object) -> None:
        connection.lead_source = "Second account"
        connection.save()
        versions.record_version(connection)

    queue_up(connection, leads(range(3)))
    with toy(load=load):
        drain(connection.pk)
    assert account.lead_count() == 0
    drain(connection.pk)
    assert {event.version_id for event in events(connection)} == {versions.current_version(connection)}
    assert {found["Source"] for found in account.leads()} == {"Second account"}


def test_what_a_connector_keeps_of_an_outcome_commits_with_it(account: LeadSquaredAccount) -> None:
    def deliver_noting(self: LeadSync, record_type: str, items: Sequence[Item]) -> Iterator[Outcome]:
        for outcome in LeadSync.deliver(self, record_type, items):
            yield replace(outcome, note=f"kept {outcome.item.key}")

    def keep(self: LeadSync, outcomes: Sequence[Outcome]) -> None:
        assert transaction.get_connection().in_atomic_block
        kept.extend(outcome.note for outcome in outcomes)
        if broken:
            raise DatabaseError("away")

    kept: list[str] = []
    broken = True
    with toy(deliver=deliver_noting, keep=keep):
        connection = connect(account)
        with suppress(DatabaseError):
            deliver(connection, lead(1))
        assert outcomes(connection) == ["pending"]
        broken = False
        its_lease_runs_out(connection)
        drain(connection.pk)
    assert outcomes(connection) == ["updated"], "the lead is there already"
    assert kept == ["kept s-1", "kept s-1"]
