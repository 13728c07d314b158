"""Pulling: pages and cursors, interruptions, and when jobs start."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError
from django.utils import timezone

from integrations.core.connector import Job, Page, Record
from integrations.core.engine.collect import collect, start
from integrations.core.engine.drain import drain
from integrations.core.engine.lease import acquire
from integrations.core.engine.sweep import following, sweep
from integrations.core.errors import ConfigurationError, RecordError, TemporaryError
from integrations.core.models import Clock, Connection, Cursor, Event, Lease, Run
from integrations.core.models.engine import EPOCH
from tests.core.toy import Died, at, connect, counts, events, leads, outcomes, pages_of, toy
from tests.sandbox_server import LeadSquaredAccount, Sandbox

NIGHTLY = "nightly"
PAGES = [Page(leads(range(first, first + 10)), {"page": number}) for number, first in enumerate((0, 10, 20), 1)]


@pytest.fixture
def account(sandbox: Sandbox, db: None) -> LeadSquaredAccount:
    return sandbox.leadsquared("destination")


def pulled(connection: Connection) -> Run:
    run = start(connection, NIGHTLY, Run.Trigger.MANUAL)
    assert run is not None
    collect(run.pk)
    run.refresh_from_db()
    return run


def interrupted(error: BaseException, after: int) -> Callable[[Any, str, Run], Iterator[Page]]:
    """A `collect` that raises after so many pages, once."""
    raised: list[BaseException] = []

    def pages(self: Any, job: str, run: Run) -> Iterator[Page]:
        for number, page in enumerate(pages_of(*PAGES)(self, job, run), 1):
            if number > after and not raised:
                raised.append(error)
                raise error
            yield page

    return pages


def go_on(run: Run) -> None:
    """As the sweep's task does, when the lease of the worker that died has run out."""
    Lease.objects.update(until=EPOCH)
    collect(run.pk)
    run.refresh_from_db()


def test_a_pull_reads_all_pages_and_ends_when_the_last_record_is_settled(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    with toy(collect=pages_of(*PAGES)):
        run = pulled(connection)
        assert (run.status, run.complete, counts(run)) == (Run.Status.RUNNING, True, {"read": 30})
        drain(connection.pk)
    assert counts(run) == {"read": 30, "new": 30}
    assert run.status == Run.Status.SUCCESS


def test_a_pull_without_records_is_a_success(account: LeadSquaredAccount) -> None:
    with toy(collect=pages_of()):
        run = pulled(connect(account))
    assert (run.status, run.read) == (Run.Status.SUCCESS, 0)


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_pull_whose_worker_died_goes_on_after_its_last_page(account: LeadSquaredAccount, pages: int) -> None:
    connection = connect(account)
    run = start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    with toy(collect=interrupted(Died(), after=pages)):
        with suppress(Died):
            collect(run.pk)
        assert len(events(connection)) == 10 * pages
        go_on(run)
        drain(connection.pk)
    assert counts(run) == {"read": 30, "new": 30}
    assert [event.key for event in events(connection)] == [f"s-{number}" for number in range(30)]


def test_the_sweep_starts_an_interrupted_pull_again(
    account: LeadSquaredAccount, django_capture_on_commit_callbacks: Any
) -> None:
    connection = connect(account)
    start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    with django_capture_on_commit_callbacks() as asked:
        sweep()
    assert len(asked) == 1
    connection.set_state(Connection.State.DISABLED)
    with django_capture_on_commit_callbacks() as asked:
        sweep()
    assert asked == []


def test_a_page_and_its_cursor_are_stored_together_or_not_at_all(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    bad = Record(None, "s-99", {})  # type: ignore[arg-type]
    pages = [PAGES[0], Page([*PAGES[1].records, bad], {"page": 2})]
    run = start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    with toy(collect=pages_of(*pages)), pytest.raises(DatabaseError):
        collect(run.pk)
    assert counts(run) == {"read": 10}
    assert len(events(connection)) == 10
    assert Cursor.objects.get(connection_id=connection.pk).value == {"page": 1}


def test_a_pull_that_runs_is_not_started_a_second_time(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    assert start(connection, NIGHTLY, Run.Trigger.SCHEDULE) is not None
    assert [start(connection, NIGHTLY, Run.Trigger.MANUAL) for _ in range(20)] == [None] * 20
    assert start(connection, "another job", Run.Trigger.MANUAL) is not None


def test_two_workers_do_not_read_the_same_pages(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    acquire(connection.pk, f"collect:{NIGHTLY}")
    with toy(collect=pages_of(*PAGES)):
        collect(run.pk)
    assert events(connection) == []


def test_a_pull_that_fails_for_the_moment_goes_on_later(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    with toy(collect=interrupted(TemporaryError("The vendor is tired."), after=1)):
        collect(run.pk)
        run.refresh_from_db()
        assert (run.status, run.message, run.read) == (Run.Status.RUNNING, "The vendor is tired.", 10)
        go_on(run)
    assert (run.message, run.read) == ("", 30)


def test_a_pull_with_wrong_keys_needs_attention_and_goes_on_when_they_are_right(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = start(connection, NIGHTLY, Run.Trigger.SCHEDULE)
    with toy(collect=interrupted(ConfigurationError("Wrong keys."), after=1)):
        collect(run.pk)
        connection.refresh_from_db()
        assert (connection.state, connection.state_reason) == (Connection.State.ATTENTION, "Wrong keys.")
        collect(run.pk)
        assert len(events(connection)) == 10
        connection.set_state(Connection.State.ENABLED)
        go_on(run)
    assert run.read == 30


@pytest.mark.parametrize(
    ("error", "words"), [(RecordError("That list is not a list."), "not a list"), (KeyError("a bug"), "KeyError")]
)
def test_a_pull_that_can_not_go_on_ends_and_says_why(account: LeadSquaredAccount, error: Exception, words: str) -> None:
    connection = connect(account)
    with toy(collect=interrupted(error, after=1)):
        run = pulled(connection)
    assert run.status == Run.Status.FAILURE
    assert words in run.message
    assert run.finished_at is not None
    assert start(connection, NIGHTLY, Run.Trigger.MANUAL) is not None, "it can be started again"


def test_a_pull_stops_after_the_page_when_its_connection_is_disabled(account: LeadSquaredAccount) -> None:
    connection = connect(account)

    def pages(self: Any, job: str, run: Run) -> Iterator[Page]:
        for page in pages_of(*PAGES)(self, job, run):
            connection.set_state(Connection.State.DISABLED)
            yield page

    with toy(collect=pages):
        run = pulled(connection)
    assert (run.status, run.read) == (Run.Status.RUNNING, 10)


def test_an_import_travels_in_the_bulk_lane_a_schedule_in_the_live_one(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    for number, trigger in enumerate((Run.Trigger.IMPORT, Run.Trigger.SCHEDULE)):
        with toy(collect=pages_of(Page(leads([number]), {"page": 1}))):
            collect(start(connection, f"job {number}", trigger).pk)
    assert [event.priority for event in events(connection)] == [Event.Priority.BULK, Event.Priority.LIVE]
    drain(connection.pk)
    assert outcomes(connection) == [Event.Outcome.NEW] * 2


# -- schedules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "time", "first", "days"),
    [
        ("Europe/Copenhagen", datetime.time(2, 30), at(2025, 3, 28), 5),
        ("Europe/Copenhagen", datetime.time(2, 30), at(2025, 10, 24), 5),
        ("Europe/Copenhagen", datetime.time(0, 0), at(2028, 2, 27), 4),
        ("America/New_York", datetime.time(1, 30), at(2025, 11, 1), 4),
        ("America/New_York", datetime.time(23, 59), at(2025, 12, 30), 4),
        ("Africa/Cairo", datetime.time(0, 15), at(2025, 4, 23), 5),
        ("Africa/Cairo", datetime.time(23, 30), at(2025, 10, 29), 5),
        ("Australia/Lord_Howe", datetime.time(2, 10), at(2025, 10, 3), 5),
        ("UTC", datetime.time(3, 0), at(2025, 6, 1), 3),
    ],
)
def test_a_daily_job_starts_once_on_each_local_date(
    zone: str, time: datetime.time, first: datetime.datetime, days: int
) -> None:
    connection = Connection(time_zone=zone)
    job = Job(at=time)
    due, now, dates = following(job, first, connection), first, []
    while now < first + datetime.timedelta(days=days):
        if now >= due:
            dates.append(now.astimezone(ZoneInfo(zone)).date())
            due = following(job, now, connection)
        now += datetime.timedelta(minutes=1)
    assert len(dates) in (days, days + 1, days - 1)
    assert {later - earlier for earlier, later in itertools.pairwise(dates)} == {datetime.timedelta(days=1)}


def test_an_interval_counts_from_the_last_start() -> None:
    job = Job(every=datetime.timedelta(hours=1))
    assert following(job, at(2025, 1, 1, 7, 20), Connection()) == at(2025, 1, 1, 8, 20)


def test_a_job_that_is_switched_off_has_no_next_run_and_is_not_late_once_back(
    account: LeadSquaredAccount,
) -> None:
    connect(account)
    jobs = {"nightly": Job(at=datetime.time(3))}
    with toy(jobs=lambda self: jobs, collect=pages_of()):
        sweep(at(2025, 6, 3))
        nightly = jobs.pop("nightly")
        sweep(at(2025, 6, 3, 1))
        assert not Clock.objects.exists()
        jobs["nightly"] = nightly
        sweep(at(2025, 6, 9, 12))
        assert not Run.objects.exists()


def test_the_sweep_starts_a_daily_job_once_a_day(account: LeadSquaredAccount) -> None:
    connection = connect(account, time_zone="Europe/Copenhagen")
    jobs = {NIGHTLY: Job(at=datetime.time(2, 0))}
    with toy(jobs=lambda self: jobs, collect=pages_of()):
        for day, hour in ((1, 12), (2, 0), (2, 1), (2, 1), (2, 2), (2, 12), (3, 0), (3, 1)):
            sweep(at(2025, 6, day, hour))
            for run in Run.objects.filter(status=Run.Status.RUNNING):
                collect(run.pk)
    assert Run.objects.filter(connection_id=connection.pk, job=NIGHTLY).count() == 2
    assert Clock.objects.get().started_at == at(2025, 6, 3, 0)
    assert Clock.objects.get().next_at == at(2025, 6, 4)


def test_missed_starts_are_not_made_up_for(account: LeadSquaredAccount) -> None:
    connect(account)
    with toy(jobs=lambda self: {"hourly": Job(every=datetime.timedelta(hours=1))}, collect=pages_of()):
        sweep(timezone.now())
        for _ in range(3):
            sweep(timezone.now() + datetime.timedelta(days=3))
            for run in Run.objects.filter(status=Run.Status.RUNNING):
                collect(run.pk)
    assert Run.objects.count() == 1


def test_a_scheduled_pull_gives_way_to_one_that_is_still_open_and_the_log_says_so(account: LeadSquaredAccount) -> None:
    every = datetime.timedelta(minutes=5)
    jobs = {"import": Job(every=every, gives_way_to=("initial import",)), "initial import": Job()}
    with toy(jobs=lambda self: {"import": jobs["import"]}, collect=pages_of()):
        connection = connect(account)
        now = timezone.now()
        sweep(now)
        initial = start(connection, "initial import", Run.Trigger.IMPORT)
        assert initial is not None
        sweep(now + every)
        [skipped] = Run.objects.filter(connection=connection, job="import")
        assert (skipped.status, skipped.finished_at is not None) == (Run.Status.SKIPPED, True)
        assert f"{initial} (initial import) was still open" in skipped.message
        Run.objects.filter(pk=initial.pk).update(status=Run.Status.SUCCESS)
        sweep(now + 2 * every)
        assert Run.objects.filter(connection=connection, job="import", trigger="schedule").count() == 2


def test_a_time_that_is_changed_in_the_settings_counts_from_then_on(account: LeadSquaredAccount) -> None:
    job = Job(at=datetime.time(1, 0))
    with toy(jobs=lambda self: {"nightly": job}, collect=pages_of()):
        connection = connect(account, time_zone="UTC")
        sweep(at(2026, 5, 1, 12))
        for time, expected in ((5, at(2026, 5, 2, 5)), (22, at(2026, 5, 1, 22)), (1, at(2026, 5, 2, 1))):
            job = Job(at=datetime.time(time, 0))
            sweep(at(2026, 5, 1, 12, 1))
            assert Clock.objects.get(connection=connection).next_at == expected
    assert not Run.objects.exists()


def test_a_poll_that_finds_nothing_leaves_no_trace(account: LeadSquaredAccount) -> None:
    half_a_minute = datetime.timedelta(seconds=30)
    jobs = {"changes": Job(every=half_a_minute, poll=True)}
    with toy(jobs=lambda self: jobs, collect=lambda self, job, run: iter([Page([], {"offset": 7})])):
        connection = connect(account)
        now = timezone.now()
        sweep(now)
        # Sweeps come a little early or late.
        sweep(now + half_a_minute - datetime.timedelta(seconds=2))
        [run] = Run.objects.filter(connection=connection)
        sweep(now + 2 * half_a_minute)
        assert Run.objects.filter(connection=connection).count() == 1, "one that is still open is no news either"
        collect(run.pk)
    assert not Run.objects.filter(connection=connection).exists()
    assert Cursor.objects.get(connection=connection, job="changes").value == {"offset": 7}


def test_a_poll_that_finds_something_is_a_sync_job_like_any_other(account: LeadSquaredAccount) -> None:
    jobs = {"changes": Job(every=datetime.timedelta(seconds=30), poll=True)}
    with toy(jobs=lambda self: jobs, collect=pages_of(PAGES[0])):
        connection = connect(account)
        run = start(connection, "changes", Run.Trigger.SCHEDULE)
        assert run is not None
        collect(run.pk)
        drain(connection.pk)
    assert Run.objects.get(pk=run.pk).status == Run.Status.SUCCESS


def test_a_poll_looks_again_while_a_record_waits(account: LeadSquaredAccount) -> None:
    every = datetime.timedelta(seconds=30)
    jobs = {"changes": Job(every=every, poll=True)}
    with toy(jobs=lambda self: jobs, collect=pages_of(PAGES[0], PAGES[1])):
        connection = connect(account)
        now = timezone.now()
        sweep(now)
        account.fault("unavailable", times=None)
        sweep(now + every)
        [run] = Run.objects.filter(connection=connection)
        collect(run.pk)
        found = Event.objects.filter(connection=connection).count()
        sweep(now + 2 * every)
        run.refresh_from_db()
        assert run.complete, "what wasn't tried yet comes first"
        drain(connection.pk)
        assert set(Event.objects.values_list("outcome", flat=True)) == {"waiting"}
        sweep(now + 3 * every)
        run.refresh_from_db()
        assert not run.complete
        collect(run.pk)
        account.clear_faults()
        Event.objects.update(due_at=now)
        Lease.objects.update(not_before=now)
        drain(connection.pk)
        run.refresh_from_db()
    assert run.status == Run.Status.SUCCESS
    assert run.read == found
