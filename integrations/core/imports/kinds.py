"""The CSV files that sources take: they say so in their app's `imports.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from integrations.core.imports.columns import BulkFile

T = TypeVar("T", bound="type[BulkFile]")
_kinds: dict[str, dict[str, type[BulkFile]]] = {}


def import_file(source: str, kind: str) -> Callable[[T], T]:
    """Make a file known: what it goes to (the label of a model, in lower case), and its name in addresses."""

    def remember(file: T) -> T:
        _kinds.setdefault(source, {})[kind] = file
        return file

    return remember


def kinds_of(source: str) -> dict[str, type[BulkFile]]:
    """By name, in the order in which they were registered."""
    # Here and not when the apps load: few workers ever import a file, and the library takes memory.
    autodiscover_modules("imports")
    return _kinds.get(source, {})
