"""What Edit Mapping suggests: source fields that the latest records had, and rows for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.core.preview.payloads import latest

LOOKED_AT = 40
# Nested values are offered as dotted paths, this many levels down.
LEVELS = 2


def seen_sources(connection: Any, record_type: str) -> set[str]:
    """Names only, no values."""
    found = latest(connection.pk, record_type, LOOKED_AT)
    return {path for stored in found for path in _paths(stored.payload)}


def with_suggestions(
    rows: list[dict[str, Any]], found: Iterable[tuple[str, str]], *, two_way: bool
) -> tuple[list[dict[str, Any]], int]:
    """The rows with those suggested, and how many these are. In a two-way mapping each source has its row already."""
    if not two_way:
        added = [{"source": source, "target": target, "enabled": True, "suggested": True} for source, target in found]
        return [*rows, *added], len(added)
    empty = {row["source"] for row in rows if not row.get("target")}
    wanted = {source: target for source, target in found if source in empty}
    filled = [
        {**row, "target": wanted[row["source"]], "enabled": True, "suggested": True} if row["source"] in wanted else row
        for row in rows
    ]
    return filled, len(wanted)


def _paths(payload: Any, prefix: str = "", depth: int = LEVELS) -> Iterable[str]:
    if not isinstance(payload, dict):
        return
    for name, value in payload.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and depth:
            yield from _paths(value, f"{path}.", depth - 1)
        else:
            yield path
