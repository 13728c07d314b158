"""Automations: what an account sends to a webhook address when its leads and activities change."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

import requests

from integrations.sandbox.outgoing import Answered, deliver, outward, post

if TYPE_CHECKING:
    from integrations.sandbox.leadsquared.account import LeadSquaredAccount

DELIVERIES_KEPT = 5_000
TRIGGERS = {"new_lead": "New lead", "lead_update": "Lead update", "activity": "Activity"}
Flat = dict[str, Any]


@dataclass(slots=True)
class Change:
    """What happened. `before` and `after` hold what changed, `current` the lead's filled fields."""

    trigger: str
    event_type: str
    current: Flat = field(default_factory=dict)
    before: Flat = field(default_factory=dict)
    after: Flat = field(default_factory=dict)
    activities: list[Flat] = field(default_factory=list)


def flat_body(change: Change) -> Any:
    if change.trigger != "activity":
        return change.current
    rows = [row | {"Prospect": change.current} if change.current else row for row in change.activities]
    return rows if len(rows) > 1 else rows[0]


def before_after_body(change: Change) -> Any:
    if change.trigger == "activity":
        return flat_body(change)
    return {"Before": change.before, "After": change.after or change.current, "Current": change.current}


def standard_body(change: Change) -> Any:
    return before_after_body(change) if change.trigger == "lead_update" else flat_body(change)


def wrapped_body(change: Change) -> Any:
    return {"Data": flat_body(change)}


def attributes_body(change: Change) -> Any:
    if change.trigger != "activity":
        return pairs(change.current, "Attribute")
    rows = []
    for activity in change.activities:
        fields = {name: value for name, value in activity.items() if name.startswith("mx_")}
        rest = {name: value for name, value in activity.items() if name not in fields}
        rows.append(rest | {"Fields": pairs(fields, "SchemaName"), "Current": change.current})
    return rows


def pairs(values: Flat, name_key: str) -> list[Flat]:
    return [{name_key: name, "Value": value} for name, value in values.items()]


# name -> (what the page calls it, the body)
VARIANTS: dict[str, tuple[str, Callable[[Change], Any]]] = {
    "standard": ("As LeadSquared sends it", standard_body),
    "flat": ("Flat object", flat_body),
    "before_after": ("Before / After / Current", before_after_body),
    "wrapped": ('Wrapped in "Data"', wrapped_body),
    "attributes": ("List of Attribute and Value", attributes_body),
    "form": ("Form-encoded", flat_body),
}


@dataclass(slots=True)
class Automation:
    """One published automation with a Webhook card."""

    url: str
    triggers: list[str] = field(default_factory=lambda: ["new_lead", "lead_update"])
    variant: str = "standard"
    headers: dict[str, str] = field(default_factory=dict)
    name: str = "Automation"
    enabled: bool = True
    id: str = field(default_factory=lambda: str(uuid4()))

    def refuse_unknown(self) -> None:
        """Raises ValueError when a trigger or the variant isn't one."""
        if self.variant not in VARIANTS:
            raise ValueError(f"no variant called {self.variant!r}; there are: {', '.join(VARIANTS)}")
        unknown = set(self.triggers) - set(TRIGGERS)
        if unknown:
            raise ValueError(f"no trigger called {sorted(unknown)[0]!r}; there are: {', '.join(TRIGGERS)}")


@dataclass(slots=True)
class Delivery:
    """One webhook on its way. The address stays out: it may carry a secret."""

    seq: int
    time: str
    automation: str
    trigger: str
    event_type: str
    state: str = "pending"
    tries: int = 0
    status: int | None = None
    reason: str = ""


class Webhooks:
    """An account's automations and the thread that delivers for them, in order."""

    def __init__(self, account: LeadSquaredAccount) -> None:
        self.account = account
        self.automations: list[Automation] = []
        self.deliveries: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self.count = 0
        self._queue: queue.Queue[tuple[Automation, Change, Delivery] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def wanted(self, trigger: str) -> bool:
        return any(automation.enabled and trigger in automation.triggers for automation in self.automations)

    def put(self, options: Mapping[str, Any]) -> Automation:
        """Adds an automation, or changes the one with the same id. Raises ValueError."""
        known = self.get(str(options.get("id", "")))
        try:
            automation = Automation(**((asdict(known) if known else {}) | dict(options)))
        except TypeError as error:
            raise ValueError(str(error).replace("Automation.__init__() ", "")) from error
        automation.refuse_unknown()
        if known:
            self.automations[self.automations.index(known)] = automation
        else:
            self.automations.append(automation)
        return automation

    def get(self, automation_id: str) -> Automation | None:
        return next((automation for automation in self.automations if automation.id == automation_id), None)

    def remove(self, automation_id: str) -> None:
        self.automations = [automation for automation in self.automations if automation.id != automation_id]

    def announce(self, change: Change) -> None:
        """Queues a change for every automation that waits for it."""
        for automation in self.automations:
            if automation.enabled and change.trigger in automation.triggers:
                self._put(automation, change)

    def _put(self, automation: Automation, change: Change) -> None:
        delivery = self.new_delivery(automation, change)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
                self._thread.start()
        self._queue.put((automation, change, delivery))

    def new_delivery(self, automation: Automation, change: Change) -> Delivery:
        with self._lock:
            self.count += 1
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            delivery = Delivery(self.count, now, automation.name, change.trigger, change.event_type)
            self.deliveries.append(delivery)
        return delivery

    def _run(self) -> None:
        with outward() as session:
            while (item := self._queue.get()) is not None and not self._closed.is_set():
                self.deliver(session, *item)

    def deliver(self, session: requests.Session, automation: Automation, change: Change, delivery: Delivery) -> None:
        """Up to three tries; only a 2xx counts as delivered."""

        def send() -> Answered:
            body, url = VARIANTS[automation.variant][1](change), addressed(automation, change.event_type)
            content = {"data": form_of(body)} if automation.variant == "form" else {"json": body}
            return post(session, url, self.account.delivery_timeout_s, headers=automation.headers, **content)

        if not deliver(delivery, send, lambda: self._closed.wait(self.account.retry_pause_s)):
            delivery.state = "failed"

    def verify(self, url: str, headers: Mapping[str, str]) -> tuple[bool, str]:
        """The Verify button: a HEAD request that must be answered with 200."""
        try:
            with outward() as session:
                response = session.head(
                    url, headers=dict(headers), timeout=self.account.delivery_timeout_s, allow_redirects=False
                )
        except requests.RequestException as error:
            return False, f"No answer: {type(error).__name__}"
        good = response.status_code == 200
        return good, "Verified" if good else f"Answered {response.status_code}, expected 200"

    def forget(self) -> None:
        self.deliveries.clear()

    def close(self) -> None:
        self._closed.set()
        self._queue.put(None)

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(automation) for automation in self.automations]

    def load(self, rows: list[dict[str, Any]]) -> None:
        self.automations = [Automation(**row) for row in rows]


def addressed(automation: Automation, event_type: str) -> str:
    """The webhook address with the vendor's own parameters."""
    extra = urlencode({"entityType": "automation", "entityId": automation.id, "eventType": event_type})
    return f"{automation.url}{'&' if '?' in automation.url else '?'}{extra}"


def form_of(body: Any) -> dict[str, str]:
    """A flat object as form fields; an object inside it gives its own fields, a list its first row."""
    row = body[0] if isinstance(body, list) else body
    fields: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            fields |= {inner: str(text) for inner, text in value.items() if inner not in row}
        elif value is not None:
            fields[name] = str(value)
    return fields
