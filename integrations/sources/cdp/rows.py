"""Rows that come in by the admin, CSV, the JSON API and Raptor alike.

`identifiers` maps IdentifierType.key to a value. A person whom nobody knows is created. Identifiers that belong to
different persons make these one: the oldest stays.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PersonRow:
    """A person to create or change, by our `id` or the identifiers. A property that isn't named stays as it is; None
    removes it."""

    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    id: int | None = None


@dataclass(frozen=True)
class EventRow:
    """Something a person did. Without `at` it is now; without time zone it is local time. The same `external_id` (the
    caller's own) again is a duplicate."""

    type: str
    identifiers: Mapping[str, str] = field(repr=False)
    at: datetime.datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    external_id: str | None = None


@dataclass(frozen=True)
class MembershipRow:
    """A person entered a fixed audience (our id, or as text Raptor's) or left it. Of several, the one with the latest
    `at` counts; without it it is now."""

    audience: int | str
    identifiers: Mapping[str, str] = field(repr=False)
    entered: bool = True
    at: datetime.datetime | None = None


@dataclass(frozen=True)
class ValueRow:
    """A person's value of an attribute (our id, or as text Raptor's) that isn't calculated; None: there is none. Of
    several, the one with the latest `at` counts; without it it is now."""

    attribute: int | str
    identifiers: Mapping[str, str] = field(repr=False)
    value: Any = field(default=None, repr=False)
    at: datetime.datetime | None = None
