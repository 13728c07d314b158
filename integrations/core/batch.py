"""Rows that a source takes, a thousand at a time, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

CHUNK = 1000
# How often a chunk is tried again when another one has taken an id of its rows in the meantime.
TRIES = 3

Row = TypeVar("Row")


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowResult:
    """What became of row `index`. `id` is ours: of what the row created, changed or found. `field` and `message` (a
    sentence without the row's values) say why it was refused."""

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
