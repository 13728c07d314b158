"""An invented shop's customers and points, and ears for what the loyalty source announces."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.dispatch import Signal

from integrations.core.batch import RowResult
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.models import Account, Customer, LoyaltySettings, Movement
from integrations.sources.loyalty.movements import record_movements
from integrations.sources.loyalty.states import CustomerState

COPENHAGEN, NEW_YORK = ZoneInfo("Europe/Copenhagen"), ZoneInfo("America/New_York")


def customer(number: int = 1, **values: Any) -> Customer:
    """Customer `number` as saved; values set or replace those of the row."""
    row = {"external_id": f"c-{number}", "email": f"anna{number}@example.test", **values}
    [result] = save_customers([CustomerRow(**row)])
    assert result.id is not None, result
    return Customer.objects.get(pk=result.id)


def customers(count: int) -> list[Customer]:
    rows = [CustomerRow(external_id=f"c-{n}", email=f"anna{n}@example.test") for n in range(1, count + 1)]
    return list(Customer.objects.filter(pk__in=[result.id for result in save_customers(rows)]).order_by("pk"))


def move(who: Customer, value: int, **values: Any) -> RowResult:
    """Earn or spend."""
    [result] = record_movements([MovementRow(value=value, customer_id=who.pk, **values)])
    return result


def account(who: Customer) -> Account:
    return Account.objects.get(pk=who.pk)


def values(who: Customer) -> list[int]:
    """The customer's movements, oldest first."""
    return list(Movement.objects.filter(account_id=who.pk).order_by("pk").values_list("value", flat=True))


def live_in(zone: ZoneInfo) -> None:
    LoyaltySettings.load()
    LoyaltySettings.objects.update(time_zone=zone.key)


def days(number: int) -> datetime.date:
    """The date so many days from today, in UTC."""
    return datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=number)


@contextmanager
def listening(signal: Signal) -> Iterator[list[list[CustomerState]]]:
    """The batches of states that are announced inside the block."""
    heard: list[list[CustomerState]] = []

    def hear(states: list[CustomerState], **kwargs: Any) -> None:
        heard.append(states)

    signal.connect(hear)
    try:
        yield heard
    finally:
        signal.disconnect(hear)
