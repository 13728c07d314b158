"""What all bodies and answers of the API are made of. Strict: "100" is no number, and an unknown field is an error."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

MOMENT = "Write a date and time with its time zone, like 2026-03-09T18:22:10Z."
DAY = "Write a date, like 2026-03-09."
# Control characters (PostgreSQL has no place for NUL) and halves of characters.
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
REMOVE = "The text holds a control character or half a character. Remove it."


class Strict(BaseModel):
    """A body. Errors never quote what was sent: it may be a PIN."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Problem(BaseModel):
    """Why something was refused: a plain sentence, and the field it is about."""

    message: str = Field(examples=["Write a whole number without quotes, like 100."])
    field: str | None = Field(default=None, examples=["points"])


class Refusal(BaseModel):
    """The answer to a request that was refused as a whole."""

    error: Problem


def _storable(value: str) -> str:
    if UNSTORABLE.search(value):
        raise PydanticCustomError("unstorable", REMOVE)
    return value


def _moment(value: Any) -> datetime.datetime:
    """ISO 8601 only: pydantic alone would take any number for a Unix time."""
    try:
        parsed = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise PydanticCustomError("moment", MOMENT)
    return parsed


def _day(value: Any) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("day", DAY) from None


STORABLE = AfterValidator(_storable)
Text = Annotated[str, STORABLE]
# Whatever a source's rows are called by their sender.
OwnId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), STORABLE]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Day = Annotated[datetime.date, BeforeValidator(_day)]


def refusals(*statuses: int) -> Mapping[int, type[Refusal]]:
    """For `response=` of an operation: the refusals it shares with all the others, and its own."""
    return dict.fromkeys((401, 403, 413, 422, 503, *statuses), Refusal)
