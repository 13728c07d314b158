"""A vendor's limit by a sliding window: so many calls in so many seconds."""

from __future__ import annotations

import time
from collections import deque


class RecentCalls:
    """Guarded by the account's lock. Real time, also where its clock stands still: a client that waits must get on."""

    def __init__(self) -> None:
        self.times: deque[float] = deque()

    def take(self, most: int, seconds: float) -> float | None:
        """Count a call and return None; with `most` in these seconds already, return after how many one is taken
        again. `most` 0 lifts the limit."""
        if not most:
            return None
        now = time.monotonic()
        while self.times and self.times[0] <= now - seconds:
            self.times.popleft()
        if len(self.times) >= most:
            return self.times[0] + seconds - now
        self.times.append(now)
        return None

    def clear(self) -> None:
        self.times.clear()
