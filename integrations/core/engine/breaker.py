"""A vendor that fails again and again is left alone for a while, longer each time; then one small batch tries it."""

from __future__ import annotations

from dataclasses import dataclass, field

# So many failing batches in a row close the connection.
TRIPS_AFTER = 3
# Seconds it then stays closed, by how often that happened in a row.
PAUSES = (5, 10, 30, 60, 120, 300, 600, 900)


@dataclass
class Breaker:
    """Counts failing batches in a row, for the length of a drain. `before` is what the last drain left."""

    before: int
    failures: int = field(init=False)

    def __post_init__(self) -> None:
        # Half open: one small batch tries whether the vendor is back.
        self.failures = min(self.before, TRIPS_AFTER - 1)

    @property
    def tripped(self) -> bool:
        return self.failures >= TRIPS_AFTER

    def leaves(self) -> tuple[int, float]:
        """For the next drain: what it counts from, and how many seconds the vendor is left alone."""
        if not self.tripped:
            return 0, 0.0
        failures = max(self.before + 1, TRIPS_AFTER)
        return failures, PAUSES[min(failures - TRIPS_AFTER, len(PAUSES) - 1)]
