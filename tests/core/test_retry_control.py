"""Bulk retry is long work like any other: it shows how far it is, and can be paused, resumed and stopped."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.core.engine import control, queue, retry
from integrations.core.engine.lease import acquire
from integrations.core.engine.sweep import sweep
from integrations.core.models import Connection, Event, Run
from integrations.core.registry import connector_for
from tests.core.log_rows import MARKETING, log_in, make_connection, make_event

pytestmark = pytest.mark.django_db
FAILED, PENDING = Event.Outcome.FAILED, Event.Outcome.PENDING
Status = Run.Status


def failures(connection: Connection, number: int) -> list[int]:
    return [make_event(connection, "failed", payload={}, key=f"s-{one}").pk for one in range(number)]


def outcomes() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("outcome", flat=True))


def gets_through(pk: int) -> None:
    """The first of a bulk retry, as its drain would settle it."""
    event = Event.objects.get(pk=pk)
    Event.objects.filter(pk=pk).update(outcome="updated", due_at=None, settled_at=event.created_at)
    Run.objects.filter(pk=event.run_id).update(updated=1)


def counts(run: Run) -> tuple[int, ...]:
    run.refresh_from_db()
    return run.read, run.updated, run.skipped, run.failed, run.waiting


def stopped(connection: Connection) -> None:
    """What a drain does with runs that are being stopped."""
    held = acquire(connection.pk)
    assert held is not None
    control.end_stopped(held)
    held.release()


def test_many_are_bulk_work_and_one_goes_like_a_live_change() -> None:
    connection = make_connection()
    ids = failures(connection, 3)
    retry.retry(connection.pk, ids[:1])
    retry.retry(connection.pk, ids[1:])
    priorities = list(Event.objects.order_by("pk").values_list("priority", flat=True))
    assert priorities == [Event.Priority.LIVE, Event.Priority.BULK, Event.Priority.BULK]


def test_its_page_shows_how_far_it_is_of_all_that_were_chosen() -> None:
    connection = make_connection()
    run = retry.retry_all(connection.pk, failures(connection, 8))
    assert run is not None
    page = log_in(MARKETING, connection).get(reverse("admin:core_run_change", args=[run.pk])).content.decode()
    assert 'role="progressbar"' in page and "0 of 8" in page
    for verb in ("pause", "stop"):
        assert reverse(f"admin:core_run_{verb}", args=[run.pk]) in page


def test_a_retry_of_one_has_no_buttons() -> None:
    connection = make_connection()
    run = retry.retry(connection.pk, failures(connection, 1))
    assert run is not None
    client = log_in(None)
    assert "core/run/" in (page := client.get(reverse("admin:core_run_change", args=[run.pk])).content.decode())
    assert "/pause/" not in page and "/stop/" not in page
    assert client.post(reverse("admin:core_run_pause", args=[run.pk])).status_code == 404


def test_paused_the_rest_waits_until_resume() -> None:
    connection = make_connection()
    ids = failures(connection, 4)
    run = retry.retry_all(connection.pk, ids)
    assert run is not None and control.pause(run)
    gets_through(ids[0])
    retry.go_on(run.pk)
    sweep()
    assert outcomes() == ["updated", FAILED, FAILED, FAILED]
    assert control.resume(run)
    assert outcomes() == ["updated", PENDING, PENDING, PENDING]
    assert counts(run) == (4, 1, 0, 0, 3)


def test_paused_nothing_of_it_is_taken() -> None:
    connection = make_connection()
    run = retry.retry(connection.pk, failures(connection, 3))
    assert run is not None and control.pause(run)
    connector = connector_for(connection)
    assert not queue.take(connector, urgent=False, limit=9, flying=(), paused=control.halted(connection.pk))
    assert control.resume(run)
    assert queue.take(connector, urgent=False, limit=9, flying=(), paused=control.halted(connection.pk))


def test_stopped_what_was_not_sent_is_as_failed_as_before() -> None:
    connection = make_connection()
    ids = failures(connection, 3)
    run = retry.retry(connection.pk, ids)
    assert run is not None and control.stop(run)
    stopped(connection)
    assert outcomes() == [FAILED] * 3 and counts(run) == (3, 0, 0, 3, 0)
    assert run.status == Status.STOPPED and run.settled == run.read
    assert retry.retry(connection.pk, ids) is not None


def test_stopped_before_the_rest_they_are_left_alone() -> None:
    connection = make_connection()
    ids = failures(connection, 3)
    run = retry.retry_all(connection.pk, ids)
    assert run is not None and control.stop(run)
    stopped(connection)
    sweep()
    assert outcomes() == [FAILED] * 3 and counts(run) == (1, 0, 0, 1, 0)
    assert run.status == Status.STOPPED and not Event.objects.filter(settled_at__isnull=True).exists()


def test_the_question_before_a_stop_says_that_they_can_be_retried_again() -> None:
    connection = make_connection()
    run = retry.retry_all(connection.pk, failures(connection, 3))
    assert run is not None
    page = log_in(None).get(reverse("admin:core_run_stop", args=[run.pk])).content.decode()
    assert "stay failed, and can be retried again" in page
