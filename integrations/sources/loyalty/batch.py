"""Rows that come in by the admin, CSV, the JSON API and webhooks alike."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CustomerRow:
    """A customer to create or change; None leaves a value as it is, "" empties a name or the e-mail.

    Found by our `id`, else by `external_id` (the caller's own), else by `email`. Who is found by e-mail and has no
    `external_id` yet gets this one. Becoming registered removes the PIN.
    """

    id: int | None = None
    external_id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    registered: bool | None = None
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class MovementRow:
    """Points for a customer (our `customer_id`, else `customer_external_id`, else `email`): earned, or spent if < 0.

    `external_id` is the caller's own id of the movement: the same one again is a duplicate. Without `moved_at` it is
    now; without time zone it is the shop's local time. `expires_on` is the first day on which the points can't be
    used; None: they never expire. Without `reason` it is an order or, below 0, spending.
    """

    value: int
    customer_id: int | None = None
    customer_external_id: str | None = None
    email: str | None = None
    external_id: str | None = None
    reason: str = ""
    moved_at: datetime.datetime | None = None
    expires_on: datetime.date | None = None


@dataclass(frozen=True)
class PinRow:
    """A new PIN for a customer who isn't registered (our `customer_id`, else `customer_external_id`, else `email`)."""

    pin: str = field(repr=False)
    customer_id: int | None = None
    customer_external_id: str | None = None
    email: str | None = None
