"""Looking without touching: inside `reading_only()` nothing leaves this machine but calls that look something up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_only_reading: ContextVar[bool] = ContextVar("only_reading", default=False)


class WouldWrite(BaseException):
    """The call that was about to be made isn't a look-up. Not an Exception: nothing on the way may take it for a
    failure of the vendor's and go on."""


@contextmanager
def reading_only() -> Iterator[None]:
    """Let every call inside the block, in this thread, be refused unless it is a look-up. Connectors start no threads
    (a test holds that): a thread of its own would not know of the block."""
    token = _only_reading.set(True)
    try:
        yield
    finally:
        _only_reading.reset(token)


def refuse_writing(method: str, reads: bool | None) -> None:
    """`reads`: whether the call only looks something up; by default that goes by its method. Raises WouldWrite."""
    if _only_reading.get() and not (method in READING_METHODS if reads is None else reads):
        raise WouldWrite
