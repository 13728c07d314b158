"""An initial import from its start to its summary: what is read, once, in what order, and what goes on meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.connectors.flexpos.import_start import start_import
from integrations.connectors.flexpos.initial_import import JOB, MARK
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect, control, sweep
from integrations.core.models import Clock, Cursor, Event, Run
from integrations.core.registry import connector_for
from tests.connectors.flexpos import importing, till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount


@pytest.fixture
def shop(shop: FlexPOSAccount) -> FlexPOSAccount:
    """In our own time, a moment ago; everybody has an address."""
    shop.at(timezone.now() - timedelta(minutes=2))
    shop.settings(messy_emails=False)
    return shop


def started(connection: FlexPOSConnection, **changes: object) -> Run:
    return importing.begin(connection, importing.estimate(connection, **changes))


def test_an_import_brings_a_month_of_members_and_their_purchases(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=40, journals=60, tickets=10)
    lines = sum(len(one["Lines"]) for one in shop.journals() if one["CustomerId"])
    tickets = sum(one["CustomerId"] is not None for one in shop.tickets())
    run = importing.fetch(connection, orders="both")
    assert (run.status, run.trigger, run.job) == (Run.Status.SUCCESS, Run.Trigger.IMPORT, JOB)
    assert len(practice.members()) == 40
    assert len(practice.activities()) == lines + tickets
    assert run.read == run.new == 40 + lines + tickets == run.plan["expected"]


def test_only_the_days_that_were_chosen_are_fetched(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=100)
    first, last = importing.chosen().first + timedelta(days=10), importing.chosen().first + timedelta(days=15)
    wanted = [row for row in shop.customers() if first.isoformat() <= row["ModifiedDate"][:10] <= last.isoformat()]
    run = importing.fetch(connection, first=first, last=last)
    assert run.new == len(wanted) == len(practice.members()) > 0


def test_records_are_bulk_work_and_carry_the_imports_own_choices(
    connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.seed(customers=3)
    importing.finish(started(connection, unsubscribed=True, opt_in=True))
    events = Event.objects.filter(run__job=JOB)
    assert {event.priority for event in events} == {Event.Priority.BULK}
    assert all('"unsubscribed":true' in event.payload.body and MARK in event.payload.body for event in events)


def test_the_settings_stay_as_they_are_while_an_import_sends_opt_in_mails(
    make_flexpos: MakeConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    practice.save_list(**{"double_opt-in": 1})
    shop.seed(customers=4)
    importing.fetch(make_flexpos(), opt_in=True)
    assert len(practice.mails("opt_in")) == 4
    assert not practice.mails("automation")


def test_automations_are_sent_when_the_import_says_so_and_only_then(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=4)
    importing.fetch(connection)
    assert not practice.mails()
    shop.seed(customers=3, seed=2)
    importing.fetch(connection, automations=True)
    assert len(practice.mails("automation")) == 3


def test_cut_off_after_every_page_it_brings_everybody_once(
    connection: FlexPOSConnection,
    shop: FlexPOSAccount,
    practice: HeyloyaltyAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.seed(customers=120, journals=40)
    lines = sum(len(one["Lines"]) for one in shop.journals() if one["CustomerId"])
    run = started(connection, orders="journals")
    monkeypatch.setattr(collect, "BUDGET", 0.0)
    importing.send(run)
    assert (run.status, run.read, run.new) == (Run.Status.SUCCESS, 120 + lines, 120 + lines)
    assert (len(practice.members()), len(practice.activities())) == (120, lines)


def test_a_worker_that_dies_between_reading_a_page_and_keeping_it_loses_nothing(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=30)
    run = started(connection)
    pages = connector_for(connection).collect(JOB, run)
    assert sum(len(next(pages).records) for _ in range(3)) > 0
    pages.close()  # type: ignore[attr-defined]
    importing.send(run)
    assert run.new == len(practice.members()) == 30


def test_it_goes_on_inside_a_window_at_the_page_it_had_reached(
    connection: FlexPOSConnection, shop: FlexPOSAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = shop.now()
    shop.seed(customers=1300, start=(now - timedelta(hours=2)).isoformat())
    day = now.date() - timedelta(days=1)
    run = started(connection, first=day)
    monkeypatch.setattr(collect, "BUDGET", 0.0)
    collect.collect(run.pk)
    place = Cursor.objects.get(job=JOB).value["place"]
    assert (place["resource"], place["left"]) == ("customers", 3)
    before = len(shop.calls())
    collect.collect(run.pk)
    asked = [call["path"] for call in shop.calls()[before:] if "Customers" in call["path"]]
    assert "Page=3" in asked[0]
    importing.finish(run)
    assert run.read == 1300


def test_paused_it_waits_and_resumed_it_goes_on(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.seed(customers=60)
    run = started(connection)
    with monkeypatch.context() as patch:
        patch.setattr(collect, "BUDGET", 0.0)
        for _ in range(3):
            collect.collect(run.pk)
    assert control.pause(run)
    before = len(shop.calls())
    collect.collect(run.pk)
    till.drain(connection)
    assert len(shop.calls()) == before and not practice.members()
    assert control.resume(run)
    importing.send(run)
    assert run.new == len(practice.members()) == 60


def test_stopped_it_reads_and_sends_nothing_more(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=20)
    run = importing.finish(started(connection))
    assert control.stop(run)
    till.drain(connection)
    run.refresh_from_db()
    assert (run.status, run.skipped, practice.members()) == (Run.Status.STOPPED, 20, [])


def test_a_change_at_the_till_wins_over_what_the_import_read_before(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    till.pull(connection)
    anna = shop.customer(Email="anna@example.test", City="Old town")
    run = importing.finish(started(connection))
    shop.forward(minutes=1)
    shop.customer(anna, City="New town")
    Run.objects.filter(pk=run.pk).update(status=Run.Status.PAUSED)
    live = collect.start(connection, "import", Run.Trigger.SCHEDULE)
    assert live is not None
    importing.finish(live)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    till.drain(connection)
    assert practice.member("anna@example.test")["values"]["city"] == "New town"
    assert [call["path"] for call in practice.calls() if call["path"].endswith("/import")] != []


def test_what_is_imported_late_does_not_write_over_what_came_live(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    anna = shop.customer(Email="anna@example.test", City="Old town")
    run = importing.finish(started(connection))
    old = Event.objects.get(run=run)
    shop.forward(minutes=1)
    shop.customer(anna, City="New town")
    [row] = shop.customers(id=anna)
    Event.objects.filter(pk=old.pk).update(due_at=timezone.now() + timedelta(hours=1))
    till.arrive(connection, row)
    till.drain(connection)
    assert practice.member("anna@example.test")["values"]["city"] == "New town"


def test_the_five_minute_import_waits_for_it_and_says_so(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    run = started(connection)
    sweep.sweep()
    Clock.objects.filter(connection=connection, job="import").update(next_at=timezone.now() - timedelta(seconds=1))
    sweep.sweep()
    left_out = Run.objects.get(job="import")
    assert left_out.status == Run.Status.SKIPPED
    assert str(run) in left_out.message and "Initial import" in left_out.message


def test_an_estimate_starts_one_import_however_often_it_is_confirmed(connection: FlexPOSConnection) -> None:
    estimated = importing.estimate(connection)
    first, started_now = start_import(connection, estimated, importing.user())
    again, started_again = start_import(connection, estimated, importing.user())
    assert first == again and first is not None
    assert (started_now, started_again) == (True, False)
    assert Run.objects.filter(job=JOB).count() == 1


def test_two_estimates_do_not_start_two_imports_at_once(connection: FlexPOSConnection) -> None:
    one, other = importing.estimate(connection), importing.estimate(connection, unsubscribed=True)
    importing.begin(connection, one)
    assert start_import(connection, other, importing.user()) == (None, False)


def test_the_next_import_begins_anew_also_for_those_who_were_fetched_before(
    connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.seed(customers=5, journals=5)
    lines = importing.fetch(connection, orders="journals").read - 5
    again = importing.fetch(connection, orders="journals")
    # Purchases are sent once; what a member is mapped to may have changed since.
    assert lines > 0 and (again.read, again.unchanged) == (5, 5)


def test_what_became_no_record_is_counted(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    shop.seed(customers=10, journals=40)
    nobody = sum(one["CustomerId"] is None for one in shop.journals())
    importing.fetch(connection, orders="journals")
    assert Cursor.objects.get(job=JOB).value["left_out"]["anonymous"] == nobody > 0
