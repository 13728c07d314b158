"""LeadHub's ledger: written profiles and captured tags in the order they were accepted, each with its data."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.ledger import Ledger
from integrations.sandbox.vendor import Data


class TagLedger(Ledger):
    """`details` runs beside `entries`: the e-mail address and the data of each."""

    def __init__(self) -> None:
        super().__init__()
        self.details: list[Data] = []

    def profile(self, at: str, user_id: str | None, email: str | None, outcome: str, values: Data) -> None:
        """A PUT; `values` are those that were sent."""
        self.add(at, "PUT /profiles", "profile", user_id or "", outcome, "", values)
        self.details.append({"email_address": email or "", "data": values})

    def tag(self, at: str, user_id: str | None, email: str | None, outcome: str, name: str, data: Data) -> None:
        """A POST that found its profile; `created` is the first of this name there."""
        self.add(at, "POST /profiles/tags", "tag", user_id or "", outcome, name, data)
        self.details.append({"email_address": email or "", "data": data})

    def since(self, seq: int) -> list[dict[str, Any]]:
        """seq, at (UTC), kind, user_id, outcome, tag (its name), email_address, data; oldest first."""
        start = max(seq, 0)
        return [
            {
                "seq": entry.seq,
                "at": entry.time,
                "kind": entry.kind,
                "user_id": entry.id,
                "outcome": entry.outcome,
                "tag": entry.key,
                **details,
            }
            for entry, details in zip(self.entries[start:], self.details[start:], strict=True)
        ]
