"""What uses an audience or a calculated attribute. Connectors say it themselves: a source knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Use:
    """One activation. `name` is its own, `url` its page (empty when this user may not open it). `when_deleted` says in
    a sentence what happens at its receiver when the audience or attribute is deleted."""

    name: str
    url: str
    when_deleted: str


# (kind as in `signals.Definition`, its id, the user who looks) -> its uses.
Source = Callable[[str, int, Any], Iterable[Use]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Call it, or decorate with it, while the apps load."""
    _sources.append(source)
    return source


def of(kind: str, definition_id: int, user: Any) -> list[Use]:
    return [use for source in _sources for use in source(kind, definition_id, user)]
