"""What Contacthub's answers hold, in our form. Pure: what reading an odd one raises, `read` makes a TemporaryError."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from integrations.core.errors import TemporaryError
from integrations.core.http import Answer, Call
from integrations.core.http.answer import MAX_DEPTH, is_nested_deeper

T = TypeVar("T")
Customer = dict[str, Any]
CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


@dataclass(frozen=True)
class Node:
    """`is_aggregate`: a view of other nodes' customers, which can't be written to and has no subscriptions to sync."""

    id: str
    name: str
    is_aggregate: bool = False


@dataclass(frozen=True)
class Me:
    """Who the token belongs to. The id needn't be that of the source: see `HubClient.source_of_token`."""

    id: str
    name: str


@dataclass(frozen=True)
class CustomerPage:
    """One page, counted from 0, of `total` customers in all."""

    customers: list[Customer]
    page: int
    size: int
    total: int

    @property
    def is_last(self) -> bool:
        return (self.page + 1) * self.size >= self.total


@dataclass(frozen=True)
class Update:
    """What happened to a customer: CREATE, UPDATE or DELETE. `customer` is as the stream tells it."""

    operation: str
    customer: Customer


@dataclass(frozen=True)
class Updates:
    """`next_offset` is where to go on: the offset that was asked after when nothing has happened since."""

    updates: list[Update]
    next_offset: int


@dataclass(frozen=True)
class Written:
    """The customer after a write. `merged`: it was there before, and was changed in place of a new one."""

    customer: Customer
    call: Call
    merged: bool = False


@dataclass(frozen=True)
class Subscribed:
    """A subscription after a write."""

    subscription: dict[str, Any]
    call: Call


def read(answer: Answer, reading: Callable[[Any], T]) -> T:
    """The answer in our form. Raises TemporaryError when it isn't JSON or not of the form expected."""
    try:
        return reading(answer.json())
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        pass  # raised below: the exception may hold values, and would hang on as __context__
    raise TemporaryError(
        _("%(vendor)s answered in an unexpected form; it will be tried again.") % {"vendor": answer.vendor},
        call=answer.call,
    )


def written_by(customer: Mapping[str, Any]) -> str:
    """The source that changed a customer last, "" when it isn't told."""
    info = customer.get("sourceInfo")
    return str(info.get("updatedBy") or "") if isinstance(info, Mapping) else ""


def customer_of(said: Any) -> Customer:
    if not isinstance(said, dict) or not isinstance(said["id"], str) or not said["id"]:
        raise ValueError("no customer")
    return said


def page_of(said: Any, size: int) -> CustomerPage:
    page = said["page"]
    customers = [customer_of(one) for one in said["elements"]]
    return CustomerPage(customers, int(page["number"]), int(page.get("size") or size), int(page["totalElements"]))


def updates_of(said: Any, offset: int) -> Updates:
    """Raises ValueError when the stream stands still: it would be read for ever."""
    following = int(said["nextOffset"])
    updates = [
        Update(str(one["operation"]), customer_of(one["entity"]["data"]))
        for one in said["updates"]
        if one["entity"]["type"] == "CUSTOMER"
    ]
    if following < offset or (said["updates"] and following == offset):
        raise ValueError("the stream stands still")
    return Updates(updates, following)


def nodes_of(said: Any, is_aggregate: bool) -> list[Node]:
    return [Node(str(one["id"]), str(one.get("name") or one["id"]), is_aggregate) for one in said["elements"]]


def me_of(said: Any) -> Me:
    names = (said.get("name"), said.get("surname"))
    return Me(str(said["id"]), " ".join(str(name) for name in names if name))


def schema_of(said: Any) -> dict[str, Any]:
    """The declared schema: JSON in a string, which the answer's own depth check doesn't see into."""
    text = said["schema"]
    if text in (None, ""):
        return {}
    schema = (
        text if isinstance(text, dict) else json.loads(text) if not is_nested_deeper(text.encode(), MAX_DEPTH) else None
    )
    if not isinstance(schema, dict):
        raise ValueError("no schema")
    return schema


def subscription_of(said: Any, subscription_id: str) -> dict[str, Any]:
    if said["id"] != subscription_id:
        raise ValueError("another subscription")
    return dict(said)


def subscriptions_of(customer: Mapping[str, Any]) -> list[dict[str, Any]]:
    base = customer.get("base")
    listed = base.get("subscriptions") if isinstance(base, Mapping) else None
    return [dict(one) for one in listed or [] if isinstance(one, Mapping) and one.get("id")]
