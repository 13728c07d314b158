"""Bodies and answers of loyalty's API. A PIN comes in and is in no answer."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from integrations.core.api.batches import Batch, RowsOf
from integrations.core.api.paging import Id, Page
from integrations.core.api.schemas import Day, Moment, OwnId, Strict, Text

MOST_POINTS = 1_000_000_000
# Ours but "expiry": points expire by themselves.
ReasonName = Literal[
    "registration", "order", "review", "nameday", "birthday", "anniversary", "spending", "return", "correction"
]

Email = Annotated[Text, Field(max_length=254)]
Name = Annotated[Text, Field(max_length=100)]
Pin = Annotated[
    Text,
    Field(description="4 to 12 digits or letters.", json_schema_extra={"writeOnly": True, "format": "password"}),
]


class CustomerBody(Strict):
    """A customer, found by `id` (the portal's), else `external_id` (yours), else `email`; else created.

    What you leave out stays as it is. Who becomes registered loses the PIN.
    """

    id: Id | None = Field(default=None, description="The portal's id.")
    external_id: OwnId | None = Field(default=None, description="Your own id of the customer.", examples=["c-1001"])
    email: Email | None = Field(default=None, examples=["anna@example.test"], description='"" removes it.')
    first_name: Name | None = Field(default=None, examples=["Anna"])
    last_name: Name | None = Field(default=None, examples=["Nielsen"])
    registered: bool | None = Field(default=None, examples=[False])
    pin: Pin | None = Field(default=None, repr=False, examples=["4821"])


class _ForCustomer(Strict):
    customer_id: Id | None = Field(default=None, description="The customer's id in the portal, or …")
    customer_external_id: OwnId | None = Field(
        default=None, description="… your own id of the customer, or …", examples=["c-1"]
    )
    email: Email | None = Field(default=None, description="… the customer's e-mail address.")


class MovementBody(_ForCustomer):
    """Points earned, or spent when `value` is below 0. The same `external_id` again is a duplicate: nothing happens."""

    external_id: OwnId = Field(description="Your own id of the movement.", examples=["order-5012"])
    value: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS)] = Field(description="Not 0.", examples=[120])
    reason: ReasonName | None = Field(default=None, description="Without it an order or, below 0, spending.")
    moved_at: Moment | None = Field(default=None, description="Without it now.", examples=["2026-03-09T18:22:10Z"])
    expires_on: Day | None = Field(
        default=None,
        description="The first day on which the points can't be used; earnings only.",
        examples=["2027-03-10"],
    )


class PinBody(_ForCustomer):
    """A new PIN for a customer who isn't registered."""

    pin: Pin = Field(repr=False, examples=["4821"])


class CustomerBatch(Batch):
    """Up to 1,000 customers."""

    rows: Annotated[list[Any], RowsOf(CustomerBody)]


class MovementBatch(Batch):
    """Up to 1,000 movements, recorded in their order."""

    rows: Annotated[list[Any], RowsOf(MovementBody)]


class PinBatch(Batch):
    """Up to 1,000 PINs."""

    rows: Annotated[list[Any], RowsOf(PinBody)]


class CustomerOut(BaseModel):
    """A customer with the account."""

    id: int
    external_id: str | None
    email: str
    first_name: str
    last_name: str
    registered: bool
    has_pin: bool
    balance: int
    next_expiry: datetime.date | None = Field(description="When points are lost next.")
    next_expiry_points: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


class MovementOut(BaseModel):
    """A change of an account."""

    id: int
    external_id: str | None
    value: int
    reason: str
    moved_at: datetime.datetime
    expires_on: datetime.date | None
    remaining: int = Field(description="What of an earning is neither spent nor expired.")


class CustomerPage(Page):
    """Customers by id. `next` is the `after` of the next page; null: this is the last one."""

    rows: list[CustomerOut]


class MovementPage(Page):
    """Movements by id. `next` is the `after` of the next page; null: this is the last one."""

    rows: list[MovementOut]
