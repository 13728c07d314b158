"""What a connection is to be, and why it can't: what a version and a file have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.core.configuration.rows import by_type
from integrations.core.configuration.values import setting_columns
from integrations.core.registry import connector_class

Row = dict[str, Any]
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Wanted:
    """What a connection is to be. What isn't named stays, or is as a new connection has it.

    `settings` by column, `mappings` by record type and `parts` by name, as a snapshot has them; `secrets` are values.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    parts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Problem:
    """Why it can't be applied: where (`("mappings", "lead", 3, "target")`), the same in words, and a sentence."""

    where: Where
    label: str
    text: str


def wanted_of(snapshot: Mapping[str, Any], page: Any) -> Wanted:
    """What a version held, as far as today's connector knows it. A record type without rows had none."""
    known = [record_type.name for record_type in connector_class(page.opts.app_label).record_types]
    rows = by_type(snapshot.get("mappings", ()))
    columns = setting_columns(page)
    return Wanted(
        settings={name: value for name, value in snapshot["settings"].items() if name in columns},
        mappings={name: rows.get(name, []) for name in known},
        parts={name: rows for name, rows in snapshot.get("parts", {}).items() if name in page.parts},
    )
