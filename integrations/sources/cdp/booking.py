"""What the verbs for rows have in common: each row is read, then booked, and one that is refused refuses no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from integrations.core.batch import Outcome, Refused, Row, RowResult

Read = TypeVar("Read")
Thing = TypeVar("Thing")


class Booking(Generic[Read, Thing]):
    """A chunk of rows while they are worked on. `rows` holds what was read of those that aren't refused, by place."""

    def __init__(self, rows: Sequence[Row], read: Callable[[Row], Read]) -> None:
        self.refused: dict[int, RowResult] = {}
        self.rows: dict[int, Read] = {}
        self.booked: dict[int, tuple[Outcome, Thing]] = {}
        for index, row in enumerate(rows):
            try:
                self.rows[index] = read(row)
            except Refused as refused:
                self.refused[index] = refused.result(index)

    def book(self, book: Callable[[Read], tuple[Outcome, Thing]]) -> None:
        """One after the other. `book` raises Refused, having changed nothing."""
        for index, row in self.rows.items():
            try:
                self.booked[index] = book(row)
            except Refused as refused:
                self.refused[index] = refused.result(index)

    def results(self, id_of: Callable[[Thing], int]) -> list[RowResult]:
        """Once everything is written."""
        booked: Iterable[RowResult] = (
            RowResult(index, outcome, id_of(thing)) for index, (outcome, thing) in self.booked.items()
        )
        return sorted([*self.refused.values(), *booked], key=lambda result: result.index)
