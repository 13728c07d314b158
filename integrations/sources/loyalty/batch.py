"""Rows that come in by the admin, CSV, the JSON API and webhooks alike, and what became of each."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

CHUNK = 1000
# How often a chunk is tried again when another one has taken an id of its rows in the meantime.
TRIES = 3

Row = TypeVar("Row")


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


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowResult:
    """What became of row `index`. `id` is ours: of the movement, or of the customer. `field` and `message` (a sentence
    without the row's values) say why it was refused."""

    index: int
    outcome: Outcome
    id: int | None = None
    field: str = ""
    message: str = ""


class Refused(Exception):
    """A row that can't be taken: which field, and what to do about it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message

    def result(self, index: int) -> RowResult:
        return RowResult(index, Outcome.REFUSED, field=self.field, message=self.message)


def in_chunks(
    rows: Sequence[Row], apply: Callable[[Sequence[Row]], list[RowResult]], *, all_or_nothing: bool
) -> list[RowResult]:
    """Apply rows a thousand at a time, each chunk in a transaction of its own; all in one, if all or nothing."""
    if not all_or_nothing:
        return _each_chunk(rows, apply)
    with transaction.atomic():
        results = _each_chunk(rows, apply)
        if any(result.outcome == Outcome.REFUSED for result in results):
            transaction.set_rollback(True)
            results = [_held_back(result) for result in results]
    return results


def _each_chunk(rows: Sequence[Row], apply: Callable[[Sequence[Row]], list[RowResult]]) -> list[RowResult]:
    results = []
    for start in range(0, len(rows), CHUNK):
        done = _tried(apply, rows[start : start + CHUNK])
        results += [replace(result, index=start + result.index) for result in done]
    return results


def _tried(apply: Callable[[Sequence[Row]], list[RowResult]], rows: Sequence[Row]) -> list[RowResult]:
    """Two callers may send the same new id at once: the second one then sees the row of the first."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return apply(rows)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("unreachable")


def _held_back(result: RowResult) -> RowResult:
    if result.outcome == Outcome.REFUSED:
        return result
    return RowResult(result.index, Outcome.REFUSED, message=_("Not saved, because another row was refused."))
