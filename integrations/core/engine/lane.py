"""A lane of a drain: what it has taken, what is under way, and how much may be at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from integrations.core.connector import Item, Outcome

FIRST_TAKE, MAX_TAKE = 200, 650
# By how much the number of batches at once grows with each that lands.
WIDENING = 4
# So many batches a thread may be under way: enough for the threads to be busy while the main thread takes and settles.
# A third would cost memory.
BATCHES_A_THREAD = 2


@dataclass
class Lane:
    """Records taken and batches under way, of one record type at a time so that types keep their order."""

    urgent: bool
    pool: ThreadPoolExecutor
    buffer: deque[Item] = field(default_factory=deque)
    flying: dict[Future[list[Outcome]], list[Item]] = field(default_factory=dict)
    record_type: str = ""
    # How many records it takes at a time.
    size: int = FIRST_TAKE
    # Batches at once. It grows as they land: the first must not share a slow rate limit's calls with its followers.
    window: int = 1
    # The rate limit has no room left for this lane before the drain ends; the other lane goes on.
    full: bool = False
    # Nothing was there when it looked: no need to look before this time (monotonic).
    rests_until: float = 0.0

    def items(self) -> Iterator[Item]:
        """What was taken and has not landed."""
        return chain(self.buffer, *self.flying.values())

    def pace(self, *, troubled: bool, threads: int) -> None:
        """Batch by batch while the vendor is in trouble, faster and faster while all is well."""
        self.window = 1 if troubled else min(self.window * WIDENING, BATCHES_A_THREAD * threads)
