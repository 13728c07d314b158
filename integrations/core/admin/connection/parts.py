"""What a connector says of itself so that its settings can be applied as a whole: a version or a file of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import HttpRequest

from integrations.core.admin.connection.pages import ConnectionPages

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Rows of one kind that belong to the settings (`Connection.parts`): labels of the columns, all of them text, by
    name."""

    label: Any
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class ReadPart:
    """Rows as they would be saved, and what is wrong: (place of the row, column or "", sentence)."""

    rows: list[Row]
    problems: list[tuple[int, str, str]] = field(default_factory=list)


class ConnectionParts(ConnectionPages):
    """Part of ConnectionAdmin. A connector with parts of its own overrides the first three."""

    parts: ClassVar[dict[str, Part]] = {}

    def read_part(self, obj: Any, name: str, rows: Sequence[Row]) -> ReadPart:
        """Check rows as the page's own form does. `obj` isn't saved yet when the connection is new."""
        raise NotImplementedError

    def save_part(self, request: HttpRequest, obj: Any, name: str, rows: Sequence[Row]) -> None:
        """Make the saved rows these, with their history; the version is kept afterwards."""
        raise NotImplementedError

    def held_back(self, obj: Any, form: Any, changed: Collection[str]) -> list[str]:
        """What has to be done before the settings of this form, the mapping ("mapping") or parts can be changed."""
        return []

    def applied(self, request: HttpRequest, obj: Any, changed: Collection[str]) -> None:
        """A version or a file was applied and committed, `changed` as above: what is to be done at the vendor then."""
