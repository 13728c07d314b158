"""What expires on a date, and the hourly job that books it at the local midnight, also when the clocks change."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.sources.loyalty import expiry
from integrations.sources.loyalty.expiry import expire_points, expiring, expiring_of
from integrations.sources.loyalty.models import Customer, Movement
from integrations.sources.loyalty.signals import accounts_changed
from tests.sources.loyalty.shop import (
    COPENHAGEN,
    NEW_YORK,
    account,
    customer,
    customers,
    days,
    listening,
    live_in,
    move,
    values,
)

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.datetime(2024, 1, 5, 12, tzinfo=datetime.UTC)


def earn(who: Customer, points: int, expires_on: datetime.date | None) -> None:
    assert move(who, points, expires_on=expires_on, moved_at=LONG_AGO).id


def utc(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


# -- what will expire ---------------------------------------------------------------------------------


def test_what_is_left_of_the_points_of_a_date_expires_on_it() -> None:
    anna = customer()
    for points, date in ((30, days(10)), (20, days(10)), (40, days(20)), (5, None)):
        earn(anna, points, date)
    move(anna, -35)
    assert [expiring_of([anna.pk], days(number)) for number in (10, 20, 30)] == [{anna.pk: 15}, {anna.pk: 40}, {}]
    assert (account(anna).next_expiry, account(anna).next_expiry_points) == (days(10), 15)


def test_a_date_that_is_used_up_gives_way_to_the_next() -> None:
    anna = customer()
    earn(anna, 30, days(10))
    earn(anna, 40, days(20))
    move(anna, -30)
    assert (account(anna).next_expiry, account(anna).next_expiry_points) == (days(20), 40)
    move(anna, -40)
    assert (account(anna).next_expiry, account(anna).next_expiry_points) == (None, 0)


def test_all_who_lose_points_on_a_date_come_in_the_order_of_their_ids_and_can_be_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expiry, "PAGE", 2)
    people = customers(5)
    for number, who in enumerate(people):
        earn(who, 10 + number, days(10) if number != 3 else days(11))
    move(people[1], -11)
    expected = [(people[0].pk, 10), (people[2].pk, 12), (people[4].pk, 14)]
    assert list(expiring(days(10))) == expected
    assert list(expiring(days(10), after_customer_id=people[0].pk)) == expected[1:]


# -- nights -------------------------------------------------------------------------------------------

NIGHTS = [
    pytest.param(COPENHAGEN, "2027-03-28", "2027-03-27T22:59:59", "2027-03-27T23:00", id="Copenhagen, spring"),
    pytest.param(COPENHAGEN, "2027-03-29", "2027-03-28T21:59:59", "2027-03-28T22:00", id="Copenhagen, after spring"),
    pytest.param(COPENHAGEN, "2027-10-31", "2027-10-30T21:59:59", "2027-10-30T22:00", id="Copenhagen, autumn"),
    pytest.param(COPENHAGEN, "2027-11-01", "2027-10-31T22:59:59", "2027-10-31T23:00", id="Copenhagen, after autumn"),
    pytest.param(COPENHAGEN, "2027-01-01", "2026-12-31T22:59:59", "2026-12-31T23:00", id="Copenhagen, new year"),
    pytest.param(NEW_YORK, "2027-03-14", "2027-03-14T04:59:59", "2027-03-14T05:00", id="New York, spring"),
    pytest.param(NEW_YORK, "2027-03-15", "2027-03-15T03:59:59", "2027-03-15T04:00", id="New York, after spring"),
    pytest.param(NEW_YORK, "2027-11-07", "2027-11-07T03:59:59", "2027-11-07T04:00", id="New York, autumn"),
    pytest.param(NEW_YORK, "2027-11-08", "2027-11-08T04:59:59", "2027-11-08T05:00", id="New York, after autumn"),
    pytest.param(NEW_YORK, "2027-01-01", "2027-01-01T04:59:59", "2027-01-01T05:00", id="New York, new year"),
    # Here midnight itself is skipped: the day begins at one o'clock.
    pytest.param(ZoneInfo("Africa/Cairo"), "2027-04-30", "2027-04-29T21:59:59", "2027-04-29T22:00", id="Cairo, spring"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "date", "before", "midnight"), NIGHTS)
def test_points_are_lost_at_the_local_midnight(zone: ZoneInfo, date: str, before: str, midnight: str) -> None:
    live_in(zone)
    anna = customer()
    earn(anna, 40, datetime.date.fromisoformat(date))
    earn(anna, 2, None)
    assert expire_points(utc(before)) == 0
    assert account(anna).balance == 42
    assert expire_points(utc(midnight)) == 1
    lost = Movement.objects.get(reason=Movement.Reason.EXPIRY)
    assert (lost.account_id, lost.value, lost.moved_at) == (anna.pk, -40, utc(midnight))
    after = account(anna)
    assert (after.balance, after.next_expiry, after.last_change_value) == (2, None, -40)


@pytest.mark.parametrize("zone", [COPENHAGEN, NEW_YORK])
def test_every_hour_of_a_year_loses_each_date_once(zone: ZoneInfo) -> None:
    """The job runs hourly; nights of 23 and 25 hours neither lose a date nor take it twice."""
    live_in(zone)
    anna = customer()
    dates = [datetime.date(2027, 3, 13) + datetime.timedelta(days=number) for number in range(18)]
    for date in dates:
        earn(anna, 10, date)
    hour = utc("2027-03-12T00:01")
    lost = []
    while hour < utc("2027-04-01T00:00"):
        lost += [hour] * expire_points(hour)
        hour += datetime.timedelta(hours=1)
    assert [at.astimezone(zone).date() for at in lost] == dates
    assert {at.astimezone(zone).hour for at in lost} == {0}
    assert account(anna).balance == 0


def test_each_date_that_was_missed_gets_its_own_movement() -> None:
    live_in(COPENHAGEN)
    anna = customer()
    for number, points in ((10, 3), (11, 4), (11, 5), (30, 6)):
        earn(anna, points, datetime.date(2027, 1, number))
    assert expire_points(utc("2027-01-20T12:00")) == 2
    lost = Movement.objects.filter(reason=Movement.Reason.EXPIRY).order_by("moved_at")
    assert [(movement.value, movement.moved_at) for movement in lost] == [
        (-3, utc("2027-01-09T23:00")),
        (-9, utc("2027-01-10T23:00")),
    ]
    assert (account(anna).balance, account(anna).next_expiry) == (6, datetime.date(2027, 1, 30))


def test_a_second_run_finds_nothing_to_do() -> None:
    anna = customer()
    earn(anna, 10, datetime.date(2026, 1, 1))
    with listening(accounts_changed) as heard:
        assert [expire_points(), expire_points()] == [1, 0]
    assert values(anna) == [10, -10]
    assert [[(state.id, state.balance) for state in states] for states in heard] == [[(anna.pk, 0)]]


def test_a_purchase_of_yesterday_that_comes_after_midnight_uses_what_could_be_used_yesterday() -> None:
    live_in(COPENHAGEN)
    anna = customer()
    earn(anna, 10, datetime.date(2026, 1, 10))
    evening, morning = utc("2026-01-09T22:30"), utc("2026-01-10T07:00")
    assert move(anna, -1, moved_at=morning).message == "There are not enough points: 0 can be used on that day."
    assert move(anna, -4, moved_at=evening).id
    expire_points()
    assert values(anna) == [10, -4, -6]


def test_many_accounts_are_booked_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 3)
    people = customers(8)
    for who in people:
        earn(who, 10, datetime.date(2026, 1, 1))
    with listening(accounts_changed) as heard:
        assert expire_points() == 8
    assert [len(states) for states in heard] == [3, 3, 2]
    assert {account(who).balance for who in people} == {0}


def test_statements_do_not_grow_with_the_accounts_of_a_chunk() -> None:
    def cost(count: int) -> int:
        for who in customers(count):
            earn(who, 10, datetime.date(2026, 1, 1))
        with CaptureQueriesContext(database) as statements:
            assert expire_points() == count
        return len(statements)

    assert cost(2) == cost(50)


def test_the_hourly_job_is_scheduled(db: Any) -> None:
    from django_q.models import Schedule

    [schedule] = Schedule.objects.filter(func="integrations.sources.loyalty.tasks.expire_points")
    assert (schedule.schedule_type, schedule.repeats, schedule.args) == (Schedule.HOURLY, -1, None)
    assert schedule.next_run.minute <= 1
