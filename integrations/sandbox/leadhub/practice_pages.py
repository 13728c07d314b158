"""What the ledger and the settings page of LeadHub show."""

from __future__ import annotations

import json
from typing import Any

from integrations.sandbox.leadhub.account import SPEEDS, LeadHubAccount
from integrations.sandbox.leadhub.frame import FRAME
from integrations.sandbox.leadhub.limits import FAMILIES
from integrations.sandbox.practice_pages import PracticePages
from integrations.sandbox.vendor import Data


class LeadHubPages(PracticePages[LeadHubAccount]):
    frame = FRAME
    labels = {
        "token": "API key",
        "strict": "A tag for an unknown profile",
        "visibility_delay_s": "Seconds until a read shows what was written (0 to 2)",
        "job_seconds": "Seconds until a segment query is done",
        "latency_ms": "Delay of every call, in milliseconds",
        **{SPEEDS[name]: f"Limit: {family.label}" for name, family in FAMILIES.items()},
    }
    choices = {"strict": {"no": "is accepted and lost (202)", "yes": "is refused (404)"}}
    deleted = "Deletes profiles, ledger and faults of this account. Settings stay."

    def needed(self, account: LeadHubAccount, address: str) -> dict[str, str]:
        return {"API address": address, "API key": account.token}

    def row(self, entry: Data) -> dict[str, Any]:
        return {
            "No.": entry["seq"],
            "When (UTC)": entry["at"][11:19],
            "What": " ".join(filter(None, (entry["kind"], entry["tag"], entry["outcome"]))),
            "Whose": entry["user_id"] or entry["email_address"],
            "Data": json.dumps(entry["data"], ensure_ascii=False),
        }

    def own_context(self, account: LeadHubAccount) -> Data:
        return {"lost": [lost_row(tag) for tag in reversed(account.lost)]}


def lost_row(tag: Data) -> dict[str, Any]:
    whose = tag.get("user_id") or tag.get("email_address")
    return {"When (UTC)": tag["at"][11:19], "For": whose, "Tag": tag["tag"]}
