"""What the customer data platform announces (see `core.announce`): once a batch, for what really changed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from integrations.core.announce import QuietSignal


@dataclass(frozen=True)
class MembershipChange:
    """A person entered an audience, or left it. Exactly one for each time, in order per person."""

    audience_id: int
    person_id: int
    entered: bool
    at: datetime.datetime


@dataclass(frozen=True)
class ValueChange:
    """A calculated attribute of a person has another value, or none any more."""

    attribute_id: int
    person_id: int
    at: datetime.datetime


@dataclass(frozen=True)
class Definition:
    """An audience (`kind` “audience”) or a calculated attribute (“attribute”)."""

    kind: str
    id: int
    name: str


# changes: list[MembershipChange]
memberships_changed = QuietSignal()
# changes: list[ValueChange]
values_changed = QuietSignal()
# identifier_ids: list[int] – new ones, and those that belong to another person now.
identifiers_changed = QuietSignal()
# definitions: list[Definition] – with their new names.
renamed = QuietSignal()
# definitions: list[Definition] – deleted here or by Raptor; sent before their rows go. Nobody leaves them: they stop.
removed = QuietSignal()
