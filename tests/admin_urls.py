"""Every page under /admin/, found by walking the addresses: a page that is new is there without being listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver


@dataclass(frozen=True)
class AdminPage:
    """A page by its name in the namespace `admin`, with the parameters of its address."""

    name: str
    route: str
    parameters: tuple[str, ...]

    def address(self, values: Mapping[str, Any]) -> str:
        """Raises KeyError for a parameter that `values` lacks."""
        return "/admin/" + self.route % {name: values[name] for name in self.parameters}


def admin_pages(label: str = "") -> Iterator[AdminPage]:
    """Those whose names begin with an app's label; all of them by default. A name with two addresses comes twice."""
    _prefix, resolver = get_resolver().namespace_dict["admin"]
    names = sorted(name for name in resolver.reverse_dict if isinstance(name, str))
    for name in names:
        if name.startswith(f"{label}_" if label else ""):
            for possibilities, *_ in resolver.reverse_dict.getlist(name):
                for route, parameters in possibilities:
                    yield AdminPage(name, route, tuple(parameters))


def unnamed_views() -> set[str]:
    """What answers under /admin/ without a name, and so isn't among `admin_pages`."""

    def walk(patterns: Any) -> Iterator[str]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns)
            elif not pattern.name:
                yield pattern.lookup_str

    _prefix, resolver = get_resolver().namespace_dict["admin"]
    return set(walk(resolver.url_patterns))
