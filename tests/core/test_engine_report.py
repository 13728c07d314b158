"""Connectors are told when a run of theirs has ended."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.engine import report
from integrations.core.engine.lease import acquire
from integrations.core.errors import TemporaryError
from integrations.core.models import Run
from tests.core.toy import connect, deliver, leads, toy
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs a task was asked for: no cluster runs here."""
    runs: list[int] = []
    monkeypatch.setattr(report, "async_task", lambda name, pk: runs.append(pk))
    return runs


def told(heard: list[int], error: Exception | None = None) -> Any:
    def finished(self: Any, run: Run) -> None:
        heard.append(run.pk)
        if error:
            raise error

    return finished


def test_a_run_that_ended_is_reported_once(account: LeadSquaredAccount, asked: list[int]) -> None:
    heard: list[int] = []
    with toy(finished=told(heard)):
        connection = connect(account)
        deliver(connection, *leads([1]))
        run = Run.objects.get()
        Run.objects.create(connection=connection, trigger=Run.Trigger.MANUAL)
        report.ask(timezone.now())
        assert asked == [run.pk]
        report.report(run.pk)
        report.report(run.pk)
        report.ask(timezone.now())
    assert (heard, asked) == ([run.pk], [run.pk])


def test_who_does_not_listen_is_not_told(account: LeadSquaredAccount, asked: list[int]) -> None:
    deliver(connect(account), *leads([1]))
    report.ask(timezone.now())
    assert asked == []


@pytest.mark.parametrize(
    ("error", "again"), [(TemporaryError("The mail server is away."), True), (KeyError("a name"), False)]
)
def test_what_could_not_be_done_yet_is_done_later_and_a_bug_is_not_repeated(
    account: LeadSquaredAccount, asked: list[int], caplog: pytest.LogCaptureFixture, error: Exception, again: bool
) -> None:
    with toy(finished=told([], error)):
        deliver(connect(account), *leads([1]))
        report.report(Run.objects.get().pk)
        report.ask(timezone.now())
    assert bool(asked) == again
    assert "a name" not in caplog.text


def test_two_tasks_do_not_tell_at_once(account: LeadSquaredAccount) -> None:
    heard: list[int] = []
    with toy(finished=told(heard)):
        connection = connect(account)
        deliver(connection, *leads([1]))
        assert acquire(connection.pk, report.LEASE)
        report.report(Run.objects.get().pk)
    assert heard == []


def test_a_day_later_nobody_waits_for_it(account: LeadSquaredAccount, asked: list[int]) -> None:
    with toy(finished=told([])):
        deliver(connect(account), *leads([1]))
        report.ask(timezone.now() + report.GIVEN_UP_AFTER + datetime.timedelta(minutes=1))
    assert asked == []
