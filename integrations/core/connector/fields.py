"""What a vendor's records are made of: their types and the fields they have."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from integrations.core.mapping import MappingRow


class Kind(enum.StrEnum):
    """Types of a vendor's field, as far as mapping must know them."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """A field of the vendor, as `describe()` reads it live. `options` are the values a choice accepts."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    unique: bool = False
    options: tuple[str, ...] = ()
    max_length: int | None = None
    # It can be read, but nobody can write it.
    read_only: bool = False
    # The vendor's own name of its type, where its connector wants to know.
    type: str = ""


@dataclass(frozen=True)
class RecordType:
    """What travels. `mapping` prefills Edit Mapping; `optional` types have a switch.

    Of a type that `merges`, several waiting records with one key become one: the newest is sent in the oldest's place.
    `source` names what `describe` tells the source's fields by, when only those may be mapped; else any can be typed.
    One that is `two_way` is kept equal on both sides: each field of the source goes with one of the other side's.
    """

    name: str
    label: Any
    plural: Any
    mapping: tuple[MappingRow, ...] = ()
    batch_size: int = 1
    optional: bool = False
    merges: bool = False
    source: str = ""
    two_way: bool = False
