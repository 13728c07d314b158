from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine

from integrations.connectors.leadhub import nights
from integrations.connectors.leadhub.connector import NIGHTLY, LeadHub
from integrations.connectors.leadhub.models import LeadHubConnection, Notification
from integrations.core.engine import collect, sweep
from integrations.core.models import Run
from tests.connectors.leadhub import shop
from tests.sandbox_leadhub import LeadHubAccount

PRAGUE = ZoneInfo("Europe/Prague")
DAYS = 7


@pytest.fixture
def notifying(make_leadhub: Callable[..., LeadHubConnection]) -> LeadHubConnection:
    return make_leadhub(expiry_notification=Notification.SEND, expiry_days=DAYS)


def told(leadhub: LeadHubAccount) -> list[tuple[str, str, int]]:
    """(user id, date, points) of every expiry tag, in order."""
    return [
        (entry["user_id"], entry["data"]["expiryDate"], entry["data"]["expiryValue"])
        for entry in leadhub.ledger(kind="tag")
        if entry["tag"] == "ellity_expiry_changed"
    ]


def test_who_loses_points_in_so_many_days_is_told_and_nobody_else(
    notifying: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    date = shop.today(notifying) + datetime.timedelta(days=DAYS)
    losing = shop.customer(1)
    shop.moves(40, 1, expires_on=date)
    shop.moves(25, 1, expires_on=date)
    shop.moves(-5, 1)
    for number, expires_on in ((2, date + datetime.timedelta(days=1)), (3, None)):
        shop.customer(number)
        shop.moves(40, number, expires_on=expires_on)
    shop.customer(4)
    shop.moves(40, 4, expires_on=date)
    shop.moves(-40, 4)
    shop.pull(notifying, NIGHTLY)
    assert told(leadhub) == [(f"ellity-{losing}", date.isoformat(), 60)]


def test_a_night_that_runs_twice_tells_nobody_twice(notifying: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    shop.customer()
    shop.moves(40, expires_on=shop.today(notifying) + datetime.timedelta(days=DAYS))
    shop.pull(notifying, NIGHTLY)
    shop.pull(notifying, NIGHTLY)
    notifying.cursors.all().delete()
    shop.pull(notifying, NIGHTLY)
    assert len(told(leadhub)) == 1


def test_a_missed_night_is_caught_up_with(notifying: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    start = datetime.datetime(2026, 5, 1, 1, 30, tzinfo=PRAGUE)
    with time_machine.travel(start):
        for number in range(1, 5):
            shop.customer(number)
            date = start.date() + datetime.timedelta(days=DAYS + number - 1)
            shop.moves(number, number, expires_on=date)
        shop.pull(notifying, NIGHTLY)
    with time_machine.travel(start + datetime.timedelta(days=3)):
        shop.pull(notifying, NIGHTLY)
    assert sorted(points for _, _, points in told(leadhub)) == [1, 2, 3, 4]


def test_without_notification_there_is_no_job(make_leadhub: Callable[..., LeadHubConnection]) -> None:
    assert LeadHub(make_leadhub()).jobs() == {}


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Prague", datetime.date(2026, 3, 28)),
        ("Europe/Prague", datetime.date(2026, 10, 24)),
        ("America/New_York", datetime.date(2026, 10, 31)),
        ("Europe/Prague", datetime.date(2026, 12, 30)),
    ],
)
def test_each_local_date_has_one_night_also_when_clocks_and_years_change(
    make_leadhub: Callable[..., LeadHubConnection],
    leadhub: LeadHubAccount,
    zone: str,
    first: datetime.date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_leadhub(time_zone=zone, expiry_notification=Notification.SEND, expiry_days=DAYS)
    started: list[int] = []
    monkeypatch.setattr(collect, "ask", started.append)
    local = datetime.datetime.combine(first, datetime.time(0, 0), ZoneInfo(zone))
    with time_machine.travel(local, tick=False) as clock:
        for _ in range(4 * 24 * 4):
            sweep.sweep()
            for run_id in started:
                collect.collect(run_id)
            started.clear()
            Run.objects.filter(status=Run.Status.RUNNING).update(status=Run.Status.SUCCESS)
            clock.shift(datetime.timedelta(minutes=15))
    runs = Run.objects.filter(job=NIGHTLY).order_by("pk")
    dates = [run.started_at.astimezone(ZoneInfo(zone)).date() for run in runs]
    assert dates == [first + datetime.timedelta(days=number) for number in range(4)]


def days(*numbers: int) -> Iterator[datetime.date]:
    return (datetime.date(2026, 5, number) for number in numbers)


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ({}, [9]),
        ({"done": "2026-05-08"}, [9]),
        ({"done": "2026-05-09"}, []),
        ({"done": "2026-05-06"}, [7, 8, 9]),
        ({"night": "2026-05-08", "after": 3}, [8, 9]),
    ],
)
def test_the_nights_that_are_due(cursor: dict[str, object], expected: list[int]) -> None:
    assert list(nights.due(cursor, datetime.date(2026, 5, 9))) == list(days(*expected))


def test_a_portal_that_was_away_for_a_year_does_not_send_for_all_of_its_nights() -> None:
    due = list(nights.due({"done": "2025-05-08"}, datetime.date(2026, 5, 9)))
    assert (len(due), due[-1]) == (nights.MOST_NIGHTS + 1, datetime.date(2026, 5, 9))
