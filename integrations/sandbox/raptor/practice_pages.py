"""What the settings page of Raptor shows."""

from __future__ import annotations

from integrations.sandbox.practice_pages import PracticePages
from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.raptor.frame import FRAME


class RaptorPages(PracticePages[RaptorAccount]):
    frame = FRAME
    labels = {
        "push_address": "Push to this address (the portal’s webhook URL; empty: nothing is pushed)",
        "push_secret": "Secret that pushes are signed with",
        "api_key": "API key",
        "header_name": "Header the API key is sent in",
        "activation_id": "Activation ID",
        "calls_per_s": "Calls a second (0: no limit)",
        "page_size": "Profiles of one answer",
        "latency_ms": "Delay of every call, in milliseconds",
        "retry_pause_s": "Pause between the tries of a push, in seconds",
        "delivery_timeout_s": "Seconds a push waits for its answer",
    }
    deleted = "Deletes audiences, attributes, changes, ledger and faults of this account. Settings stay."

    def needed(self, account: RaptorAccount, address: str) -> dict[str, str]:
        return {
            "API address": address,
            "API key": account.api_key,
            "Activation ID": account.activation_id,
            "Push secret": account.push_secret,
        }
