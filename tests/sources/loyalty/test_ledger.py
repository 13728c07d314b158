"""The arithmetic of points, compared with a model that keeps every single point in a list."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sources.loyalty.ledger import Ledger, NotEnough
from tests.sources.loyalty.jar import Jar

FIRST_DAY = datetime.date(2026, 1, 1)


def day(number: int) -> datetime.date:
    return FIRST_DAY + datetime.timedelta(days=number)


def noon(number: int) -> datetime.datetime:
    return datetime.datetime.combine(day(number), datetime.time(12), datetime.UTC)


@dataclass
class Earned:
    moved_at: datetime.datetime
    expires_on: datetime.date | None
    remaining: int


def earned(points: int, expires: int | None = None, on: int = 0) -> Earned:
    return Earned(noon(on), None if expires is None else day(expires), points)


DAYS = st.integers(0, 12)
STEPS = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 9), st.none() | DAYS, DAYS),
    st.tuples(st.just("spend"), st.integers(1, 15), st.none(), DAYS),
    st.tuples(st.just("expire"), st.just(0), st.none(), DAYS),
)


@given(st.lists(STEPS, max_size=30))
def test_any_order_of_earn_spend_and_expire_gives_the_right_balance_and_expiries(
    steps: list[tuple[str, int, int | None, int]],
) -> None:
    jar, ledger = Jar(), Ledger[Earned]()
    for what, points, expires, on in steps:
        if what == "earn":
            jar.earn(points, expires, on)
            ledger.earn(earned(points, expires, on))
        elif what == "spend":
            spent = True
            try:
                ledger.spend(points, day(on))
            except NotEnough:
                spent = False
            assert spent == jar.spend(points, on)
        else:
            lost, _ = ledger.expire(day(on))
            assert lost == {day(date): number for date, number in jar.expire(on).items()}
        assert ledger.balance == len(jar.points)
        following = min(jar.expiring().items(), default=None)
        assert ledger.next_expiry == (None if following is None else (day(following[0]), following[1]))


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | DAYS, DAYS), max_size=12), st.integers(1, 40))
def test_what_was_read_from_the_database_is_used_as_what_was_just_earned(
    earnings: list[tuple[int, int | None, int]], points: int
) -> None:
    """A ledger that is given its earnings spends as one that earned them."""
    grown, given_ = Ledger[Earned](), [earned(*earning) for earning in earnings]
    own = [earned(*earning) for earning in earnings]
    for earning in own:
        grown.earn(earning)
    read = Ledger(given_)
    for ledger in (grown, read):
        try:
            ledger.spend(points, FIRST_DAY)
        except NotEnough as error:
            assert error.available < points
    assert [earning.remaining for earning in own] == [earning.remaining for earning in given_]


def test_spending_uses_what_expires_first_and_what_never_expires_last() -> None:
    never, late, soon = earned(10), earned(10, expires=9), earned(10, expires=5)
    Ledger([never, late, soon]).spend(15, day(0))
    assert [never.remaining, late.remaining, soon.remaining] == [10, 5, 0]


def test_of_the_same_date_the_older_earning_is_used_first() -> None:
    younger, older = earned(10, expires=5, on=2), earned(10, expires=5, on=1)
    Ledger([younger, older]).spend(12, day(3))
    assert [younger.remaining, older.remaining] == [8, 0]


def test_points_can_be_used_up_to_the_day_before_they_expire() -> None:
    ledger = Ledger([earned(10, expires=5)])
    ledger.spend(4, day(4))
    with pytest.raises(NotEnough) as refused:
        ledger.spend(1, day(5))
    assert refused.value.available == 0
    assert ledger.balance == 6


def test_a_spend_that_is_too_large_changes_nothing() -> None:
    first, second = earned(10, expires=5), earned(10)
    with pytest.raises(NotEnough) as refused:
        Ledger([first, second]).spend(21, day(0))
    assert refused.value.available == 20
    assert (first.remaining, second.remaining) == (10, 10)
