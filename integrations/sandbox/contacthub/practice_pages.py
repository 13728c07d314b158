"""What the settings page of Contacthub shows."""

from __future__ import annotations

from integrations.sandbox.contacthub.account import BLOCK, CHOICES, MERGE, NO_CHECK, HubAccount
from integrations.sandbox.contacthub.frame import FRAME
from integrations.sandbox.practice_pages import PracticePages

UNIQUENESS = {
    BLOCK: "BLOCK: is refused (409)",
    MERGE: "MERGE: becomes one with the first (201)",
    NO_CHECK: "NO_CHECK: is a second customer",
}


class HubPages(PracticePages[HubAccount]):
    frame = FRAME
    labels = {
        "role": "Role of the portal’s token",
        "uniqueness": "A second customer with an e-mail address of the node",
        "reindexing": "Writing a customer",
        "search_delay_s": "Seconds until lists and queries show what was written (0 to 60)",
        "calls_per_s": "Calls a second (0: no limit)",
        "latency_ms": "Delay of every call, in milliseconds",
    }
    choices = {
        "role": {role: role for role in CHOICES["role"]},
        "uniqueness": UNIQUENESS,
        "reindexing": {"no": "is possible", "yes": "is locked, the workspace is being reindexed (423)"},
    }
    deleted = "Deletes customers, updates, ledger and faults of this account. Settings, nodes and sources stay."

    def needed(self, account: HubAccount, address: str) -> dict[str, str]:
        nodes = {f"Node {node.name}": node.id for node in account.nodes.values()}
        return {
            "API address": f"{address}/hub/v1",
            "Workspace ID": account.workspace,
            "Token": account.portal.token,
            **nodes,
        }
