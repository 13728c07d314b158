"""What the admin's first page says before anybody asks. Sources and connectors add to it; core names none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Notice:
    """A sentence that says what to do, and the page where to do it. `level` is its look: warning, bad or good."""

    text: str
    url: str = ""
    level: str = "warning"


Teller = Callable[[HttpRequest], Iterable[Notice]]
_tellers: list[Teller] = []


def notice(teller: Teller) -> Teller:
    """Register a function that names what this user should know now; it looks after permissions itself."""
    _tellers.append(teller)
    return teller


def notices(request: HttpRequest) -> list[Notice]:
    return [found for teller in _tellers for found in teller(request)]
