"""Alerts: one mail when something begins, one when it is over, whatever the mail server and other workers do."""

from __future__ import annotations

import datetime
import socket
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from integrations.core import tasks
from integrations.core.alerts import judge, look, words
from integrations.core.alerts import mail as mails
from integrations.core.engine.lease import acquire
from integrations.core.engine.sweep import sweep
from integrations.core.models import Alert, Connection, Event, Run
from tests.at_once import at_once
from tests.core.log_rows import SUPPORT, log_in, make_connection, make_event, make_run

pytestmark = pytest.mark.django_db
at_once_works = pytest.mark.skipif(
    database.vendor == "sqlite", reason="SQLite in memory refuses where a file would wait"
)
Kind = Alert.Kind
TO = "mia@example.test"


@pytest.fixture
def connection() -> Any:
    return make_connection("Shop", notify=True, notify_to=TO)


def ended(connection: Connection, read: int = 10, failed: int = 0, **values: Any) -> Run:
    status = Run.Status.FAILURE if failed else Run.Status.SUCCESS
    return make_run(
        connection,
        **{"read": read, "failed": failed, "new": read - failed, "status": status, "finished_at": timezone.now()}
        | values,
    )


def broken(connection: Connection, **values: Any) -> Run:
    """Given up by the engine."""
    return ended(connection, 0, status=Run.Status.FAILURE, plan={"broke": True}, **values)


def looked(later: datetime.timedelta = datetime.timedelta()) -> list[EmailMessage]:
    """What is mailed when the next sweep looks and its tasks are done."""
    before = len(mail.outbox)
    look.look(timezone.now() + later)
    for connection in Connection.objects.all():
        tasks.mail_alerts(connection.pk)
    found: list[EmailMessage] = mail.outbox[before:]
    return found


def subjects(found: list[EmailMessage]) -> list[str]:
    return [str(one.subject) for one in found]


# -- each kind once, and its end once -------------------------------------------------------------------------


def test_a_failed_job_is_told_once_and_its_end_once(connection: Connection) -> None:
    run = broken(connection, job="members", message="The list 4711 could not be read for bo@example.test.")
    [told] = looked()
    assert told.to == [TO] and told.subject == "Shop: Sync job failed"
    assert f"J{run.pk} (members) failed. The list … could not be read for …." in told.body
    assert reverse("admin:core_run_change", args=[run.pk]) in told.body
    broken(connection, job="members")
    assert looked() == looked() == []
    ended(connection, job="members")
    [over] = looked()
    assert over.subject == "Shop works again (was: Sync job failed)"
    ended(connection, job="members")
    assert looked() == [] and Alert.objects.count() == 1


def test_more_than_thirty_percent_are_many(connection: Connection) -> None:
    ended(connection, 10, 3)
    assert looked() == []
    run = ended(connection, 10, 4)
    make_event(connection, "failed", run=run, message="Refused Mobile '12' of bo@example.test (field Phone).")
    [told] = looked()
    assert told.subject == "Shop: Many records failed"
    assert f"4 of 10 records of sync job J{run.pk} (live changes) failed." in told.body
    assert "Refused Mobile … of … (field Phone)." in told.body
    ended(connection, 10, 1)
    assert subjects(looked()) == ["Shop works again (was: Many records failed)"]


def test_five_failing_in_a_row_are_told_and_four_are_not(connection: Connection) -> None:
    for _ in range(4):
        ended(connection, 10, 1)
    ended(connection, 10, 0)
    for _ in range(4):
        ended(connection, 10, 1)
    assert looked() == []
    ended(connection, 10, 1)
    assert subjects(looked()) == ["Shop: Five failing sync jobs in a row"]
    ended(connection, 10, 1)
    assert looked() == []
    ended(connection, 10, 0)
    assert subjects(looked()) == ["Shop works again (was: Five failing sync jobs in a row)"]


def test_a_stop_says_by_whom(connection: Connection) -> None:
    connection.set_state(Connection.State.DISABLED, "Disabled by mia")
    [told] = looked()
    assert told.subject == "Shop: Connection stopped" and "Disabled by mia" in told.body
    page = reverse("admin:leadsquared_leadsquaredconnection_change", args=[connection.pk])
    assert page in told.body
    connection.set_state(Connection.State.ENABLED, "Enabled by mia")
    assert subjects(looked()) == ["Shop works again (was: Connection stopped)"]


def test_a_stop_by_itself_says_why_and_is_told_once(connection: Connection) -> None:
    connection.set_state(Connection.State.ATTENTION, "The key '12ab' was refused.")
    connection.set_state(Connection.State.ATTENTION, "The key '12ab' was refused.")
    connection.set_state(Connection.State.DISABLED, "Disabled by mia")
    [told] = looked()
    assert "It stopped by itself: The key … was refused." in told.body


def test_what_is_a_draft_again_is_nobodys_trouble(connection: Connection) -> None:
    connection.set_state(Connection.State.ATTENTION, "The key was refused.")
    broken(connection)
    assert len(looked()) == 2
    connection.set_state(Connection.State.DRAFT)
    assert looked() == [] and not Alert.objects.filter(recovered_at__isnull=True).exists()


def test_the_first_enabling_of_a_draft_tells_nobody(connection: Connection) -> None:
    connection.set_state(Connection.State.DRAFT)
    connection.set_state(Connection.State.ENABLED, "Enabled by mia")
    assert looked() == [] and not Alert.objects.exists()


# -- what is no alert -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"trigger": Run.Trigger.RETRY, "failed": 10},
        {"status": Run.Status.SKIPPED, "read": 0},
        {"status": Run.Status.STOPPED, "failed": 10},
        {"failed": 3},
        {"read": 1, "failed": 1},
        {"read": 2, "failed": 2},
        {"read": 0},
    ],
)
def test_what_a_person_did_and_what_is_bearable_is_no_alert(connection: Connection, values: dict[str, Any]) -> None:
    ended(connection, **values)
    assert looked() == [] and not Alert.objects.exists()
    assert not Run.objects.filter(judged=False).exists()


def test_a_run_that_is_not_over_is_looked_at_when_it_is(connection: Connection) -> None:
    run = make_run(connection, status=Run.Status.RUNNING, read=10, failed=9)
    assert looked() == []
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILURE, new=1, finished_at=timezone.now())
    assert subjects(looked()) == ["Shop: Many records failed"]


def test_one_job_says_nothing_about_another(connection: Connection) -> None:
    broken(connection, job="members")
    broken(connection, job="sales")
    assert len(looked()) == 2
    ended(connection, job="sales")
    ended(connection)
    assert len(looked()) == 1
    assert Alert.objects.get(recovered_at__isnull=True).job == "members"


def test_what_comes_and_goes_is_told_for_the_first_time_only_within_an_hour(connection: Connection) -> None:
    for failed in (9, 0, 9, 0, 9, 0):
        ended(connection, 10, failed)
        looked()
    assert len(mail.outbox) == 3, "began, over, began again: it has not stayed away for an hour"
    Alert.objects.update(seen_at=timezone.now() - look.CALM)
    ended(connection, 10, 0)
    assert len(looked()) == 1


def test_nobody_is_mailed_when_notification_is_off_and_the_alert_stands_all_the_same() -> None:
    off = make_connection("Off", notify=False, notify_to=TO)
    nobody = make_connection("Nobody", notify=True)
    broken(off)
    broken(nobody)
    assert looked() == [] and Alert.objects.count() == 2
    assert "notification is off" in log_in(None).get("/admin/").content.decode()


def test_who_gets_the_error_report_gets_no_second_mail_about_the_same(connection: Connection) -> None:
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation

    assert hasattr(HeyloyaltyActivation.model, HeyloyaltyActivation.reports_to)
    facts = {"read": 3, "failed": 2, "cause": "", "reported": True}
    Alert.objects.create(connection=connection, kind=Kind.MANY_FAILED, facts=facts)
    assert "error report" in log_in(None).get("/admin/").content.decode()


# -- exactly once ---------------------------------------------------------------------------------------------


@at_once_works
@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_once_open_and_tell_once() -> None:
    connection = make_connection("Shop", notify=True, notify_to=TO)
    for _ in range(3):
        broken(connection)
    now = timezone.now()
    at_once(*[lambda: look.look(now)] * 4)
    at_once(*[lambda: mails.send_due(connection.pk)] * 4)
    assert Alert.objects.count() == 1 and len(mail.outbox) == 1
    ended(connection)
    at_once(*[lambda: look.look(now)] * 4)
    at_once(*[lambda: mails.send_due(connection.pk)] * 4)
    assert len(mail.outbox) == 2


def test_while_another_worker_mails_nothing_is_sent(connection: Connection) -> None:
    broken(connection)
    assert acquire(connection.pk, mails.LEASE)
    assert looked() == []


def test_the_sweep_looks_and_asks_for_the_mails(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(mails, "async_task", lambda name, pk: asked.append((name, pk)))
    broken(connection)
    sweep()
    assert asked == [("integrations.core.tasks.mail_alerts", connection.pk)]


# -- mail servers that don't answer ---------------------------------------------------------------------------


@pytest.fixture
def unreachable(settings: Any) -> None:
    """A real mail server's address on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def its_time_comes() -> None:
    Alert.objects.filter(mail_at__isnull=False).update(mail_at=timezone.now())


def test_a_mail_that_cannot_be_sent_is_tried_a_few_times_and_said(connection: Connection, unreachable: None) -> None:
    connection.set_state(Connection.State.DISABLED, "Disabled by mia")
    for tries in range(1, len(mails.BACKOFF) + 2):
        mails.send_due(connection.pk)
        alert = Alert.objects.get()
        assert (alert.tries, alert.problem, alert.told_at) == (tries, "ConnectionRefusedError", None)
        page = log_in(None).get("/admin/").content.decode()
        assert "could not be sent (ConnectionRefusedError" in page and TO in page
        its_time_comes()
    assert alert.mail_at is None
    mails.send_due(connection.pk)
    assert Alert.objects.get().tries == len(mails.BACKOFF) + 1


def test_it_arrives_once_the_server_is_back(connection: Connection, unreachable: None, settings: Any) -> None:
    broken(connection)
    assert looked() == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    its_time_comes()
    assert subjects(looked()) == ["Shop: Sync job failed"]
    alert = Alert.objects.get()
    assert alert.told_at and not alert.problem and alert.mail_at is None


def test_what_nobody_was_told_of_is_not_told_to_be_over(
    connection: Connection, unreachable: None, settings: Any
) -> None:
    broken(connection)
    looked()
    ended(connection)
    looked()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    its_time_comes()
    assert looked() == [] and Alert.objects.get().recovered_at


def test_a_line_break_in_a_name_breaks_no_mail() -> None:
    odd = make_connection("Shop\r\nBcc: x@example.test", notify=True, notify_to=TO)
    broken(odd)
    [told] = looked()
    assert told.subject == "Shop Bcc: x@example.test: Sync job failed"


# -- who sees them --------------------------------------------------------------------------------------------


def test_alerts_of_others_are_not_shown(connection: Connection) -> None:
    mine = make_connection("Mine", notify=True, notify_to="me@example.test")
    broken(connection, message="Their trouble.")
    broken(mine, message="My trouble.")
    looked()
    page = log_in(SUPPORT, mine).get("/admin/").content.decode()
    assert "My trouble." in page
    assert "Their trouble." not in page and TO not in page
    assert "me@example.test" not in page, "masked for support"


def test_alerts_name_pages_that_exist(connection: Connection) -> None:
    run = broken(connection)
    connection.set_state(Connection.State.DISABLED)
    looked()
    pages = {words.page(alert) for alert in Alert.objects.select_related("connection")}
    assert pages == {
        reverse("admin:core_run_change", args=[run.pk]),
        reverse("admin:leadsquared_leadsquaredconnection_change", args=[connection.pk]),
    }


# -- the judge, alone -----------------------------------------------------------------------------------------


def run(pk: int, read: int, failed: int, status: str = "", *, live: bool = False) -> judge.Ended:
    return judge.Ended(pk, status or ("failure" if failed else "success"), read, failed, live=live)


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        (run(1, 10, 0), set()),
        (run(1, 10, 3), set()),
        (run(1, 10, 4), {Kind.MANY_FAILED}),
        (run(1, 1, 1), {Kind.MANY_FAILED}),
        (run(1, 2, 2, live=True), set()),
        (run(1, 3, 3, live=True), {Kind.MANY_FAILED}),
        (run(1, 0, 0, "failure"), {Kind.RUN_FAILED}),
        (run(1, 10, 0, "unbalanced"), {Kind.RUN_FAILED}),
        (run(1, 10, 9, "unbalanced"), {Kind.RUN_FAILED, Kind.MANY_FAILED}),
    ],
)
def test_a_run_alone(found: judge.Ended, kinds: set[str]) -> None:
    assert judge.troubles([found], [found]).keys() == kinds


def test_one_live_change_that_fails_is_no_recovery() -> None:
    assert not judge.is_over(Kind.MANY_FAILED, run(1, 1, 1, live=True))
    assert judge.is_over(Kind.MANY_FAILED, run(1, 1, 0, live=True))


def test_the_newest_of_several_bad_ones_is_named() -> None:
    fresh = [run(3, 10, 0), run(2, 10, 9), run(1, 10, 8)]
    assert judge.troubles(fresh, fresh) == {Kind.MANY_FAILED: fresh[1]}


def test_nothing_ended_means_nothing_new() -> None:
    assert judge.troubles([], [run(number, 10, 1) for number in range(5)]) == {}


def test_events_are_not_needed_to_judge(connection: Connection) -> None:
    ended(connection, 10, 9)
    assert len(looked()) == 1 and not Event.objects.exists()
