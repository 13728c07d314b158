"""What the settings page of Heyloyalty shows."""

from __future__ import annotations

from integrations.sandbox.heyloyalty.account import CHOICES, HeyloyaltyAccount
from integrations.sandbox.heyloyalty.frame import FRAME
from integrations.sandbox.practice_pages import PracticePages


class HeyloyaltyPages(PracticePages[HeyloyaltyAccount]):
    frame = FRAME
    labels = {
        "unsubscribed": "Upsert or import of someone who unsubscribed",
        "unknown_fields": "A field that is not on the list",
        "calls_per_s": "Calls a second (0: no limit)",
        "timestamp_window_s": "How far the caller’s clock may be off, in seconds (0: any time)",
        "field_limit": "Most fields of a list (0: any number)",
        "import_delay_s": "Delay before an import starts, in seconds",
        "latency_ms": "Delay of every call, in milliseconds",
        "retry_pause_s": "Pause between the tries of a webhook, in seconds",
    }
    choices = {name: {value: value for value in values} for name, values in CHOICES.items()}
    deleted = (
        "Deletes members, activities, imports, mails, ledger and faults of this account. "
        "Settings, lists, fields and webhooks stay."
    )

    def needed(self, account: HeyloyaltyAccount, address: str) -> dict[str, str]:
        tracking = {f"Tracking ID of {one.name}": one.tracking_id for one in account.lists.values() if one.tracking_id}
        return {
            "API address, also of tracking": address,
            "API key": account.api_key,
            "API secret": account.api_secret,
            **tracking,
        }
