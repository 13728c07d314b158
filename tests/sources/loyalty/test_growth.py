"""A thousand rows cost as many statements as ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.core.batch import Outcome, RowResult
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import LoyaltySettings
from integrations.sources.loyalty.movements import record_movements
from tests.sources.loyalty.shop import customers, days

pytestmark = pytest.mark.django_db
# A batch of any size: look-ups, locks, writes and its savepoint.
MOST = 20


def new(number: int) -> CustomerRow:
    return CustomerRow(email=f"new{number}@example.test", external_id=f"n-{number}", pin="4821")


def renamed(number: int) -> CustomerRow:
    return CustomerRow(external_id=f"c-{number}", email=f"other{number}@example.test", first_name="Anna", pin="4821")


def registered(number: int) -> CustomerRow:
    return CustomerRow(email=f"anna{number}@example.test", registered=True)


def earned(number: int) -> MovementRow:
    return MovementRow(7, customer_external_id=f"c-{number}", external_id=f"o-{number}", expires_on=days(9))


def spent(number: int) -> MovementRow:
    return MovementRow(-5, email=f"anna{number}@example.test")


def pin(number: int) -> PinRow:
    return PinRow("7310", email=f"anna{number}@example.test")


@pytest.mark.parametrize(
    ("verb", "row"),
    [
        (save_customers, new),
        (save_customers, renamed),
        (save_customers, registered),
        (record_movements, earned),
        (record_movements, spent),
        (change_pins, pin),
    ],
    ids=lambda value: value.__name__,
)
def test_statements_do_not_grow_with_the_rows(
    verb: Callable[[Sequence[Any]], list[RowResult]], row: Callable[[int], Any]
) -> None:
    LoyaltySettings.load()
    customers(1010)
    record_movements([MovementRow(5, customer_external_id=f"c-{number}") for number in range(1, 1011)])

    def cost(numbers: range) -> int:
        with CaptureQueriesContext(database) as statements:
            results = verb([row(number) for number in numbers])
        assert {result.outcome for result in results} <= {Outcome.CREATED, Outcome.UPDATED}
        return len(statements)

    few = cost(range(1, 11))
    assert cost(range(11, 1011)) == few <= MOST
