"""A customer as connectors see one."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field

from integrations.sources.loyalty.models import Account, Customer


@dataclass(frozen=True)
class CustomerState:
    """A customer and the account at one revision. `pin` is set only while the customer is unregistered."""

    id: int
    email: str
    first_name: str
    last_name: str
    registered: bool
    pin: str | None = field(repr=False)
    balance: int
    last_change_at: datetime.datetime | None
    last_change_value: int | None
    revision: int


def state_of(account: Account) -> CustomerState:
    """The state of an account whose customer has been read with it."""
    customer = account.customer
    return CustomerState(
        id=customer.pk,
        email=customer.email,
        first_name=customer.first_name,
        last_name=customer.last_name,
        registered=customer.registered,
        pin=customer.pin,
        balance=account.balance,
        last_change_at=account.last_change_at,
        last_change_value=account.last_change_value,
        revision=account.revision,
    )


def states(after_id: int, limit: int) -> list[CustomerState]:
    """The next `limit` customers with an id greater than `after_id`, by id."""
    page = Account.objects.filter(pk__gt=after_id).select_related("customer").order_by("pk")[:limit]
    return [state_of(account) for account in page]


def states_of(customer_ids: Collection[int]) -> list[CustomerState]:
    """Those of these customers that exist, by id."""
    found = Account.objects.filter(pk__in=customer_ids).select_related("customer").order_by("pk")
    return [state_of(account) for account in found]


def count_customers() -> int:
    """How many there are: an exact count, for an export's start; not for a page that opens often."""
    return Customer.objects.count()
