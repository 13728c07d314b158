"""Audiences and calculated attributes of an account, and the numbered changes of memberships. Persons are e-mails."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from integrations.sandbox.raptor.errors import invalid, missing
from integrations.sandbox.vendor import Data

VALUE_TYPES = ("text", "number", "boolean", "date")
EXAMPLE = "name@example.test"


@dataclass(slots=True)
class Audience:
    """`members` maps the e-mail to when the person entered. `attached`: whether the activation lists it."""

    id: str
    name: str
    description: str = ""
    members: dict[str, str] = field(default_factory=dict)
    last_calculated: str = ""
    attached: bool = True

    def told(self) -> Data:
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "size": len(self.members),
            "lastCalculated": self.last_calculated,
        }


@dataclass(slots=True)
class Attribute:
    """`values` maps the e-mail to the value."""

    id: str
    name: str
    value_type: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A person entered or left."""

    sequence: int
    audience_id: str
    email: str
    change: str
    at: str

    def told(self) -> Data:
        return {
            "sequenceNumber": self.sequence,
            "audienceId": self.audience_id,
            "identifierValue": self.email,
            "change": self.change,
            "at": self.at,
        }


class Book:
    """`expired_upto`: changes up to this number can't be asked for any more."""

    def __init__(self) -> None:
        self.audiences: dict[str, Audience] = {}
        self.attributes: dict[str, Attribute] = {}
        self.changes: list[Change] = []
        self.sequence = 0
        self.expired_upto = 0

    def audience(self, audience_id: str) -> Audience:
        """Raises RaptorError (404)."""
        if audience_id not in self.audiences:
            raise missing("Audience")
        return self.audiences[audience_id]

    def attribute(self, attribute_id: str) -> Attribute:
        """Raises RaptorError (404)."""
        if attribute_id not in self.attributes:
            raise missing("Calculated attribute")
        return self.attributes[attribute_id]

    def put_audience(self, name: str, audience_id: str = "", description: str = "") -> Audience:
        """A new one, or the one of this id with another name. Raises RaptorError (400)."""
        if not name.strip():
            raise invalid("An audience has a name")
        known = self.audiences.get(audience_id)
        if known is None:
            known = Audience(audience_id or uuid4().hex[:8], "", last_calculated=utc_now())
            self.audiences[known.id] = known
        known.name, known.description = name.strip(), description
        return known

    def put_attribute(self, name: str, value_type: str, attribute_id: str = "") -> Attribute:
        """Raises RaptorError (400)."""
        if not name.strip() or value_type not in VALUE_TYPES:
            raise invalid(f"A calculated attribute has a name, and a type: {', '.join(VALUE_TYPES)}")
        made = Attribute(attribute_id or f"ca-{len(self.attributes) + 1}", name.strip(), value_type)
        self.attributes[made.id] = made
        return made

    def move(self, audience: Audience, email: str, change: str) -> Change | None:
        """Lets a person enter or leave; None when that is so already. Raises RaptorError (400)."""
        email = email.strip()
        if not email:
            raise invalid(f"A person is named by an e-mail address, as {EXAMPLE}")
        if (email in audience.members) == (change == "entered"):
            return None
        at = utc_now()
        if change == "entered":
            audience.members[email] = at
        else:
            del audience.members[email]
        audience.last_calculated = at
        self.sequence += 1
        made = Change(self.sequence, audience.id, email, change, at)
        self.changes.append(made)
        return made

    def changes_after(self, audience_id: str, sequence: int, limit: int) -> list[Change]:
        found = (one for one in self.changes if one.sequence > sequence and one.audience_id == audience_id)
        return [one for one, _ in zip(found, range(limit), strict=False)]

    def forget_changes(self) -> None:
        """Whoever asks with a number from before now is told that it has expired."""
        self.changes.clear()
        self.sequence += 1
        self.expired_upto = self.sequence

    def dump(self) -> Data:
        return {
            "audiences": [asdict(one) for one in self.audiences.values()],
            "attributes": [asdict(one) for one in self.attributes.values()],
            "changes": [asdict(one) for one in self.changes],
            "numbers": [self.sequence, self.expired_upto],
        }

    def load(self, data: Data) -> None:
        self.audiences = {row["id"]: Audience(**row) for row in data["audiences"]}
        self.attributes = {row["id"]: Attribute(**row) for row in data["attributes"]}
        self.changes = [Change(**row) for row in data["changes"]]
        self.sequence, self.expired_upto = data["numbers"]


def utc_now() -> str:
    """Now as ISO 8601 has it, so fine that of two changes one is later."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
