"""One practice account of Raptor: its key, limit, audiences and attributes, and where it pushes to."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from integrations.sandbox.raptor.book import Attribute, Audience, Book, utc_now
from integrations.sandbox.raptor.errors import invalid, over_limit
from integrations.sandbox.raptor.push import Pushes, audience_change, deletion, value_change
from integrations.sandbox.recent import RecentCalls
from integrations.sandbox.vendor import Account, Data

CALLS_PER_S = 10
# Profiles of one answer of a full membership.
PAGE_SIZE = 1_000
# What a settings call may change, beside latency_ms.
SETTINGS = (
    "api_key",
    "header_name",
    "activation_id",
    "calls_per_s",
    "page_size",
    "push_address",
    "push_secret",
    "retry_pause_s",
    "delivery_timeout_s",
)
NEVER_EMPTY = ("api_key", "header_name", "activation_id", "push_secret")


class RaptorAccount(Account):
    """Every name has a key and a secret of its own, the same after each reset."""

    changeable = SETTINGS

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.api_key = sha256(f"raptor/key/{name}".encode()).hexdigest()
        self.push_secret = sha256(f"raptor/push/{name}".encode()).hexdigest()
        self.header_name = "X-API-Key"
        self.activation_id = "act-77"
        self.calls_per_s = CALLS_PER_S
        self.page_size = PAGE_SIZE
        self.push_address = ""
        self.retry_pause_s = 1.0
        self.delivery_timeout_s = 10.0
        self.book = Book()
        self.pushes = Pushes(self)
        self.recent = RecentCalls()

    def change_settings(self, data: Data) -> None:
        for name in NEVER_EMPTY:
            if name in data and not str(data[name]).strip():
                raise ValueError(f"{name} can't be empty")
        if int(data.get("page_size", 1)) < 1:
            raise ValueError("page_size is 1 or more")
        if data.get("push_address") and not str(data["push_address"]).startswith(("http://", "https://")):
            raise ValueError("push_address starts with http:// or https://")
        super().change_settings(data)

    def refuse_above_limit(self) -> None:
        """Counts a call in a sliding second; 0 lifts the limit. Raises RaptorError (429) above it."""
        if self.recent.take(self.calls_per_s, 1.0) is not None:
            raise over_limit(1)

    # -- what happens at the vendor ---------------------------------------------------------------

    def move(self, audience: Audience, email: str, change: str) -> bool:
        """Lets a person enter or leave, and pushes that; False when it was so already."""
        made = self.book.move(audience, email, change)
        if made is None:
            return False
        operation = {"entered": "enter", "left": "leave"}[change]
        self.ledger.add(made.at, operation, "membership", audience.id, change, made.email, ())
        self.pushes.announce(audience_change(audience, made.email, change, made.at))
        return True

    def set_value(self, attribute: Attribute, email: str, value: Any) -> None:
        """Raises RaptorError (400)."""
        if not email.strip():
            raise invalid("A value is somebody's")
        at, email = utc_now(), email.strip()
        outcome = "updated" if email in attribute.values else "created"
        attribute.values[email] = value
        self.ledger.add(at, "set", "value", attribute.id, outcome, email, ())
        self.pushes.announce(value_change(attribute, email, value, at))

    def delete_audience(self, audience: Audience) -> None:
        at = utc_now()
        del self.book.audiences[audience.id]
        self.ledger.add(at, "delete", "audience", audience.id, "deleted", audience.name, ())
        self.pushes.announce(deletion(audience, at))

    # -- keeping ----------------------------------------------------------------------------------

    def clear_data(self) -> None:
        super().clear_data()
        self.book = Book()
        self.pushes.forget()
        self.recent.clear()

    def close(self) -> None:
        self.pushes.close()

    def dump(self) -> Data:
        return super().dump() | self.book.dump()

    def load(self, data: Data) -> None:
        super().load(data)
        self.book.load(data)
