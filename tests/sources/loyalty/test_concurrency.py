"""Several connections at once: no point is spent twice, nothing is recorded twice, nobody waits for ever."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection as database  # noqa: F401 – for the condition of `skipif`

from integrations.core.batch import Outcome
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.expiry import expire_points
from integrations.sources.loyalty.models import Account, Customer, LoyaltySettings, Movement
from integrations.sources.loyalty.movements import record_movements
from tests.at_once import at_once, outcomes
from tests.sources.loyalty.shop import account, customer, customers, move, values

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "database.vendor == 'sqlite'",
        reason="SQLite lets one transaction write at a time (IMMEDIATE), and the tests' is in memory",
    ),
]
ROUNDS = 10


def test_points_are_spent_once() -> None:
    LoyaltySettings.load()
    for number in range(ROUNDS):
        anna = customer(number)
        move(anna, 30)
        spend = [MovementRow(-1, customer_id=anna.pk) for _ in range(20)]
        booked = outcomes(at_once(*[lambda spend=spend: record_movements(spend)] * 4))
        assert booked == {Outcome.CREATED: 30, Outcome.REFUSED: 50}
        assert account(anna).balance == sum(values(anna)) == 0


def test_batches_in_opposite_order_do_not_wait_for_each_other_for_ever() -> None:
    people = customers(50)
    rows = [MovementRow(1, customer_id=who.pk) for who in people]
    pins = [PinRow("4821", customer_id=who.pk) for who in people]
    names = [CustomerRow(id=who.pk, first_name="Anna") for who in people]
    for _ in range(ROUNDS):
        at_once(
            lambda: record_movements(rows),
            lambda: record_movements(rows[::-1]),
            lambda: change_pins(pins[::-1]),
            lambda: save_customers(names),
        )
    assert set(Account.objects.values_list("balance", flat=True)) == {2 * ROUNDS}
    assert set(Customer.objects.values_list("first_name", flat=True)) == {"Anna"}
    assert {who.pin for who in Customer.objects.all()} == {"4821"}


def test_the_same_batch_twice_at_once_is_recorded_once() -> None:
    people = customers(20)
    for number in range(ROUNDS):
        rows = [MovementRow(1, customer_id=who.pk, external_id=f"{number}-{who.pk}") for who in people]
        booked = outcomes(at_once(lambda rows=rows: record_movements(rows), lambda rows=rows: record_movements(rows)))
        assert booked == {Outcome.CREATED: 20, Outcome.DUPLICATE: 20}
    assert Movement.objects.count() == 20 * ROUNDS


def test_the_same_id_for_two_customers_at_once_is_recorded_once_and_refused_once() -> None:
    anna, bo = customers(2)
    for number in range(ROUNDS):
        rows = [MovementRow(1, customer_id=who.pk, external_id=f"o-{number}") for who in (anna, bo)]
        booked = outcomes(
            at_once(lambda rows=rows: record_movements(rows[:1]), lambda rows=rows: record_movements(rows[1:]))
        )
        assert booked == {Outcome.CREATED: 1, Outcome.REFUSED: 1}
    assert account(anna).balance + account(bo).balance == ROUNDS


def test_customers_who_come_twice_at_once_are_created_once() -> None:
    for number in range(ROUNDS):
        rows = [CustomerRow(email=f"n{number}-{n}@example.test", external_id=f"{number}-{n}") for n in range(20)]
        saved = outcomes(at_once(lambda rows=rows: save_customers(rows), lambda rows=rows: save_customers(rows[::-1])))
        assert saved == {Outcome.CREATED: 20, Outcome.UNCHANGED: 20}
    assert Customer.objects.count() == Account.objects.count() == 20 * ROUNDS


def test_expiry_that_runs_twice_at_once_with_spending_books_each_point_once() -> None:
    LoyaltySettings.load()
    then = datetime.datetime(2024, 1, 5, 12, tzinfo=datetime.UTC)
    people = customers(30)
    for _ in range(ROUNDS):
        rows = [
            MovementRow(10, customer_id=who.pk, moved_at=then, expires_on=datetime.date(2026, 1, 1)) for who in people
        ]
        record_movements(rows)
        spend = [MovementRow(-4, customer_id=who.pk, moved_at=then) for who in people]
        *_, spent = at_once(expire_points, expire_points, lambda spend=spend: record_movements(spend))
        assert {result.outcome for result in spent} <= {Outcome.CREATED, Outcome.REFUSED}
        expire_points()
        assert set(Account.objects.values_list("balance", flat=True)) == {0}
    for who in people:
        assert sum(values(who)) == 0
