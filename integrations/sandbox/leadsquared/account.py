"""One practice account of LeadSquared: keys, limits, and the things it holds."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.sandbox.leadsquared.activities import ActivityBook
from integrations.sandbox.leadsquared.errors import over_limit
from integrations.sandbox.leadsquared.fields import FieldBook
from integrations.sandbox.leadsquared.store import LeadStore
from integrations.sandbox.leadsquared.users import practice_users
from integrations.sandbox.leadsquared.webhooks import Webhooks
from integrations.sandbox.recent import RecentCalls
from integrations.sandbox.vendor import Account, Data

CALLS_PER_5S = 10
BULK_CALLS_PER_5S = 1
WINDOW_SECONDS = 5.0
# What a settings call may change, beside latency_ms. limit_answer: the HTTP status that says "over the limit".
SETTINGS = (
    "access_key",
    "secret_key",
    "calls_per_5s",
    "bulk_calls_per_5s",
    "limit_answer",
    "retry_pause_s",
    "delivery_timeout_s",
)


class LeadSquaredAccount(Account):
    """Account `source` has keys `u$rpractice-source` and `practice-secret-source`, and so on for every name."""

    changeable = SETTINGS

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.access_key = f"u$rpractice-{name}"
        self.secret_key = f"practice-secret-{name}"
        self.calls_per_5s = CALLS_PER_5S
        self.bulk_calls_per_5s = BULK_CALLS_PER_5S
        self.limit_answer = 429
        self.retry_pause_s = 1.0
        self.delivery_timeout_s = 10.0
        self.fields = FieldBook(name)
        self.users = practice_users(name)
        self.allow_owners()
        self.store = LeadStore(self.fields)
        self.activities = ActivityBook()
        self.webhooks = Webhooks(self)
        self.recent = {False: RecentCalls(), True: RecentCalls()}

    def allow_owners(self) -> None:
        self.fields.allow_owners(user["ID"] for user in self.users if not user["StatusCode"])

    def fields_changed(self) -> None:
        """After a field was added, or made unique or mandatory."""
        self.fields.refresh()
        self.allow_owners()
        self.store.reindex()

    def refuse_above_limit(self, bulk: bool) -> None:
        """Counts a call in its sliding window; 0 lifts a limit. Raises MXError above it."""
        limit = self.bulk_calls_per_5s if bulk else self.calls_per_5s
        if self.recent[bulk].take(limit, WINDOW_SECONDS) is not None:
            raise over_limit(limit, int(self.limit_answer))

    def clear_data(self) -> None:
        super().clear_data()
        self.store = LeadStore(self.fields)
        self.activities.clear()
        self.webhooks.forget()
        for calls in self.recent.values():
            calls.clear()

    def close(self) -> None:
        self.webhooks.close()

    def dump(self) -> Data:
        return super().dump() | {
            "fields": self.fields.dump(),
            "leads": [dict(lead) for lead in self.store.leads.values()],
            "last_number": self.store.last_number,
            **self.activities.dump(),
            "automations": self.webhooks.dump(),
        }

    def load(self, data: Data) -> None:
        super().load(data)
        self.fields.load(data["fields"])
        self.store.leads = {lead["ProspectID"]: lead for lead in data["leads"]}
        self.store.last_number = data["last_number"]
        self.fields_changed()
        self.activities.load(data)
        self.webhooks.load(data["automations"])


def utc_now() -> str:
    """Now as LeadSquared writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
