"""Whether a vendor is called while a transaction is open: what waits for it then is the whole database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection as database

from integrations.core.http.listening import Heard, listening


class Depths(list[Heard]):
    """Calls, and in how many transactions each was made."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[int] = []

    def append(self, heard: Heard) -> None:
        super().append(heard)
        self.inside.append(len(database.atomic_blocks))


@contextmanager
def called_in_no_transaction() -> Iterator[Depths]:
    """Fails when a call was made in a transaction that was begun inside the block."""
    calls, outside = Depths(), len(database.atomic_blocks)
    with listening(calls):
        yield calls
    assert max(calls.inside, default=outside) == outside
