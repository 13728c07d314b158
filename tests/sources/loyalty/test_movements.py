"""Recording movements: by any name of the customer, once, and only good ones."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from integrations.core.batch import Outcome
from integrations.sources.loyalty.batch import MovementRow
from integrations.sources.loyalty.models import Movement
from integrations.sources.loyalty.movements import record_movements
from tests.sources.loyalty.shop import COPENHAGEN, account, customer, customers, days, live_in, move, values

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.UTC)


def outcomes(rows: list[MovementRow], **options: Any) -> list[str]:
    return [result.outcome for result in record_movements(rows, **options)]


# -- what is recorded ---------------------------------------------------------------------------------


def test_an_account_follows_its_movements() -> None:
    anna = customer()
    first = move(anna, 100, external_id="o-1", reason="order", moved_at=NOON, expires_on=days(30))
    move(anna, -30)
    assert first.outcome == Outcome.CREATED
    movement = Movement.objects.get(pk=first.id)
    assert (movement.value, movement.reason, movement.moved_at, movement.remaining) == (100, "order", NOON, 70)
    after = account(anna)
    assert (after.balance, after.last_change_value, after.next_expiry_points) == (70, -30, 70)


def test_a_customer_is_named_by_our_id_their_own_id_or_the_e_mail_in_any_case() -> None:
    anna = customer()
    rows = [
        MovementRow(1, customer_id=anna.pk),
        MovementRow(2, customer_external_id=" c-1 "),
        MovementRow(3, email="ANNA1@Example.test"),
    ]
    assert outcomes(rows) == [Outcome.CREATED] * 3
    assert values(anna) == [1, 2, 3]


def test_without_a_reason_points_are_an_order_or_spending() -> None:
    anna = customer()
    move(anna, 10)
    move(anna, -10)
    assert list(Movement.objects.order_by("pk").values_list("reason", flat=True)) == ["order", "spending"]


def test_a_time_without_zone_is_the_shops() -> None:
    live_in(COPENHAGEN)
    anna = customer()
    move(anna, 10, moved_at=datetime.datetime(2026, 1, 5, 13))
    assert Movement.objects.get().moved_at == NOON


def test_the_last_change_is_the_latest_by_date_not_by_arrival() -> None:
    anna = customer()
    move(anna, 10, moved_at=NOON)
    move(anna, 20, moved_at=NOON - datetime.timedelta(days=1))
    assert (account(anna).last_change_at, account(anna).last_change_value, account(anna).balance) == (NOON, 10, 30)


def test_the_next_expiry_is_kept_while_an_account_only_earns() -> None:
    anna = customer()
    for points, date, expected in (
        (5, None, (None, 0)),
        (10, days(20), (days(20), 10)),
        (7, days(30), (days(20), 10)),
        (3, days(20), (days(20), 13)),
        (2, days(10), (days(10), 2)),
        (1, None, (days(10), 2)),
    ):
        move(anna, points, expires_on=date)
        assert (account(anna).next_expiry, account(anna).next_expiry_points) == expected
    move(anna, -3)
    assert (account(anna).next_expiry, account(anna).next_expiry_points, account(anna).balance) == (days(20), 12, 25)


def test_rows_of_one_batch_follow_each_other() -> None:
    anna = customer()
    rows = [MovementRow(value, customer_id=anna.pk) for value in (-5, 10, -10, -1)]
    assert outcomes(rows) == [Outcome.REFUSED, Outcome.CREATED, Outcome.CREATED, Outcome.REFUSED]
    assert (account(anna).balance, Movement.objects.filter(remaining__gt=0).count()) == (0, 0)


def test_results_name_their_rows_and_movements_also_beyond_a_chunk() -> None:
    people = customers(2)
    rows = [MovementRow(number + 1, customer_id=people[number % 2].pk) for number in range(1500)]
    results = record_movements(rows)
    assert [result.index for result in results] == list(range(1500))
    stored = Movement.objects.in_bulk([result.id for result in results])
    assert [stored[result.id or 0].value for result in results] == list(range(1, 1501))


# -- once ---------------------------------------------------------------------------------------------


def test_the_same_movement_again_is_a_duplicate() -> None:
    anna = customer()
    row = MovementRow(10, customer_id=anna.pk, external_id="o-1", moved_at=NOON, expires_on=days(9))
    [first], [again] = record_movements([row]), record_movements([row])
    assert (again.outcome, again.id) == (Outcome.DUPLICATE, first.id)
    assert (account(anna).balance, account(anna).revision) == (10, 2)


def test_a_spend_is_a_duplicate_also_when_it_left_nothing() -> None:
    anna = customer()
    move(anna, 10)
    assert [move(anna, -10, external_id="s-1").outcome for _ in range(2)] == [Outcome.CREATED, Outcome.DUPLICATE]


def test_twice_in_one_batch_is_once() -> None:
    anna = customer()
    row = MovementRow(10, customer_id=anna.pk, external_id="o-1")
    results = record_movements([row, row])
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.DUPLICATE]
    assert results[0].id == results[1].id
    assert values(anna) == [10]


@pytest.mark.parametrize(
    "change",
    [
        {"value": 11},
        {"reason": "review"},
        {"moved_at": NOON + datetime.timedelta(seconds=1)},
        {"expires_on": days(8)},
        {"expires_on": None},
        {"customer_external_id": "c-2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_with_something_else_is_refused(change: dict[str, Any]) -> None:
    customers(2)
    row = {"value": 10, "customer_external_id": "c-1", "external_id": "o-1", "moved_at": NOON, "expires_on": days(9)}
    record_movements([MovementRow(**row)])
    [result] = record_movements([MovementRow(**row | change)])
    assert (result.outcome, result.field) == (Outcome.REFUSED, "external_id")
    assert result.message == "Another movement was recorded under this id. Use a new one."
    assert Movement.objects.count() == 1


# -- refusals -----------------------------------------------------------------------------------------

LATE = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=25)
REFUSALS = [
    ({"customer_id": 987654}, "customer_id", "There is no such customer"),
    ({"customer_id": 2**70}, "customer_id", "There is no such customer"),
    ({"customer_id": None, "customer_external_id": "c-9"}, "customer_external_id", "There is no such customer"),
    ({"customer_id": None, "customer_external_id": "c\x00"}, "customer_external_id", "There is no such customer"),
    ({"customer_id": None, "email": "nobody@example.test"}, "email", "There is no such customer"),
    ({"customer_id": None, "email": "\ud800@example.test"}, "email", "There is no such customer"),
    ({"customer_id": None}, "customer_id", "No customer is named"),
    ({"value": 0}, "value", "0 points changes nothing"),
    ({"value": "10"}, "value", "whole number"),
    ({"value": 1.5}, "value", "whole number"),
    ({"value": True}, "value", "whole number"),
    ({"value": 10**9 + 1}, "value", "at most 1,000,000,000"),
    ({"value": -108}, "value", "There are not enough points: 107 can be used on that day."),
    ({"reason": "gift"}, "reason", "Use one of: registration, order"),
    ({"reason": "expiry", "value": -1}, "reason", "expire by themselves"),
    ({"value": -1, "expires_on": days(9)}, "expires_on", "Only points that are earned"),
    ({"expires_on": days(0)}, "expires_on", "later than the day"),
    ({"expires_on": days(-3000)}, "expires_on", "later than the day"),
    ({"expires_on": datetime.date(days(0).year + 101, 1, 1)}, "expires_on", "100 years"),
    ({"expires_on": datetime.date.max}, "expires_on", "100 years"),
    ({"moved_at": datetime.datetime(1999, 12, 31)}, "moved_at", "before the year 2000"),
    ({"moved_at": datetime.datetime.min}, "moved_at", "before the year 2000"),
    ({"moved_at": LATE}, "moved_at", "in the future"),
    ({"moved_at": datetime.datetime.max.replace(tzinfo=COPENHAGEN)}, "moved_at", "in the future"),
    ({"external_id": "x" * 101}, "external_id", "at most 100 characters"),
    ({"external_id": "x\x00"}, "external_id", "control character"),
    ({"external_id": "x\udfff"}, "external_id", "control character"),
]


@pytest.mark.parametrize(("change", "field", "words"), REFUSALS)
def test_a_bad_row_is_refused_with_a_sentence_and_the_good_ones_are_kept(
    change: dict[str, Any], field: str, words: str
) -> None:
    anna = customer()
    move(anna, 100)
    row = {"value": 10, "customer_id": anna.pk} | change
    good = MovementRow(7, customer_id=anna.pk)
    first, bad, last = record_movements([MovementRow(7, email=anna.email), MovementRow(**row), good])
    assert (bad.index, bad.outcome, bad.field, bad.id) == (1, Outcome.REFUSED, field, None)
    assert words in bad.message
    assert bad.message.endswith(".")
    assert [first.outcome, last.outcome] == [Outcome.CREATED] * 2
    assert account(anna).balance == 114


def test_all_or_nothing_keeps_nothing_when_one_row_is_refused() -> None:
    anna = customer()
    good = [MovementRow(1, customer_id=anna.pk) for _ in range(1200)]
    results = record_movements([*good, MovementRow(0, customer_id=anna.pk)], all_or_nothing=True)
    assert {result.outcome for result in results} == {Outcome.REFUSED}
    assert results[0].message == "Not saved, because another row was refused."
    assert (results[-1].field, results[-1].index) == ("value", 1200)
    assert (account(anna).balance, account(anna).revision, Movement.objects.count()) == (0, 1, 0)


def test_all_or_nothing_keeps_everything_when_all_rows_are_good() -> None:
    anna = customer()
    rows = [MovementRow(1, customer_id=anna.pk) for _ in range(1200)]
    assert set(outcomes(rows, all_or_nothing=True)) == {Outcome.CREATED}
    assert account(anna).balance == 1200


def test_no_rows_are_no_work() -> None:
    assert record_movements([]) == []
