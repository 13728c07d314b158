"""What stands in place of what may not be shown, and values that are known."""

from __future__ import annotations

from collections.abc import Iterable

MASK = "•••"


def mask_values(text: str, values: Iterable[str]) -> str:
    """The text without these values, wherever they stand."""
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text
