"""What is announced: to whom it may concern, once a batch, inside the transaction that made the change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db import connection as database

from integrations.core.models import Pulse
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import Customer, Movement
from integrations.sources.loyalty.movements import record_movements
from integrations.sources.loyalty.signals import accounts_changed, pins_changed
from tests.sources.loyalty.shop import account, customer, customers, listening, move

pytestmark = pytest.mark.django_db


@contextmanager
def told(listener: Callable[..., Any]) -> Iterator[None]:
    accounts_changed.connect(listener)
    try:
        yield
    finally:
        accounts_changed.disconnect(listener)


# -- what is announced --------------------------------------------------------------------------------


def test_a_batch_of_movements_is_announced_once_with_the_state_after_it() -> None:
    anna, bo, _ = customers(3)
    with listening(accounts_changed) as heard:
        rows = [MovementRow(value, customer_id=who.pk) for who, value in ((bo, 5), (anna, 7), (bo, -2), (anna, -9))]
        record_movements(rows)
    [states] = heard
    assert [(state.id, state.balance, state.last_change_value) for state in states] == [
        (anna.pk, 7, 7),
        (bo.pk, 3, -2),
    ]
    assert [state.revision for state in states] == [account(anna).revision, account(bo).revision]
    assert states[0].email == "anna1@example.test"


def test_what_changed_nothing_is_not_announced() -> None:
    anna = customer(pin="4821", first_name="Anna")
    move(anna, 5, external_id="o-1")
    with listening(accounts_changed) as accounts, listening(pins_changed) as pins:
        move(anna, 5, external_id="o-1")
        move(anna, -100)
        save_customers([CustomerRow(id=anna.pk, first_name="Anna", pin="4821"), CustomerRow(email="x")])
        change_pins([PinRow("4821", customer_id=anna.pk)])
    assert (accounts, pins) == ([], [])


@pytest.mark.parametrize(
    "row", [{"registered": True}, {"email": "new@example.test"}, {"first_name": "Ann"}, {"last_name": "Ny"}]
)
def test_a_change_of_registration_e_mail_or_name_is_announced(row: dict[str, Any]) -> None:
    anna = customer(pin="4821")
    with listening(accounts_changed) as heard, listening(pins_changed) as pins:
        save_customers([CustomerRow(id=anna.pk, **row)])
    [[state]] = heard
    assert {name: getattr(state, name) for name in row} == row
    assert (state.pin is None) == state.registered
    assert pins == []


def test_a_new_customer_is_announced_with_the_pin_in_both() -> None:
    with listening(accounts_changed) as accounts, listening(pins_changed) as pins:
        anna = customer(pin="4821")
    assert [[(state.id, state.pin) for state in states] for states in (*accounts, *pins)] == [[(anna.pk, "4821")]] * 2


def test_a_new_pin_is_no_change_of_the_account() -> None:
    anna = customer(pin="4821")
    with listening(accounts_changed) as accounts, listening(pins_changed) as pins:
        change_pins([PinRow("7310", customer_id=anna.pk)])
    assert accounts == []
    assert [[state.pin for state in states] for states in pins] == [["7310"]]


def test_every_pin_is_announced_also_two_of_one_customer_in_one_batch() -> None:
    anna = customer()
    with listening(pins_changed) as heard:
        change_pins([PinRow(pin, customer_id=anna.pk) for pin in ("1111", "2222", "2222", "1111")])
    [states] = heard
    assert [state.pin for state in states] == ["1111", "2222", "1111"]
    assert len({state.revision for state in states}) == 3


# -- inside the transaction ---------------------------------------------------------------------------


def test_what_a_listener_writes_is_rolled_back_with_the_batch() -> None:
    def write(**kwargs: Any) -> None:
        Pulse.objects.create(name="told")

    anna = customer()
    with told(write), pytest.raises(ZeroDivisionError), transaction.atomic():
        move(anna, 5)
        assert Pulse.objects.filter(name="told").exists()
        _ = 1 / 0
    assert not Pulse.objects.filter(name="told").exists()
    assert (account(anna).balance, Movement.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_listener_is_told_before_the_commit_when_the_change_can_be_read() -> None:
    seen: list[tuple[bool, int]] = []

    def look(states: Any, **kwargs: Any) -> None:
        seen.append((database.in_atomic_block, account(anna).balance))

    anna = customer()
    with told(look):
        move(anna, 5)
    assert seen == [(True, 5)]


def test_a_listener_that_fails_breaks_neither_the_batch_nor_the_others() -> None:
    def fail(**kwargs: Any) -> None:
        raise ValueError

    anna = customer()
    with told(fail), listening(accounts_changed) as heard:
        assert move(anna, 5).id
    assert (account(anna).balance, len(heard)) == (5, 1)


def test_a_database_error_of_a_listener_rolls_the_batch_back() -> None:
    def fail(**kwargs: Any) -> None:
        with database.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    anna = customer()
    with told(fail):
        with pytest.raises(DatabaseError):
            move(anna, 5)
        with pytest.raises(DatabaseError):
            save_customers([CustomerRow(email="bo@example.test")])
    assert (account(anna).balance, Movement.objects.count(), Customer.objects.count()) == (0, 0, 1)
