"""Pause, resume and stop of long work, as the engine obeys them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from integrations.connectors.leadsquared.connector import ACTIVITY, LEAD
from integrations.core.connector import Item, Page, Record
from integrations.core.engine import control
from integrations.core.engine.capture import capture
from integrations.core.engine.collect import collect, start
from integrations.core.engine.drain import drain
from integrations.core.engine.sweep import sweep
from integrations.core.models import Connection, Event, Run
from tests.core.toy import (
    Died,
    connect,
    counts,
    email,
    events,
    its_lease_runs_out,
    lead,
    leads,
    listening,
    outcomes,
    pages_of,
    queue_up,
    toy,
)
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db
NEW, UPDATED, SKIPPED, PENDING = (Event.Outcome[name] for name in ("NEW", "UPDATED", "SKIPPED", "PENDING"))
Status = Run.Status
JOB = "export"
PAGES = [Page(leads(range(first, first + 10)), {"page": number}) for number, first in enumerate((0, 10, 20), 1)]


def export(connection: Connection, records: Sequence[Record]) -> Run:
    """An export that has read all its records and sent none."""
    run = Run.objects.create(connection=connection, trigger=Run.Trigger.EXPORT, job=JOB, complete=True)
    capture(connection, records, run=run, priority=Event.Priority.BULK)
    return run


def status(run: Run) -> str:
    run.refresh_from_db()
    return run.status


def once(act: Callable[[], object]) -> Callable[..., Any]:
    """A `prepare` that acts before the first bulk record."""
    acted: list[int] = []

    def heard(item: Item) -> None:
        if not acted and not item.urgent:
            acted.append(item.event_id)
            act()

    return listening(heard)


def interrupted_by(act: Callable[[], object], after: int) -> Callable[[Any, str, Run], Iterator[Page]]:
    """A `collect` in the middle of which, once, somebody acts."""
    acted: list[object] = []

    def pages(self: Any, job: str, run: Run) -> Iterator[Page]:
        for number, page in enumerate(pages_of(*PAGES)(self, job, run), 1):
            if number > after and not acted:
                acted.append(act())
            yield page

    return pages


# -- pause and resume ------------------------------------------------------------------------------------


def test_a_paused_run_keeps_its_records_and_lets_live_changes_overtake(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))
    assert control.pause(run)
    queue_up(connection, [lead(1001)])
    drain(connection.pk)
    assert outcomes(connection) == [PENDING] * 3 + [NEW]
    assert [event.attempts for event in events(connection)] == [0, 0, 0, 1]
    assert status(run) == Status.PAUSED


def test_a_live_change_of_a_paused_record_goes_and_takes_the_record_along(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    control.pause(export(connection, leads(range(3))))
    queue_up(connection, [lead(1, FirstName="Live")])
    drain(connection.pk)
    assert outcomes(connection) == [PENDING, NEW, PENDING, UPDATED]
    assert account.lead(email(1))["FirstName"] == "Live"
    assert account.lead_count() == 1


def one_by_one(account: LeadSquaredAccount, act: Callable[[], object]) -> dict[str, Any]:
    """Parts of a toy that sends ten records a second, one after the other, while somebody acts at the first of them."""
    account.latency(100)
    return {"prepare": once(act), "concurrency": 1, "record_types": (replace(LEAD, batch_size=1), ACTIVITY)}


def test_a_drain_that_is_under_way_obeys_a_pause(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(100)))
    with toy(**one_by_one(account, lambda: control.pause(run))):
        drain(connection.pk)
    waiting = [event for event in events(connection) if event.outcome == PENDING]
    assert len(waiting) > 50
    assert {event.attempts for event in waiting} == {0}, "what was put back was not tried"
    assert account.lead_count() == 100 - len(waiting)
    assert status(run) == Status.PAUSED


def test_other_bulk_work_goes_on_beside_a_paused_run(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    control.pause(export(connection, leads(range(3))))
    queue_up(connection, leads(range(10, 13)), bulk=True)
    drain(connection.pk)
    assert outcomes(connection) == [PENDING] * 3 + [NEW] * 3


def test_a_paused_run_wakes_nobody(account: LeadSquaredAccount, django_capture_on_commit_callbacks: Any) -> None:
    connection = connect(account)
    control.pause(export(connection, leads(range(3))))
    with django_capture_on_commit_callbacks() as wakes:
        drain(connection.pk, budget=3)
    assert wakes == []


def test_a_resumed_run_sends_the_rest_and_ends(
    account: LeadSquaredAccount, django_capture_on_commit_callbacks: Any
) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))
    control.pause(run)
    drain(connection.pk)
    with django_capture_on_commit_callbacks() as wakes:
        assert control.resume(run)
    assert len(wakes) == 1
    drain(connection.pk)
    assert status(run) == Status.SUCCESS
    assert counts(run) == {"read": 3, "new": 3}
    assert len(account.ledger()) == 3


def test_a_run_whose_last_records_went_while_it_was_paused_ends_when_it_is_resumed(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads([1]))
    control.pause(run)
    queue_up(connection, [lead(1, FirstName="Live")])
    drain(connection.pk)
    assert status(run) == Status.PAUSED
    control.resume(run)
    assert status(run) == Status.SUCCESS
    assert run.finished_at is not None


def test_a_worker_that_comes_after_the_pause_obeys_although_the_first_one_died(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))

    def die() -> None:
        control.pause(run)
        raise Died

    with toy(prepare=once(die)), suppress(Died):
        drain(connection.pk)
    its_lease_runs_out(connection)
    queue_up(connection, [lead(1001)])
    drain(connection.pk)
    assert outcomes(connection) == [PENDING] * 3 + [NEW]
    control.resume(run)
    drain(connection.pk)
    assert outcomes(connection) == [NEW] * 4
    assert account.lead_count() == len(account.ledger()) == 4


def test_reading_stops_at_a_pause_and_goes_on_after_the_last_page(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = start(connection, JOB, Run.Trigger.EXPORT)
    with toy(collect=interrupted_by(lambda: control.pause(run), after=1)):
        collect(run.pk)
        assert (status(run), run.read) == (Status.PAUSED, 10)
        collect(run.pk)
        assert counts(run) == {"read": 10}, "a task that was asked for before the pause reads nothing"
        control.resume(run)
        collect(run.pk)
    drain(connection.pk)
    assert status(run) == Status.SUCCESS
    assert counts(run) == {"read": 30, "new": 30}


def test_resume_asks_for_the_reading_it_interrupted(
    account: LeadSquaredAccount, django_capture_on_commit_callbacks: Any
) -> None:
    run = start(connect(account), JOB, Run.Trigger.EXPORT)
    control.pause(run)
    with django_capture_on_commit_callbacks() as asked:
        control.resume(run)
    assert len(asked) == 2, "a drain, and the reading"


@pytest.mark.parametrize("halted", [Status.RUNNING, Status.PAUSED, Status.STOPPING])
def test_an_export_that_is_not_over_is_not_started_a_second_time(account: LeadSquaredAccount, halted: str) -> None:
    connection = connect(account)
    run = start(connection, JOB, Run.Trigger.EXPORT, expected=30)
    assert run.plan == {"expected": 30}
    Run.objects.filter(pk=run.pk).update(status=halted)
    assert start(connection, JOB, Run.Trigger.EXPORT) is None
    Run.objects.filter(pk=run.pk).update(status=Status.STOPPED)
    assert start(connection, JOB, Run.Trigger.EXPORT) is not None


@pytest.mark.parametrize(
    ("turn", "possible"),
    [
        (control.pause, {Status.RUNNING}),
        (control.resume, {Status.PAUSED}),
        (control.stop, {Status.RUNNING, Status.PAUSED}),
    ],
)
@pytest.mark.parametrize("before", Status.values)
def test_each_turn_is_possible_from_where_it_makes_sense(
    account: LeadSquaredAccount, turn: Callable[[Run], bool], possible: set[str], before: str
) -> None:
    run = export(connect(account), leads([1]))
    Run.objects.filter(pk=run.pk).update(status=before)
    assert turn(run) is (before in possible)
    assert (status(run) != before) is (before in possible)


@pytest.mark.parametrize("trigger", sorted(set(Run.Trigger.values) - set(control.LONG)))
def test_short_work_is_neither_paused_nor_stopped(account: LeadSquaredAccount, trigger: str) -> None:
    run = Run.objects.create(connection=connect(account), trigger=trigger)
    assert not control.pause(run)
    assert not control.stop(run)
    assert status(run) == Status.RUNNING


def test_of_two_who_pause_at_once_the_second_is_told_and_changes_nothing(account: LeadSquaredAccount) -> None:
    run = export(connect(account), leads([1]))
    same = Run.objects.get(pk=run.pk)
    assert control.pause(run)
    plan = run.plan
    assert not control.pause(same)
    assert status(run) == Status.PAUSED
    assert run.plan == plan


def test_the_time_it_was_paused_is_no_work(account: LeadSquaredAccount, time_machine: Any) -> None:
    noon = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    time_machine.move_to(noon, tick=False)
    run = export(connect(account), leads([1]))

    def minutes_later(minutes: int) -> datetime.datetime:
        time_machine.move_to(noon + datetime.timedelta(minutes=minutes), tick=False)
        run.refresh_from_db()
        return timezone.now()

    minutes_later(10)
    control.pause(run)
    assert control.worked_seconds(run, minutes_later(40)) == 600
    control.resume(run)
    assert control.worked_seconds(run, minutes_later(45)) == 900
    control.pause(run)
    minutes_later(60)
    control.resume(run)
    assert control.worked_seconds(run, minutes_later(61)) == 960


# -- stop ------------------------------------------------------------------------------------------------


def is_stopped(run: Run) -> bool:
    """Over, with books that balance."""
    run.refresh_from_db()
    return (run.status, run.complete, run.waiting) == (Status.STOPPED, True, 0) and run.finished_at is not None


def test_a_stop_settles_the_rest_as_skipped(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))
    control.stop(run)
    queue_up(connection, [lead(1001)])
    drain(connection.pk)
    assert is_stopped(run)
    assert counts(run) == {"read": 3, "skipped": 3}
    found = events(connection)
    assert [(event.outcome, event.code) for event in found] == [(SKIPPED, "stopped")] * 3 + [(NEW, "")]
    assert "stopped before" in found[0].message
    assert account.lead_count() == 1


def test_a_paused_run_can_be_stopped(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))
    control.pause(run)
    control.stop(run)
    drain(connection.pk)
    assert is_stopped(run)
    assert counts(run) == {"read": 3, "skipped": 3}


def test_what_is_under_way_when_somebody_stops_is_counted_as_it_went(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, leads(range(100)))
    with toy(**one_by_one(account, lambda: control.stop(run))):
        drain(connection.pk)
    drain(connection.pk)
    assert is_stopped(run)
    sent = account.lead_count()
    assert 0 < sent < 50
    assert counts(run) == {"read": 100, "new": sent, "skipped": 100 - sent}


def test_a_stop_while_it_reads_ends_the_reading(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = start(connection, JOB, Run.Trigger.EXPORT)
    with toy(collect=interrupted_by(lambda: control.stop(run), after=1)):
        collect(run.pk)
    drain(connection.pk)
    assert is_stopped(run)
    assert counts(run) == {"read": 10, "skipped": 10}
    with toy(collect=pages_of(*PAGES)):
        collect(run.pk)
    assert counts(run) == {"read": 10, "skipped": 10}, "a task that comes late reads nothing"


def test_a_stop_whose_worker_died_is_finished_by_the_next(
    account: LeadSquaredAccount, django_capture_on_commit_callbacks: Any
) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))

    def die() -> None:
        control.stop(run)
        raise Died

    with toy(prepare=once(die)), suppress(Died):
        drain(connection.pk)
    its_lease_runs_out(connection)
    Event.objects.update(due_at=timezone.now() + datetime.timedelta(days=1))
    with django_capture_on_commit_callbacks() as wakes:
        sweep()
    assert len(wakes) == 1
    drain(connection.pk)
    assert is_stopped(run)
    assert account.lead_count() == 0


@pytest.mark.parametrize("state", [Connection.State.DISABLED, Connection.State.ATTENTION])
def test_a_run_of_a_connection_that_is_off_can_be_stopped(account: LeadSquaredAccount, state: str) -> None:
    connection = connect(account)
    run = export(connection, leads(range(3)))
    connection.set_state(state)
    control.stop(run)
    drain(connection.pk)
    assert is_stopped(run)


def test_a_stop_of_more_records_than_one_statement_takes(
    account: LeadSquaredAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "CHUNK", 4)
    connection = connect(account)
    run = export(connection, leads(range(10)))
    control.stop(run)
    drain(connection.pk)
    assert is_stopped(run)
    assert counts(run) == {"read": 10, "skipped": 10}


def test_a_live_change_behind_a_stopped_record_goes(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = export(connection, [lead(1, FirstName="Old")])
    queue_up(connection, [lead(1, FirstName="Live")])
    control.stop(run)
    drain(connection.pk)
    assert outcomes(connection) == [SKIPPED, NEW]
    assert account.lead(email(1))["FirstName"] == "Live"
    assert is_stopped(run)


def test_a_stop_while_the_last_records_are_under_way_ends_with_them(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.latency(300)
    run = export(connection, leads([1]))
    with toy(prepare=once(lambda: control.stop(run))):
        drain(connection.pk)
    assert is_stopped(run)


def test_a_pause_reaches_what_waits_for_the_rate_limit(account: LeadSquaredAccount) -> None:
    connection = connect(account, bulk_calls_per_5s=1)
    run = export(connection, leads(range(200)))
    with toy(prepare=once(lambda: control.pause(run))):
        drain(connection.pk, budget=12)
    # The batch that had its place already goes; those behind it stay.
    assert account.lead_count() <= 25
