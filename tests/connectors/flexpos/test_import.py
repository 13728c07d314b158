"""The import that runs every five minutes: what it reads, where it goes on, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect, report, sweep
from integrations.core.models import Connection, Cursor, Event, Run
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import NOON, MakeConnection
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount

METTE = {"Email": "mette@example.test", "Mobile": "20304050", "FirstName": "Mette"}


@pytest.fixture
def at(shop: FlexPOSAccount) -> Any:
    """Both clocks at once: the portal's and FlexPOS's."""
    travelled: list[Any] = []

    def go(moment: datetime) -> None:
        while travelled:
            travelled.pop().stop()
        shop.at(moment)
        # It runs: leases and limits measure time.
        travelled.append(time_machine.travel(moment, tick=True))
        travelled[-1].start()

    go(NOON)
    yield go
    for one in travelled:
        one.stop()


@pytest.fixture
def started(at: Any, shop: FlexPOSAccount, connection: FlexPOSConnection) -> FlexPOSConnection:
    """Its first import was at noon; it is time for the next, and a minute ago by the till's clock."""
    till.pull(connection)
    at(NOON + timedelta(minutes=5))
    shop.at(NOON + timedelta(minutes=4))
    return connection


def emails(practice: HeyloyaltyAccount) -> list[str]:
    return sorted(member["values"]["email"] for member in practice.members())


def cursor() -> dict[str, Any]:
    value: dict[str, Any] = Cursor.objects.get(job="import").value
    return value


def test_the_first_import_starts_from_now_and_the_next_brings_what_changed(
    at: Any, connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.at(NOON - timedelta(days=2))
    shop.customer(**METTE)
    at(NOON)
    assert till.pull(connection).read == 0
    at(NOON + timedelta(minutes=3))
    shop.customer(Email="new@example.test")
    at(NOON + timedelta(minutes=5))
    run = till.pull(connection)
    assert (run.status, run.read, run.new) == (Run.Status.SUCCESS, 1, 1)
    assert emails(practice) == ["new@example.test"]


def test_a_purchase_and_a_ticket_come_with_their_customer(
    started: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    number = shop.customer(**METTE)
    shop.sale(number, {"7711": 2})
    shop.sale(None, {"7711": 1})
    shop.ticket(number)
    run = till.pull(started)
    assert (run.read, run.new) == (3, 3)
    practice.wait_for_imports(3)
    assert {one["email"] for one in practice.activities()} == {METTE["Email"]}
    assert sorted(one["kind"] for one in practice.activities()) == ["booking", "bought"]


def test_what_was_left_out_is_counted_and_said_at_the_end(started: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    FlexPOSConnection.objects.update(fetch_club_members="only")
    shop.settings(ignores_filters=True)
    shop.customer(**METTE, IsClubMember=0)
    shop.sale(None, {"7711": 1})
    run = till.pull(started)
    assert run.read == 0
    report.report(run.pk)
    run.refresh_from_db()
    assert run.message == "1 sales to nobody known were left out. 1 customers were left out by Fetch Customers."


def test_without_tracking_only_customers_are_read(at: Any, make_flexpos: MakeConnection, shop: FlexPOSAccount) -> None:
    connection = make_flexpos(tracking_id="")
    till.pull(connection)
    at(NOON + timedelta(minutes=5))
    till.pull(connection)
    assert set(shop.counts()) == {"v1/oauth/token", "v1/Customers"}


def test_overlapping_windows_queue_a_change_once(at: Any, started: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    shop.customer(**METTE)
    till.pull(started)
    at(NOON + timedelta(minutes=10))
    assert till.pull(started).read == 0
    assert Event.objects.count() == 1


def test_an_import_that_broke_off_goes_on_at_the_page_it_had_reached(
    at: Any, started: FlexPOSConnection, shop: FlexPOSAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.flexpos.client.LARGEST_PAGE", 10)
    for number in range(40):
        shop.customer(Email=till.email(number))
    shop.fault("unavailable", path="Customers", at=[3])
    run = collect.start(started, "import", Run.Trigger.SCHEDULE)
    assert run is not None
    collect.collect(run.pk)
    begun = cursor()["customers"]
    assert (begun["left"], Event.objects.count()) == (3, 20)
    shop.at(NOON + timedelta(minutes=8))
    shop.customer(Email="later@example.test")
    at(NOON + timedelta(minutes=9))
    since = len(shop.calls())
    collect.collect(run.pk)
    pages = [call["path"] for call in shop.calls()[since:] if "Customers" in call["path"]]
    assert Event.objects.count() == 41
    # Pages 3, 2 and 1 of the window it was in, and the five of the next one.
    assert len(pages) == 8
    assert cursor()["customers"] == {"at": (NOON + timedelta(minutes=9)).isoformat()}


def test_while_it_is_open_the_next_is_left_out_and_the_log_says_so(
    started: FlexPOSConnection,
) -> None:
    blocked = Run.objects.create(connection=started, job="initial import", trigger=Run.Trigger.IMPORT)
    now = datetime.now(UTC)
    sweep.sweep(now)
    sweep.sweep(now + timedelta(minutes=6))
    [skipped] = Run.objects.filter(status=Run.Status.SKIPPED)
    assert (skipped.job, str(blocked) in skipped.message) == ("import", True)


@pytest.mark.parametrize(
    "change",
    [datetime(2025, 10, 26, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)],
    ids=["October", "March"],
)
def test_nothing_is_lost_and_nothing_doubled_in_the_night_the_clocks_change(
    at: Any, connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount, change: datetime
) -> None:
    step = timedelta(minutes=20)
    moment = change - timedelta(hours=2)
    at(moment)
    till.pull(connection)
    number = 0
    while moment < change + timedelta(hours=2):
        moment += step
        shop.at(moment - timedelta(minutes=1))
        number += 1
        shop.customer(Email=till.email(number))
        at(moment)
        till.pull(connection)
    assert emails(practice) == sorted(till.email(one) for one in range(1, number + 1))
    assert Event.objects.count() == number


def test_fifty_changes_among_known_members_cost_few_calls_and_write_nothing_for_the_others(
    at: Any, started: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    numbers = [shop.customer(Email=till.email(number), Mobile=None) for number in range(60)]
    till.pull(started)
    at(NOON + timedelta(minutes=10))
    shop.at(NOON + timedelta(minutes=9))
    for number in numbers[:50]:
        shop.customer(number, FirstName="Changed")
    calls, ledger = shop.call_count() + practice.call_count(), len(practice.ledger())
    run = till.pull(started)
    assert (run.updated, run.read) == (50, 50)
    assert shop.call_count() + practice.call_count() - calls <= 60
    assert len(practice.ledger()) - ledger == 50


def test_the_number_of_queries_does_not_grow_with_the_records(
    at: Any, started: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    def queries(first: int, last: int) -> int:
        for number in range(first, last):
            shop.customer(Email=till.email(number), Mobile=None)
        at(datetime.now(UTC) + timedelta(minutes=5))
        shop.forward(minutes=-1)
        with CaptureQueriesContext(database) as captured:
            till.pull(started)
        return len(captured)

    few, many = queries(0, 5), queries(5, 105)
    assert many <= few + 20


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"client_secret": "wrong"}, "FlexPOS refused Client_id or Client_secret"),
        ({"api_url": "http://127.0.0.1:9/v1"}, ""),
    ],
)
def test_a_wrong_client_stops_the_connection_and_loses_nothing(
    at: Any, make_flexpos: MakeConnection, shop: FlexPOSAccount, overrides: dict[str, str], said: str
) -> None:
    connection = make_flexpos()
    till.pull(connection)
    shop.customer(**METTE)
    at(NOON + timedelta(minutes=5))
    right = {name: getattr(connection, name) for name in overrides}
    change(connection, overrides)
    run = till.pull(connection)
    connection.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    if said:
        assert connection.state == Connection.State.ATTENTION
        assert said in connection.state_reason
    change(connection, right)
    connection.set_state(Connection.State.ENABLED)
    collect.collect(run.pk)
    assert Event.objects.count() == 1


def test_a_vendor_that_turns_no_pages_stops_the_connection_and_loses_nothing(
    started: FlexPOSConnection, shop: FlexPOSAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.connectors.flexpos.client.LARGEST_PAGE", 2)
    for number in range(5):
        shop.customer(Email=till.email(number))
    shop.settings(repeats_page=True)
    run = till.pull(started)
    started.refresh_from_db()
    assert started.state == Connection.State.ATTENTION
    assert "with the rows of another one" in started.state_reason
    shop.settings(repeats_page=False)
    started.set_state(Connection.State.ENABLED)
    collect.collect(run.pk)
    assert Event.objects.count() == 5


def test_a_customer_of_two_megabytes_holds_up_nobody(
    started: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.customer(Email=till.email(1), filler_kb=2048)
    shop.customer(Email=till.email(2))
    assert till.pull(started).new == 2
    assert emails(practice) == [till.email(1), till.email(2)]


def test_a_span_flexpos_has_forgotten_is_a_failure_in_the_log(
    at: Any, connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    till.pull(connection)
    long_ago = (NOON - timedelta(days=500)).isoformat()
    Cursor.objects.update(value=cursor() | {"customers": {"at": long_ago}})
    at(NOON + timedelta(minutes=5))
    run = till.pull(connection)
    assert run.failed == 1
    assert "answers for one year only" in Event.objects.get().message


def change(connection: FlexPOSConnection, values: dict[str, str]) -> None:
    for name, value in values.items():
        setattr(connection, name, value)
    connection.save(update_fields=list(values))
