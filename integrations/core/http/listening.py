"""Overhearing calls: inside `listening()` whoever made them can be told apart from what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from integrations.core.http.answer import Call

_heard: ContextVar[list[Heard] | None] = ContextVar("heard", default=None)


@dataclass(frozen=True)
class Heard:
    """A call to a vendor at an origin (`https://host`), once it is over."""

    vendor: str
    origin: str
    call: Call


@contextmanager
def listening(heard: list[Heard] | None = None) -> Iterator[list[Heard]]:
    """Every call that this thread makes inside the block, also those that failed."""
    heard = [] if heard is None else heard
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def tell(vendor: str, origin: str, call: Call) -> None:
    if (heard := _heard.get()) is not None:
        heard.append(Heard(vendor, origin, call))
