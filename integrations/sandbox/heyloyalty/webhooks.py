"""List webhooks: what Heyloyalty sends to an address when members subscribe, change or unsubscribe."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.errors import invalid, not_found
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.members import Member
from integrations.sandbox.heyloyalty.parameters import is_on
from integrations.sandbox.heyloyalty.worker import Worker
from integrations.sandbox.outgoing import Answered, deliver, outward, post

if TYPE_CHECKING:
    from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount

DELIVERIES_KEPT = 5_000
# Those that practice mode has occasion to send, and those it only keeps.
SENT = ("subscribe", "update", "unsubscribe")
TRIGGERS = (*SENT, "spamComplaint", "click", "open", "hardbounce", "sent")


@dataclass(slots=True)
class Webhook:
    """Basic authentication goes into the address: `https://user:password@…`."""

    id: int
    list_id: int
    url: str
    contact_email: str = ""
    triggers: dict[str, int] = field(default_factory=dict)

    def listed(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "url": self.url,
            "contact_email": self.contact_email,
            "webhookTriggers": {name: self.triggers.get(name, 0) for name in TRIGGERS},
        }


@dataclass(slots=True)
class Delivery:
    """One webhook on its way. The address stays out: it may carry a secret."""

    seq: int
    time: str
    webhook: int
    type: str
    member_id: str
    state: str = "pending"
    tries: int = 0
    status: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    webhook: Webhook
    body: dict[str, Any]
    delivery: Delivery


class Webhooks:
    """An account's webhooks and the thread that delivers for them, in order."""

    def __init__(self, account: HeyloyaltyAccount) -> None:
        self.account = account
        self.webhooks: dict[int, Webhook] = {}
        self.last_id = 0
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self.count = 0
        self.session = outward()
        self.worker: Worker[Outgoing] = Worker("sandbox-heyloyalty-webhooks", self.deliver)

    def of_list(self, list_id: int) -> list[Webhook]:
        return [one for one in self.webhooks.values() if one.list_id == list_id]

    def get(self, list_id: int, webhook_id: int) -> Webhook:
        """Raises HeyloyaltyError."""
        found = self.webhooks.get(webhook_id)
        if found is None or found.list_id != list_id:
            raise not_found()
        return found

    def add(self, list_id: int, options: Mapping[str, Any]) -> Webhook:
        """Raises HeyloyaltyError, as does `change`."""
        wanted = read(Webhook(self.last_id + 1, list_id, ""), options)
        self.last_id = wanted.id
        self.webhooks[wanted.id] = wanted
        return wanted

    def change(self, list_id: int, webhook_id: int, options: Mapping[str, Any]) -> None:
        self.webhooks[webhook_id] = read(self.get(list_id, webhook_id), options)

    def remove(self, list_id: int, webhook_id: int) -> None:
        del self.webhooks[self.get(list_id, webhook_id).id]

    def announce(self, one: MemberList, member: Member, type: str) -> None:
        """Queues a change of a member for every webhook of the list that waits for it."""
        for webhook in self.of_list(one.id):
            if webhook.triggers.get(type):
                self.count += 1
                delivery = Delivery(self.count, now_text(), webhook.id, type, member.id)
                self.deliveries.append(delivery)
                self.worker.put(Outgoing(webhook, body_of(one, member, type), delivery))

    def deliver(self, outgoing: Outgoing) -> None:
        """Up to three tries; only a 2xx counts as delivered. Then the contact gets a mail."""
        delivery, account = outgoing.delivery, self.account
        hook = outgoing.webhook

        def send() -> Answered:
            return post(self.session, hook.url, account.delivery_timeout_s, json=outgoing.body)

        if deliver(delivery, send, lambda: self.worker.closed.wait(account.retry_pause_s)):
            return
        with account.lock:
            if hook.contact_email:
                account.mails.add(now_text(), "webhook_failed", hook.contact_email, delivery.reason, hook.list_id)
            delivery.state = "failed"

    def clear_deliveries(self) -> None:
        self.deliveries.clear()

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(webhook) for webhook in self.webhooks.values()]

    def load(self, rows: list[dict[str, Any]]) -> None:
        self.webhooks = {row["id"]: Webhook(**row) for row in rows}
        self.last_id = max(self.webhooks, default=0)


def read(webhook: Webhook, options: Mapping[str, Any]) -> Webhook:
    """The webhook after these options. Raises HeyloyaltyError."""
    url = str(options.get("url", webhook.url)).strip()
    if not url.startswith(("http://", "https://")):
        raise invalid("url starts with http:// or https://")
    triggers = options.get("webhookTriggers", webhook.triggers)
    if not isinstance(triggers, dict) or set(triggers) - set(TRIGGERS):
        raise invalid(f"webhookTriggers is an object of {', '.join(TRIGGERS)}")
    wanted = {name: int(is_on(value)) for name, value in triggers.items()}
    contact = str(options.get("contact_email", webhook.contact_email))
    return Webhook(webhook.id, webhook.list_id, url, contact, wanted)


def body_of(one: MemberList, member: Member, type: str) -> dict[str, Any]:
    """The default body. How the vendor builds `signature` isn't known: 32 hex digits to look at."""
    return {
        "member_id": member.id,
        "list_id": one.id,
        "type": type,
        "signature": hashlib.md5(f"{one.id}:{member.id}:{type}".encode(), usedforsecurity=False).hexdigest(),
        "member": {"id": member.id, "fields": dict(member.values)},
    }
