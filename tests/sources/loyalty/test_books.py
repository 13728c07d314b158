"""Accounts in the database after any batches of earning, spending and expiry, compared with the naive model."""

from __future__ import annotations

import datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.core.batch import Outcome
from integrations.sources.loyalty.batch import MovementRow
from integrations.sources.loyalty.expiry import expire_points, expiring_of
from integrations.sources.loyalty.movements import record_movements
from tests.sources.loyalty.jar import Jar
from tests.sources.loyalty.shop import account, customer, values

pytestmark = pytest.mark.django_db
FIRST_DAY = datetime.date(2025, 1, 1)
NUMBERS = count(1)
DAYS = st.integers(0, 9)
ROWS = st.one_of(
    st.tuples(st.integers(1, 9), DAYS, st.none() | st.integers(1, 5)),
    st.tuples(st.integers(-12, -1), DAYS, st.none()),
)
BATCHES = st.lists(st.lists(ROWS, min_size=1, max_size=5) | DAYS, max_size=8)


def day(number: int) -> datetime.date:
    return FIRST_DAY + datetime.timedelta(days=number)


def noon(number: int) -> datetime.datetime:
    return datetime.datetime.combine(day(number), datetime.time(12), datetime.UTC)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_accounts_have_the_right_balance_and_expiries_after_every_batch(
    batches: list[list[tuple[int, int, int | None]] | int],
) -> None:
    """A batch is a list of (points, day, days until they expire), or a day on which the expiry job runs."""
    anna, jar = customer(next(NUMBERS)), Jar()
    for batch in batches:
        if isinstance(batch, int):
            expire_points(noon(batch))
            jar.expire(batch)
        else:
            rows = [
                MovementRow(
                    points,
                    customer_id=anna.pk,
                    moved_at=noon(on),
                    expires_on=None if lasts is None else day(on + lasts),
                )
                for points, on, lasts in batch
            ]
            for (points, on, lasts), result in zip(batch, record_movements(rows), strict=True):
                if points > 0:
                    jar.earn(points, None if lasts is None else on + lasts, on)
                    booked = True
                else:
                    booked = jar.spend(-points, on)
                assert result.outcome == (Outcome.CREATED if booked else Outcome.REFUSED)
        now = account(anna)
        expected = {day(number): points for number, points in jar.expiring().items()}
        assert now.balance == sum(values(anna)) == len(jar.points)
        assert (now.next_expiry, now.next_expiry_points) == min(expected.items(), default=(None, 0))
        found = {day(number): expiring_of([anna.pk], day(number)) for number in range(15)}
        assert {date: lost[anna.pk] for date, lost in found.items() if lost} == expected
