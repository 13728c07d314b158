"""What an API token may use: a name for each source's API, known once all apps are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """`offered` ones are chosen when a token is made; the others belong to a page of their own."""

    name: str
    label: Any
    offered: bool = True


_scopes: dict[str, Scope] = {}


def add_scope(name: str, label: Any, *, offered: bool = True) -> None:
    _scopes[name] = Scope(name, label, offered)


def offered_scopes() -> list[tuple[str, Any]]:
    """(name, label), as a form takes its choices."""
    return [(scope.name, scope.label) for _, scope in sorted(_scopes.items()) if scope.offered]


def scope_label(name: str) -> str:
    """The name itself when its app is no longer installed."""
    return str(_scopes[name].label) if name in _scopes else name
