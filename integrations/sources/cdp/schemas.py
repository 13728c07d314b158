"""Bodies and answers of the customer data platform's API."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from integrations.core.api.batches import Batch, RowsOf
from integrations.core.api.paging import Id, Page
from integrations.core.api.schemas import Moment, OwnId, Strict, Text

Identifiers = Annotated[
    dict[str, Any],
    Field(
        description="Texts, by the names under Customer Data Platform › Person identifiers. Those of different persons "
        "make these one.",
        examples=[{"email": "anna@example.test"}],
    ),
]
NAMED = "Write the portal's id as a number, or the one it has in Raptor in quotes."


def _named(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("named", NAMED)
    return value


Named = Annotated[
    Any,
    AfterValidator(_named),
    WithJsonSchema({"type": ["integer", "string"], "examples": [12]}),
    Field(description="The portal's id, or as text the one it has in Raptor."),
]


class PersonBody(Strict):
    """A person, found by `id` (the portal's) or the identifiers; else created. What you leave out stays as it is."""

    identifiers: Identifiers = Field(default_factory=dict)
    properties: dict[str, Any] = Field(
        default_factory=dict,
        description="Text, numbers, true or false, or dates; null removes one. A new name makes a new property.",
        examples=[{"city": "Aarhus", "age": 44, "newsletter": True, "born": "1982-05-01"}],
    )
    id: Id | None = Field(default=None, description="The portal's id.")


class EventBody(Strict):
    """Something a person did. The same `external_id` again is a duplicate: nothing happens."""

    type: Text = Field(description="A new name makes a new type.", examples=["purchase"])
    identifiers: Identifiers
    at: Moment | None = Field(default=None, description="Without it now.", examples=["2026-03-09T18:22:10Z"])
    data: dict[str, Any] = Field(
        default_factory=dict,
        description="At most 10,000 characters. Conditions can ask for text, numbers, true or false, and dates.",
        examples=[{"amount": 120.5, "shop": "Aarhus"}],
    )
    external_id: OwnId = Field(description="Your own id of the event.", examples=["order-5012"])


class MembershipBody(Strict):
    """A person entered a fixed audience, or left it. Of several the one with the latest `at` counts."""

    audience: Named
    identifiers: Identifiers
    entered: bool = Field(description="false: the person left.", examples=[True])
    at: Moment | None = Field(default=None, description="Without it now.", examples=["2026-03-09T18:22:10Z"])


class ValueBody(Strict):
    """A person's value of an attribute that isn't calculated. Of several the one with the latest `at` counts."""

    attribute: Named
    identifiers: Identifiers
    value: Any = Field(description="As the attribute's type has it; null: there is none.", examples=[1840.5])
    at: Moment | None = Field(default=None, description="Without it now.", examples=["2026-03-09T18:22:10Z"])


class PersonBatch(Batch):
    """Up to 1,000 persons."""

    rows: Annotated[list[Any], RowsOf(PersonBody)]


class EventBatch(Batch):
    """Up to 1,000 events."""

    rows: Annotated[list[Any], RowsOf(EventBody)]


class MembershipBatch(Batch):
    """Up to 1,000 entries and exits."""

    rows: Annotated[list[Any], RowsOf(MembershipBody)]


class ValueBatch(Batch):
    """Up to 1,000 values."""

    rows: Annotated[list[Any], RowsOf(ValueBody)]


class PersonOut(BaseModel):
    """A person. `identifiers` maps each name to the values, the oldest first."""

    id: int
    identifiers: dict[str, list[str]] = Field(examples=[{"email": ["anna@example.test"]}])
    properties: dict[str, Any]
    audiences: list[int] = Field(description="Ids of the audiences the person is in.")
    attributes: dict[int, Any] = Field(description="Values by the attribute's id; numbers are 1 or 0 for Yes/No.")
    created_at: datetime.datetime
    updated_at: datetime.datetime


class EventOut(BaseModel):
    """Something a person did."""

    id: int
    type: str
    at: datetime.datetime
    data: dict[str, Any]
    external_id: str | None


class PersonPage(Page):
    """Persons by id. `next` is the `after` of the next page; null: this is the last one."""

    rows: list[PersonOut]


class EventPage(Page):
    """Events by id. `next` is the `after` of the next page; null: this is the last one."""

    rows: list[EventOut]
