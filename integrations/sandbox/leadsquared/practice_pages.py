"""What the settings page of LeadSquared shows."""

from __future__ import annotations

from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.frame import FRAME
from integrations.sandbox.practice_pages import PracticePages


class LeadSquaredPages(PracticePages[LeadSquaredAccount]):
    frame = FRAME
    labels = {
        "calls_per_5s": "Calls in 5 seconds (0: no limit)",
        "bulk_calls_per_5s": "Bulk calls in 5 seconds (0: no limit)",
        "limit_answer": "Status above the limit (429 or 200)",
        "latency_ms": "Delay of every call, in milliseconds",
        "retry_pause_s": "Pause between the tries of a webhook, in seconds",
    }
    deleted = "Deletes leads, activities, ledger and faults of this account. Settings and automations stay."

    def needed(self, account: LeadSquaredAccount, address: str) -> dict[str, str]:
        return {"API address": address, "Access key": account.access_key, "Secret key": account.secret_key}
