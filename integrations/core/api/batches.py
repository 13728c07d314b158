"""Batches of up to MOST_ROWS rows: each row is judged by itself, so that a bad one refuses no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from django.db import transaction
from ninja import Status
from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import core_schema

from integrations.core.api.errors import first_problem
from integrations.core.api.schemas import Problem, Refusal, Strict, refusals

MOST_ROWS = 1000
REFUSED = "refused"
OWN_ID = "external_id"
Outcome = Literal["created", "updated", "unchanged", "duplicate", "refused"]
NOTHING_KEPT = "Nothing was kept, as you asked for all or nothing: {bad} of {all} rows have errors."

Row = TypeVar("Row")


class Result(Protocol):
    """What a source says about one row; its index counts the rows it was given."""

    @property
    def index(self) -> int: ...
    @property
    def outcome(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def id(self) -> int | None: ...


@dataclass(frozen=True)
class RowsOf:
    """Annotates a list whose rows are read one by one later; the documentation shows `schema`."""

    schema: type[BaseModel]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.list_schema(core_schema.any_schema(), min_length=1, max_length=MOST_ROWS)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        rows = core_schema.list_schema(self.schema.__pydantic_core_schema__, min_length=1, max_length=MOST_ROWS)
        return handler(rows)


class Batch(Strict):
    """Rows of one kind; a subclass says of which."""

    all_or_nothing: bool = Field(default=False, description="Keep nothing when a single row has an error.")
    rows: list[Any]


class RowAnswer(BaseModel):
    """What became of one row."""

    index: int = Field(description="The row's place in your request, from 0.")
    outcome: Outcome
    id: int | None = Field(default=None, description="The portal's id of what the row created, changed or found.")
    error: Problem | None = None


class Saved(BaseModel):
    """What became of a single one."""

    outcome: Outcome
    id: int | None = Field(default=None, description="The portal's id of what was created, changed or found.")


class BatchAnswer(BaseModel):
    """One answer a row, in the order of the request."""

    counts: dict[Outcome, int] = Field(examples=[{"created": 2, "refused": 1}])
    rows: list[RowAnswer]


class BatchRefusal(BaseModel):
    """Nothing was kept. `rows` names each row with an error, if it was the rows."""

    error: Problem
    rows: list[RowAnswer] = []


# For `response=` of the operations that write.
ONE = {201: Saved, 200: Saved, **refusals(409)}
MANY = {200: BatchAnswer, **refusals(), 422: BatchRefusal}


def save_batch(
    batch: Batch, read: Callable[[Any], Row], save: Callable[[Sequence[Row]], Sequence[Result]]
) -> Status[Any]:
    """Read each row by `read` (raises pydantic's ValidationError), `save` the readable ones, answer for all.

    200 with a BatchAnswer; with all_or_nothing and a bad row 422 with a BatchRefusal, and nothing is kept.
    """
    rows, refused = _readable(batch.rows, read)
    places = list(rows)
    with transaction.atomic():
        saved = [_answer(places[result.index], result) for result in save(list(rows.values()))]
        answers = sorted([*refused, *saved], key=lambda answer: answer.index)
        bad = [answer for answer in answers if answer.outcome == REFUSED]
        if bad and batch.all_or_nothing:
            transaction.set_rollback(True)
    if bad and batch.all_or_nothing:
        message = NOTHING_KEPT.format(bad=f"{len(bad):,}", all=f"{len(answers):,}")
        return Status(422, BatchRefusal(error=Problem(message=message), rows=bad))
    return Status(200, BatchAnswer(counts=Counter(answer.outcome for answer in answers), rows=answers))


def _readable(raw: Sequence[Any], read: Callable[[Any], Row]) -> tuple[dict[int, Row], list[RowAnswer]]:
    """The rows that could be read, by their place, and the refusals of the others."""
    rows, refused = {}, []
    for place, value in enumerate(raw):
        try:
            rows[place] = read(value)
        except ValidationError as invalid:
            field, message = first_problem(invalid.errors(include_url=False, include_input=False))
            problem = Problem(message=message, field=field)
            refused.append(RowAnswer(index=place, outcome="refused", error=problem))
    return rows, refused


def _answer(place: int, result: Result) -> RowAnswer:
    problem = Problem(message=result.message, field=result.field or None) if result.outcome == REFUSED else None
    return RowAnswer(index=place, outcome=result.outcome, id=result.id, error=problem)  # type: ignore[arg-type]


def save_one(row: Row, save: Callable[[Sequence[Row]], Sequence[Result]]) -> Status[Any]:
    """201 when it was created, 200 when it changed or was there already; refused with 409 when the caller's own id
    stands for something else, else 422."""
    [result] = save([row])
    if result.outcome == REFUSED:
        problem = Problem(message=result.message, field=result.field or None)
        return Status(409 if result.field == OWN_ID else 422, Refusal(error=problem))
    return Status(201 if result.outcome == "created" else 200, Saved(outcome=result.outcome, id=result.id))  # type: ignore[arg-type]
