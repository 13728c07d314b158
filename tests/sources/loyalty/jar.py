"""The naive model of an account that the ledger is compared with: every single point by itself. Days are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Point:
    """A single point: its first unusable day, when it was earned, and as which."""

    expires: int | None
    earned: int
    number: int

    @property
    def order(self) -> tuple[float, int, int]:
        return (float("inf") if self.expires is None else self.expires), self.earned, self.number


@dataclass
class Jar:
    """The naive model: every point by itself."""

    points: list[Point] = field(default_factory=list)
    number: int = 0

    def earn(self, points: int, expires: int | None, on: int) -> None:
        self.number += 1
        self.points += [Point(expires, on, self.number)] * points

    def spend(self, points: int, on: int) -> bool:
        usable = sorted(
            (point for point in self.points if point.expires is None or point.expires > on), key=lambda p: p.order
        )
        if len(usable) < points:
            return False
        for point in usable[:points]:
            self.points.remove(point)
        return True

    def expire(self, today: int) -> dict[int, int]:
        lost: dict[int, int] = {}
        for point in [point for point in self.points if point.expires is not None and point.expires <= today]:
            lost[point.expires or 0] = lost.get(point.expires or 0, 0) + 1
            self.points.remove(point)
        return lost

    def expiring(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for point in self.points:
            if point.expires is not None:
                found[point.expires] = found.get(point.expires, 0) + 1
        return found
