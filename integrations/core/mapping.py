"""Mapping, pure: a payload and rows of source path → target field give the values to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

# One encoder for all: `json.dumps` builds one a call.
SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True)
class MappingRow:
    """A row of Edit Mapping. `source` is a field name or a path with separators (`cards.Cardnumber`)."""

    source: str
    target: str
    default: str = ""
    enabled: bool = True
    is_key: bool = False


@dataclass
class Mapped:
    """Values by target field, and the defaults for those targets the source sent nothing for."""

    values: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """A digest of what would be sent: equal means unchanged."""
        return digest({"values": self.values, "defaults": self.defaults})


def digest(value: Any) -> str:
    """SHA-256 of a JSON-like value, independent of key order."""
    return hashlib.sha256(SORTED.encode(value).encode()).hexdigest()


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def read_path(payload: Any, path: str, separator: str = ".") -> Any:
    """The value at a path. A key that itself holds the separator wins; in lists the first item that has the rest
    counts.

    Nothing there is None.
    """
    if isinstance(payload, list):
        return next((found for entry in payload if not is_empty(found := read_path(entry, path, separator))), None)
    if not isinstance(payload, dict):
        return None
    if path in payload:
        return payload[path]
    head, more, rest = path.partition(separator)
    return read_path(payload.get(head), rest, separator) if more else None


def map_record(rows: Iterable[MappingRow], payload: dict[str, Any], separator: str = ".") -> Mapped:
    """Values for the enabled rows. What the source doesn't send is left out, so that nothing is emptied."""
    mapped = Mapped()
    for row in rows:
        if not row.enabled:
            continue
        value = read_path(payload, row.source, separator) if row.source else None
        if not is_empty(value):
            mapped.values[row.target] = value
        elif row.default:
            mapped.defaults[row.target] = row.default
    return mapped
