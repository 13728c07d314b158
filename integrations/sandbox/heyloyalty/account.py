"""One practice account of Heyloyalty: its key, its settings, and the things it holds."""

from __future__ import annotations

from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.errors import not_found, too_many
from integrations.sandbox.heyloyalty.import_rows import ROWS
from integrations.sandbox.heyloyalty.imports import Import, Imports, Row
from integrations.sandbox.heyloyalty.lists import (
    MemberList,
    load_activities,
    load_members,
    loaded,
    practice_lists,
)
from integrations.sandbox.heyloyalty.mails import MailBox
from integrations.sandbox.heyloyalty.webhooks import Webhooks
from integrations.sandbox.recent import RecentCalls
from integrations.sandbox.vendor import Account, Data

# Setting -> the values it can have.
CHOICES = {"unsubscribed": ("recreate", "reactivate", "refuse"), "unknown_fields": ("refuse", "drop")}
# What a settings call may change, beside latency_ms; each is explained at its first value below.
SETTINGS = (
    "api_key",
    "api_secret",
    "timestamp_window_s",
    "calls_per_s",
    "unsubscribed",
    "unknown_fields",
    "field_limit",
    "import_delay_s",
    "retry_pause_s",
    "delivery_timeout_s",
)


class HeyloyaltyAccount(Account):
    """Account `practice` has the key `practice-key-practice` and secret `practice-secret-practice`, and so on."""

    changeable = SETTINGS

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.api_key = f"practice-key-{name}"
        self.api_secret = f"practice-secret-{name}"
        # How far the clock of a caller may be off; the vendor's rule isn't known. 0: any time.
        self.timestamp_window_s = 0.0
        # The vendor publishes no limit. 0: none.
        self.calls_per_s = 0
        # What upsert and import do about someone who unsubscribed.
        self.unsubscribed = "recreate"
        # A field that isn't on the list: 400, or left out.
        self.unknown_fields = "refuse"
        # Most fields of a list. 0: any number.
        self.field_limit = 0
        self.import_delay_s = 1.0
        self.retry_pause_s = 1.0
        self.delivery_timeout_s = 10.0
        self.lists: dict[int, MemberList] = practice_lists(name, now_text())
        self.last_list_id = max(self.lists)
        self.mails = MailBox()
        self.webhooks = Webhooks(self)
        self.imports = Imports(self, self.row_of)
        self.recent = RecentCalls()

    def row_of(self, job: Import) -> Row:
        return ROWS[job.kind](self, job)

    def list_of(self, list_id: int) -> MemberList:
        """Raises HeyloyaltyError."""
        if list_id not in self.lists:
            raise not_found()
        return self.lists[list_id]

    def add_list(self, options: Data) -> MemberList:
        """Raises HeyloyaltyError."""
        one = MemberList(self.last_list_id + 1, "", now_text())
        one.change({"name": ""} | options)
        one.fields.put(options.get("fields") or [{"name": "email"}, {"name": "mobile"}], self.field_limit)
        self.last_list_id = one.id
        self.lists[one.id] = one
        return one

    def remove_list(self, list_id: int) -> None:
        del self.lists[self.list_of(list_id).id]
        for webhook in self.webhooks.of_list(list_id):
            self.webhooks.remove(list_id, webhook.id)

    def refuse_above_limit(self) -> None:
        """Counts a call in the last second. Raises HeyloyaltyError above the limit."""
        if self.recent.take(self.calls_per_s, 1.0) is not None:
            raise too_many(wait=1)

    def change_settings(self, data: Data) -> None:
        for name, values in CHOICES.items():
            if data.get(name, values[0]) not in values:
                raise ValueError(f"{name} is one of {', '.join(values)}")
        super().change_settings(data)

    def clear_data(self) -> None:
        super().clear_data()
        for one in self.lists.values():
            one.clear()
        self.mails = MailBox()
        self.imports.clear()
        self.webhooks.clear_deliveries()
        self.recent.clear()

    def close(self) -> None:
        self.webhooks.worker.close()
        self.imports.worker.close()

    def dump(self) -> Data:
        lists = list(self.lists.values())
        return super().dump() | {
            "lists": [one.dump() for one in lists],
            "last_list_id": self.last_list_id,
            "members": [row for one in lists for row in one.dump_members()],
            "activities": [row for one in lists for row in one.dump_activities()],
            "mails": self.mails.since(0),
            "webhooks": self.webhooks.dump(),
            "imports": self.imports.dump(),
        }

    def load(self, data: Data) -> None:
        super().load(data)
        self.lists = {one.id: one for one in map(loaded, data["lists"])}
        self.last_list_id = data["last_list_id"]
        load_members(self.lists, data["members"])
        load_activities(self.lists, data["activities"])
        self.mails.load(data["mails"])
        self.webhooks.load(data["webhooks"])
        self.imports.load(data["imports"])
