"""Which kinds of fields go together in Edit Mapping. Pure: kinds in, verdict out."""

from __future__ import annotations

from typing import Literal

from integrations.core.connector import Kind

Verdict = Literal["fits", "converts", "conflicts"]

ANYTHING_WRITTEN = frozenset({Kind.TEXT, Kind.CHOICE})
# Source kind → target kinds that take each of its values as it is, and those that take it in another form or only
# when the single value suits (a text that is one of the options). Every other pair conflicts.
FITS: dict[Kind, frozenset[Kind]] = {
    Kind.TEXT: frozenset(),
    Kind.NUMBER: frozenset(),
    Kind.BOOLEAN: frozenset(),
    Kind.DATE: frozenset(),
    Kind.DATETIME: frozenset(),
    Kind.EMAIL: frozenset({Kind.TEXT}),
    Kind.PHONE: frozenset({Kind.TEXT}),
    Kind.CHOICE: frozenset({Kind.TEXT}),
}
CONVERTS: dict[Kind, frozenset[Kind]] = {
    Kind.TEXT: frozenset({Kind.CHOICE, Kind.EMAIL, Kind.PHONE}),
    Kind.NUMBER: ANYTHING_WRITTEN,
    Kind.BOOLEAN: ANYTHING_WRITTEN,
    Kind.DATE: ANYTHING_WRITTEN | {Kind.DATETIME},
    Kind.DATETIME: ANYTHING_WRITTEN | {Kind.DATE},
    Kind.EMAIL: frozenset({Kind.CHOICE}),
    Kind.PHONE: frozenset({Kind.CHOICE}),
    Kind.CHOICE: frozenset(),
}


def verdict(source: Kind, target: Kind) -> Verdict:
    """Whether values of one kind can be written to a field of another."""
    if source == target or target in FITS[source]:
        return "fits"
    return "converts" if target in CONVERTS[source] else "conflicts"
