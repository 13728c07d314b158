"""Lists by id, a page at a time: what a caller may ask for, and where the next page starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from ninja import Query
from pydantic import BaseModel, Field

LARGEST_ID = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="Rows with a greater id: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many rows a page.")]


class Page(BaseModel):
    """A subclass says what `rows` are."""

    rows: list[Any]
    next: int | None

    @classmethod
    def of(cls, found: Sequence[Any], limit: int) -> Self:
        """The first `limit` of the rows found; there is a next page if there are more."""
        return cls(rows=list(found[:limit]), next=found[limit - 1].id if len(found) > limit else None)
