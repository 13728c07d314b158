"""Journeys: what `manage.py demo --once` and a new user walk through, a connector at a time.

A connector's app offers one in its `journey.py`, registered with @journey; core knows none by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 150.0
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Step:
    """One line of the table: what was to be seen and what was."""

    journey: str
    expected: str
    seen: str

    @property
    def ok(self) -> bool:
        return self.expected == self.seen


@dataclass(frozen=True)
class Journey:
    """`set_up` makes the sample connections (again and again, idempotent); `walk` goes through them once.

    Both get the base address of the practice vendors.
    """

    name: str
    set_up: Callable[[str], None]
    walk: Callable[[str], Iterator[Step]]


_journeys: list[Journey] = []


def journey(found: Journey) -> Journey:
    _journeys.append(found)
    return found


def all_journeys() -> list[Journey]:
    return list(_journeys)


def until(look: Callable[[], Any], expected: Any) -> str:
    """Look until it is what is expected or patience ends; returns what was seen last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
    return str(seen)
