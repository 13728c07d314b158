"""A CSV import as workers do it: each row once, whoever is killed, pauses, stops or presses twice."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.translation import gettext

from integrations.core.engine import erase
from integrations.core.engine.sweep import sweep
from integrations.core.imports import control
from integrations.core.imports import work as working
from integrations.core.imports.turn import TurnLost, take
from integrations.core.imports.work import STUMBLED, TOO_LONG, work
from integrations.core.models import Import, ImportFile
from integrations.core.models.engine import EPOCH
from integrations.sources.loyalty.models import Customer, Movement
from integrations.sources.loyalty.signals import accounts_changed
from tests.at_once import at_once
from tests.sources.csv_files import checked, counted, page_of, started, text_of, uploaded
from tests.sources.loyalty.people import mia
from tests.sources.loyalty.shop import account, customer

pytestmark = pytest.mark.django_db
State = Import.State


def movements(rows: int) -> str:
    return "customer_external_id,value\n" + "c-1,1\n" * rows


def people(rows: int, letter: str = "a") -> str:
    return "email\n" + "".join(f"{letter}{number}@example.test\n" for number in range(rows))


def now(one: Import) -> Import:
    return Import.objects.get(pk=one.pk)


class Killed(BaseException):
    """As a worker that is killed: nothing is tidied up."""


def killed(import_id: int, after: int) -> None:
    """A worker's turn that ends in the middle of a portion, once it has announced so many changed accounts."""
    heard = 0

    def hear(states: Any, **kwargs: Any) -> None:
        nonlocal heard
        heard += len(states)
        if heard > after:
            raise Killed

    accounts_changed.connect(hear)
    try:
        with pytest.raises(Killed):
            work(import_id)
    finally:
        accounts_changed.disconnect(hear)


def silent_for_long(one: Import) -> None:
    """Its lease has run out."""
    Import.objects.filter(pk=one.pk).update(until=EPOCH)


# -- each row once --------------------------------------------------------------------------------


def test_a_killed_worker_leaves_whole_portions_and_the_next_one_goes_on() -> None:
    client = mia()
    one = started(client, people(2500))
    killed(one.pk, after=1500)
    assert (now(one).done, Customer.objects.count(), now(one).state) == (1000, 1000, State.IMPORTING)
    work(one.pk)  # the killed one's lease still holds
    assert Customer.objects.count() == 1000
    silent_for_long(one)
    work(one.pk)
    assert (now(one).state, now(one).counts, Customer.objects.count()) == (State.DONE, {"created": 2500}, 2500)
    assert not ImportFile.objects.exists()


def test_movements_without_ids_keep_theirs_whatever_the_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    client, anna = mia(), customer()
    one = started(client, movements(25), "movements")
    monkeypatch.setattr(working, "CHUNK", 7)
    work(one.pk, budget=0)
    assert now(one).done == Movement.objects.count() == 7
    monkeypatch.setattr(working, "CHUNK", 10)
    work(one.pk)
    numbers = sorted(int(name.rpartition("-")[2]) for name in Movement.objects.values_list("external_id", flat=True))
    assert numbers == list(range(1, 26)) and account(anna).balance == 25
    again = started(client, movements(25), "movements", keep="none")
    work(again.pk)
    assert (now(again).state, now(again).counts) == (State.NOTHING, {"duplicate": 25})


def test_a_task_hands_on_when_its_time_is_over_and_the_sweep_starts_what_was_left(
    queued: Callable[[], int], django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "CHUNK", 5)
    one = uploaded(mia(), people(12))
    for done, tasks in ((5, 1), (10, 2)):
        work(one.pk, budget=0)
        assert (now(one).done, now(one).state, queued()) == (done, State.CHECKING, tasks)
    take(one.pk)  # and never comes back
    with django_capture_on_commit_callbacks(execute=True):
        control.ask(timezone.now())
    assert queued() == 2
    silent_for_long(one)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert queued() == 3
    work(one.pk)
    assert (now(one).state, now(one).counts) == (State.CHECKED, {"created": 12})


def test_whoever_lost_the_turn_cant_write_any_more() -> None:
    one = started(mia(), people(3))
    old = take(one.pk)
    assert old is not None and take(one.pk) is None
    silent_for_long(one)
    work(one.pk)
    with pytest.raises(TurnLost):
        old.renew()
    assert Customer.objects.count() == 3


def test_twice_at_once_is_once() -> None:
    client = mia()
    one = started(client, people(3))
    client.post(page_of(one, "start"))
    for _ in range(3):
        work(one.pk)
    assert now(one).counts == {"created": 3} and LogEntry.objects.filter(object_repr="CSV import").count() == 1


def test_the_queries_of_a_portion_do_not_grow_with_its_rows() -> None:
    client, numbers = mia(), []
    work(started(client, people(1)).pk)  # the settings are made, content types are known
    for rows, letter in ((5, "b"), (500, "c")):
        one = started(client, people(rows, letter))
        with CaptureQueriesContext(connection) as captured:
            work(one.pk)
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]


def test_a_portion_takes_two_queries_more_than_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """To hold the turn, and to say how far it is."""
    one = started(mia(), people(30))
    monkeypatch.setattr(working, "CHUNK", 10)
    with CaptureQueriesContext(connection) as captured:
        work(one.pk)
    own = [each["sql"] for each in captured if each["sql"].startswith('UPDATE "core_import"')]
    # Each of three portions, its beginning, its end, and the right to work.
    assert len(own) == 3 * 2 + 3


# -- pause, resume, stop --------------------------------------------------------------------------


def test_a_pause_keeps_it_where_it_is_and_resume_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    client = mia()
    one = started(client, people(25))
    work(one.pk, budget=0)
    client.post(page_of(one, "pause"))
    work(one.pk)
    assert (now(one).state, Customer.objects.count()) == (State.PAUSED, 10)
    page = text_of(client, one)
    assert "Resume" in page and "10 of 25" in page and "Pause</button>" not in page
    client.post(page_of(one, "resume"))
    work(one.pk)
    assert (now(one).state, now(one).counts) == (State.DONE, {"created": 25})


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="the tests' SQLite is in memory: one connection at a time")
@pytest.mark.django_db(transaction=True)
def test_a_pause_reaches_a_worker_that_is_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    client, begun = mia(), Event()
    one = started(client, people(1000))

    def hear(states: Any, **kwargs: Any) -> None:
        begun.set()

    def press() -> bool:
        return begun.wait(20) and control.pause(now(one))

    accounts_changed.connect(hear)
    try:
        _worked, paused = at_once(lambda: work(one.pk), press)
    finally:
        accounts_changed.disconnect(hear)
    assert paused and now(one).state == State.PAUSED
    assert 0 < Customer.objects.count() == now(one).done < 1000
    client.post(page_of(one, "resume"))
    work(one.pk)
    assert (now(one).state, now(one).counts) == (State.DONE, {"created": 1000})


def test_a_stop_keeps_what_is_imported_and_deletes_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    client = mia()
    one = started(client, people(25))
    work(one.pk, budget=0)
    asked = client.get(page_of(one, "stop")).content.decode()
    assert "10 rows are done" in asked and now(one).state == State.IMPORTING
    client.post(page_of(one, "stop"))
    work(one.pk)
    assert (now(one).state, Customer.objects.count()) == (State.STOPPED, 10)
    assert not ImportFile.objects.exists()
    assert LogEntry.objects.get(object_repr="CSV import").change_message == "created 10"
    assert "Nothing was changed" in client.post(page_of(one, "resume"), follow=True).content.decode()


def test_a_file_can_be_discarded_before_import_is_pressed() -> None:
    client = mia()
    one = checked(client, people(3))
    client.post(page_of(one, "discard"))
    client.post(page_of(one, "start"))
    work(one.pk)
    assert now(one).state == State.DISCARDED
    assert not Customer.objects.exists() and not ImportFile.objects.exists()
    assert not LogEntry.objects.filter(object_repr="CSV import").exists()


# -- all or nothing -------------------------------------------------------------------------------


def test_import_nothing_undoes_the_portions_before_the_refused_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    client = mia()
    one = started(client, people(25) + "nobody\n", keep="none")
    work(one.pk)
    page = text_of(client, one)
    assert now(one).state == State.NOTHING and "Nothing was imported" in page
    assert counted(page, "Refused") == 1 and 'data-label="Line">27<' in page
    assert not Customer.objects.exists() and not ImportFile.objects.exists()
    assert not LogEntry.objects.filter(object_repr="CSV import").exists()


def test_a_worker_killed_in_the_middle_of_all_or_nothing_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    one = started(mia(), people(25), keep="none")
    killed(one.pk, after=15)
    assert (now(one).done, Customer.objects.count()) == (0, 0)
    silent_for_long(one)
    work(one.pk)
    assert (now(one).state, now(one).counts) == (State.DONE, {"created": 25})


def test_what_takes_too_long_at_once_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    client = mia()
    one = started(client, people(3), keep="none")
    work(one.pk, budget=0)
    assert (now(one).state, now(one).message) == (State.FAILED, TOO_LONG)
    assert not Customer.objects.exists()


def test_all_or_nothing_has_no_buttons_while_it_is_written_and_an_estimate_for_a_bar() -> None:
    client = mia()
    one = started(client, people(50), keep="none")
    assert "Stop…" in text_of(client, one) and "Pause</button>" not in text_of(client, one)
    Import.objects.filter(pk=one.pk).update(check_took=100.0)
    take(one.pk)
    began = datetime.timedelta(seconds=40)
    Import.objects.filter(pk=one.pk).update(until=now(one).until - began)
    page = text_of(client, one)
    assert "either all of them are imported, or none" in page
    assert "20 of 50" in page and "Stop…" not in page
    client.post(page_of(one, "stop"))
    client.post(page_of(one, "pause"))
    assert now(one).state == State.IMPORTING


# -- what it may not, and what can't be -----------------------------------------------------------


def test_permissions_are_asked_for_again_when_it_is_worked_off() -> None:
    client = mia()
    one = started(client, people(3))
    User.objects.get(username="mia").groups.clear()
    work(one.pk)
    assert now(one).state == State.FAILED and "may not import it any more" in now(one).message
    assert not Customer.objects.exists() and not ImportFile.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_nothing_is_imported_in_the_name_of_who_is_gone(change: dict[str, Any] | None) -> None:
    one = started(mia(), people(3))
    user = User.objects.filter(username="mia")
    user.update(**change) if change else user.delete()
    work(one.pk)
    assert now(one).state == State.FAILED and not Customer.objects.exists()


def test_pins_are_refused_when_the_permission_for_them_went_meanwhile() -> None:
    one = started(mia("view_pin"), "email,pin\na@example.test,4711\n")
    User.objects.get(username="mia").user_permissions.clear()
    work(one.pk)
    assert now(one).state == State.FAILED and "may not import PINs" in now(one).message
    assert not Customer.objects.exists()


def test_rows_over_which_workers_die_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHUNK", 10)
    one = started(mia(), people(25))
    for _ in range(3):
        killed(one.pk, after=0)
        silent_for_long(one)
    work(one.pk)
    assert (now(one).state, now(one).message) == (State.FAILED, STUMBLED)


def test_an_error_is_logged_by_its_name_and_tried_again_three_times(caplog: pytest.LogCaptureFixture) -> None:
    client = mia()
    one = started(client, people(3))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_importfile SET body = %s", [b"under a key that is lost"])
    for _ in range(3):
        work(one.pk)
        assert now(one).state == State.IMPORTING
    work(one.pk)
    assert (now(one).state, now(one).message) == (State.FAILED, STUMBLED)
    assert caplog.messages[-3:] == [f"InvalidToken in CSV import {one.pk}"] * 3
    assert not ImportFile.objects.exists()


# -- files do not stay ----------------------------------------------------------------------------


def test_a_file_nobody_confirms_goes_after_some_hours() -> None:
    client = mia()
    one, fresh = checked(client, people(3)), checked(client, people(4))
    Import.objects.filter(pk=one.pk).update(uploaded_at=timezone.now() - datetime.timedelta(hours=6, minutes=1))
    sweep()
    assert (now(one).state, now(fresh).state) == (State.DISCARDED, State.CHECKED)
    assert [file.pk for file in ImportFile.objects.all()] == [fresh.pk]
    assert "Nobody pressed Import within 6 hours" in text_of(client, one)


def test_a_pause_lasts_as_long_as_payloads_are_kept(settings: Any) -> None:
    one = started(mia(), people(3))
    control.pause(now(one))
    late = timezone.now() + datetime.timedelta(days=settings.RETENTION_DAYS)
    control.ask(late - datetime.timedelta(hours=1))
    assert now(one).state == State.PAUSED
    control.ask(late + datetime.timedelta(hours=1))
    assert now(one).state == State.STOPPED and not ImportFile.objects.exists()


def test_erasing_a_person_deletes_every_file_that_is_held() -> None:
    client: Client = mia()
    waiting, running = checked(client, people(3)), started(client, people(4))
    erasure = erase.start("a1@example.test", "boss")
    erase.erase(erasure.pk)
    erasure.refresh_from_db()
    assert not ImportFile.objects.exists() and erasure.counts["imports"] == 2
    assert (now(waiting).state, now(running).state) == (State.DISCARDED, State.STOPPED)
    for one in (waiting, running):
        client.post(page_of(one, "start"))
        work(one.pk)
        assert "A person was erased meanwhile" in text_of(client, one)
    assert not Customer.objects.exists()


def test_sentences_and_times_are_those_of_who_uploaded_it() -> None:
    client, anna = mia(), customer()
    client.cookies["timezone"] = "America/New_York"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "da"
    one = started(client, "customer_external_id,value\nc-1,1\nc-1,\n", "movements")
    assert (one.language, one.time_zone) == ("da", "America/New_York")
    work(one.pk)
    with translation.override("da"):
        assert now(one).problems == [[3, "value", gettext("Give the points.")]]
    assert account(anna).balance == 1
