"""A sync job's page while it is under way: how far it is, and who may pause, resume and stop it."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.core.models import Connection, Run
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_connection, make_run
from tests.pages import text, told

pytestmark = pytest.mark.django_db
Status = Run.Status
LIST = "/admin/core/run/"
VERBS = ("pause", "resume", "stop")


def export(connection: Connection | None = None, **values: Any) -> Run:
    """4,200 of 10,000 sent in the 140 minutes since its start: 30 a minute."""
    counts = {"read": 6_000, "new": 100, "updated": 4_000, "skipped": 90, "failed": 10, "plan": {"expected": 10_000}}
    started = timezone.now() - datetime.timedelta(minutes=140)
    under_way = {"trigger": Run.Trigger.EXPORT, "job": "export", "status": Status.RUNNING, "complete": False}
    return make_run(connection or make_connection(), **{"started_at": started, **under_way, **counts, **values})


def page(run: Run, name: str = "change") -> str:
    return reverse(f"admin:core_run_{name}", args=[run.pk])


def facts(shown: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", shown))


def status(run: Run) -> str:
    run.refresh_from_db()
    return run.status


# -- how far it is -----------------------------------------------------------------------------------


def test_a_running_export_shows_how_far_it_is_how_fast_and_how_long_it_takes() -> None:
    shown = text(log_in(None), page(export()))
    found = facts(shown)
    assert (found["Done"], found["Rate"], found["Time left"]) == (
        "4,200 of 10,000 (42&nbsp;%)", "30 a minute", "about 3 h 13 min")  # fmt: skip
    assert (found["New"], found["Updated"], found["Skipped"], found["Waiting"]) == ("100", "4000", "90", "1800")
    [bar] = re.findall(r'<div class="log-bar"[^>]*>', shown)
    for part in (
        'role="progressbar"',
        'aria-valuemin="0"',
        'aria-valuemax="100"',
        'aria-valuenow="42"',
        "4,200 of 10,000",
    ):
        assert part in bar


@pytest.mark.parametrize(
    ("values", "done"),
    [
        ({"complete": True}, "4,200 of 6,000 (70&nbsp;%)"),
        ({"plan": {}}, "4,200 of 6,000 (70&nbsp;%)"),
        ({"read": 11_000}, "4,200 of 11,000 (38&nbsp;%)"),
        ({"read": 10_000, "updated": 9_799}, "9,999 of 10,000 (99&nbsp;%)"),
        ({"plan": {}, "read": 0, "new": 0, "updated": 0, "skipped": 0, "failed": 0}, "0 of 0 (0&nbsp;%)"),
    ],
)
def test_it_is_measured_by_what_it_expects_or_has_read(values: dict[str, Any], done: str) -> None:
    assert facts(text(log_in(None), page(export(**values))))["Done"] == done


def test_without_anything_to_measure_by_the_bar_has_no_value() -> None:
    run = export(plan={}, read=0, new=0, updated=0, skipped=0, failed=0)
    assert "aria-valuenow" not in text(log_in(None), page(run))


def test_a_job_that_has_just_started_does_not_guess() -> None:
    found = facts(text(log_in(None), page(export(started_at=timezone.now()))))
    assert (found["Rate"], found["Time left"]) == ("not known yet", "not known yet")


def test_a_paused_hour_does_not_slow_the_rate() -> None:
    hour_ago = (timezone.now() - datetime.timedelta(hours=1)).timestamp()
    started = timezone.now() - datetime.timedelta(minutes=260)
    plan = {"expected": 10_000, "paused_at": hour_ago, "paused_seconds": 3600.0}
    found = facts(text(log_in(None), page(export(status=Status.PAUSED, started_at=started, plan=plan))))
    assert (found["Rate"], found["Time left"]) == ("30 a minute", "about 3 h 13 min after Resume")


@pytest.mark.parametrize("over", [Status.SUCCESS, Status.FAILURE, Status.STOPPED, Status.UNBALANCED])
def test_a_job_that_is_over_has_no_bar_and_is_not_fetched_again(over: str) -> None:
    shown = text(log_in(None), page(export(status=over)))
    assert "progressbar" not in shown and "data-refresh" not in shown and 'http-equiv="refresh"' not in shown
    assert not [verb for verb in VERBS if page(export(status=over), verb) in shown]


def test_while_it_runs_the_page_names_its_part_to_fetch_again_also_without_javascript() -> None:
    run = export()
    client = log_in(None)
    shown = text(client, page(run))
    assert f'data-refresh="{page(run, "progress")}"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert shown.count('role="status"') == 1


def test_the_part_that_is_fetched_has_every_live_piece_of_the_page_and_nothing_around_it() -> None:
    run = export()
    client = log_in(None)
    pieces = re.compile(r'<\w+ id="([\w-]+)"[^>]* ?data-live>')
    whole, part = text(client, page(run)), text(client, page(run, "progress"))
    assert pieces.findall(part) == pieces.findall(whole) == ["run-verdict", "run-progress", "run-counts"]
    assert "<html" not in part
    assert f'id="run" data-state="J{run.pk}: Running" data-refresh' in part
    Run.objects.filter(pk=run.pk).update(status=Status.STOPPED)
    part = text(client, page(run, "progress"))
    assert f'data-state="J{run.pk}: Stopped"' in part and "data-refresh" not in part


def test_the_fetched_part_takes_few_queries() -> None:
    run = export()
    client = log_in(None)
    with CaptureQueriesContext(database) as queries:
        text(client, page(run, "progress"))
    assert len(queries) <= 6


def test_a_job_whose_connection_is_off_says_what_it_waits_for() -> None:
    run = export(make_connection(state=Connection.State.DISABLED))
    assert "The connection is not enabled" in text(log_in(None), page(run))


def test_the_list_shows_progress_in_short() -> None:
    connection = make_connection()
    export(connection)
    shown = text(log_in(None), LIST)
    assert "42&nbsp;%" in shown and "Running" in shown
    Run.objects.update(status=Status.SUCCESS)
    assert "42&nbsp;%" not in text(log_in(None), LIST)


@pytest.mark.parametrize("word", ["Paused", "Stopping"])
def test_the_list_has_words_for_jobs_that_are_halted(word: str) -> None:
    run = export(status=word.lower())
    assert re.search(rf"{word}</span>", text(log_in(None), f"{LIST}?status={word.lower()}"))
    assert run.status in Status.values


def test_the_list_takes_the_same_queries_however_many_jobs_are_under_way() -> None:
    client = log_in(None)

    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            text(client, LIST)
        return len(queries)

    connection = make_connection()
    export(connection, job="0")
    few = cost()
    for number in range(1, 20):
        export(connection, job=str(number))
    assert cost() == few


# -- Pause, Resume, Stop -------------------------------------------------------------------------------


def test_pause_then_resume_and_the_page_says_who_paused() -> None:
    run = export()
    client = log_in(MARKETING, run.connection.specific)
    assert client.post(page(run, "pause")).url == page(run)
    assert status(run) == Status.PAUSED
    shown = text(client, page(run))
    assert f"Paused by {User.objects.get().username}." in shown
    assert page(run, "resume") in shown and page(run, "pause") not in shown
    client.post(page(run, "resume"))
    assert status(run) == Status.RUNNING and run.message == ""
    assert page(run, "pause") in text(client, page(run))


def test_paused_twice_the_second_is_told_and_the_first_is_named() -> None:
    run = export()
    first, second = log_in(MARKETING, run.connection.specific), log_in(None)
    first.post(page(run, "pause"))
    run.refresh_from_db()
    before = run.plan
    assert "is now “Paused”" in told(second.post(page(run, "pause")))
    assert status(run) == Status.PAUSED and run.plan == before
    assert "Paused by user0" in run.message


def test_resume_of_what_runs_changes_nothing() -> None:
    run = export()
    assert "is now “Running”" in told(log_in(None).post(page(run, "resume")))
    assert status(run) == Status.RUNNING


def test_stop_asks_first_and_says_what_stays_and_what_is_not_sent() -> None:
    run = export()
    client = log_in(MARKETING, run.connection.specific)
    asked = text(client, page(run, "stop"))
    assert "4,200 records are done: they stay" in asked and "5,800 records will not be sent" in asked
    assert status(run) == Status.RUNNING
    client.post(page(run, "stop"))
    assert status(run) == Status.STOPPING
    assert "Stopped by user" in text(client, page(run))


def test_a_paused_job_can_be_stopped() -> None:
    run = export()
    client = log_in(None)
    client.post(page(run, "pause"))
    assert "will not be sent" in text(client, page(run, "stop"))
    client.post(page(run, "stop"))
    assert status(run) == Status.STOPPING


@pytest.mark.parametrize("over", [Status.STOPPING, Status.SUCCESS, Status.STOPPED])
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_over_or_being_stopped_stays_so(verb: str, over: str) -> None:
    run = export(status=over)
    assert "Nothing was changed" in told(log_in(None).post(page(run, verb)))
    assert status(run) == over


def test_stop_does_not_ask_about_what_is_over() -> None:
    run = export(status=Status.SUCCESS)
    response = log_in(None).get(page(run, "stop"))
    assert response.url == page(run) and "is now “Success”" in told(response)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_look_at_pause_or_resume_does_nothing(verb: str) -> None:
    run = export()
    assert log_in(None).get(page(run, verb)).status_code == 405
    assert status(run) == Status.RUNNING


@pytest.mark.parametrize("verb", VERBS)
def test_those_who_may_not_run_connections_see_progress_and_no_buttons(verb: str) -> None:
    run = export()
    support = log_in(SUPPORT, run.connection.specific)
    shown = text(support, page(run))
    assert "progressbar" in shown and page(run, verb) not in shown
    assert support.post(page(run, verb)).status_code == 403
    assert status(run) == Status.RUNNING


@pytest.mark.parametrize("name", ["change", "progress", *VERBS])
def test_another_ones_run_is_not_found(name: str) -> None:
    run = export(make_connection("Hidden"))
    client = log_in(MARKETING, make_connection("Mine"))
    response = client.get(page(run, name)) if name in ("change", "progress") else client.post(page(run, name))
    assert response.status_code == 404
    assert status(run) == Status.RUNNING


@pytest.mark.parametrize("verb", VERBS)
def test_each_needs_the_csrf_token(verb: str) -> None:
    run = export()
    log_in(None)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post(page(run, verb)).status_code == 403
    assert status(run) == Status.RUNNING


@pytest.mark.parametrize("trigger", [Run.Trigger.WEBHOOK, Run.Trigger.SCHEDULE])
def test_only_long_work_has_the_buttons(trigger: str) -> None:
    run = export(trigger=trigger)
    client = log_in(None)
    shown = text(client, page(run))
    assert "progressbar" in shown and not [verb for verb in VERBS if page(run, verb) in shown]
    assert {client.post(page(run, verb)).status_code for verb in VERBS} == {404}
    assert status(run) == Status.RUNNING
