"""Pushes: what an account sends, signed, to the address of a portal when persons enter, leave or get values."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests

from integrations.sandbox.outgoing import Answered, deliver, outward, post
from integrations.sandbox.vendor import Data

if TYPE_CHECKING:
    from integrations.sandbox.raptor.account import RaptorAccount

MOST_CHANGES = 500
PUSHES_KEPT = 1_000
# The portal has the batch: not a failure.
KNOWN_ALREADY = 409


@dataclass(slots=True)
class Push:
    """One batch. `state`: pending, delivered or failed."""

    seq: int
    time: str
    batch: str
    changes: int
    state: str = "pending"
    tries: int = 0
    status: int | None = None
    reason: str = ""


class Pushes:
    """A thread of its own sends what is queued, in order, as many changes a batch as wait."""

    def __init__(self, account: RaptorAccount) -> None:
        self.account = account
        self.pushes: deque[Push] = deque(maxlen=PUSHES_KEPT)
        self.count = 0
        self.last: tuple[str, bytes] | None = None
        self._queue: queue.Queue[Data | None] = queue.Queue()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def announce(self, change: Data) -> None:
        """Queues a change, if there is an address to push to."""
        if not self.account.push_address:
            return
        self._queue.put(change)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-raptor-pushes", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        with outward() as session:
            while (change := self._queue.get()) is not None and not self._closed.is_set():
                self.deliver(session, *self.batch_of([change, *self._waiting()]))

    def _waiting(self) -> list[Data]:
        changes: list[Data] = []
        while len(changes) < MOST_CHANGES - 1:
            try:
                change = self._queue.get_nowait()
            except queue.Empty:
                break
            if change is None:
                self._queue.put(None)
                break
            changes.append(change)
        return changes

    def batch_of(self, changes: list[Data]) -> tuple[Push, bytes]:
        with self._lock:
            self.count += 1
            now = datetime.now(UTC)
            name = f"b-{now:%Y%m%d-%H%M%S}-{self.account.name}-{self.count}"
            push = Push(self.count, now.isoformat(timespec="milliseconds"), name, len(changes))
            self.pushes.append(push)
        body = {
            "activationId": self.account.activation_id,
            "batchId": name,
            "sequenceNumber": self.account.book.sequence,
            "changes": changes,
        }
        return push, json.dumps(body, ensure_ascii=False).encode()

    def deliver(self, session: requests.Session, push: Push, body: bytes) -> None:
        """Up to three tries; a 2xx counts as delivered, and so does “I have it already”."""
        self.last = push.batch, body
        account = self.account

        def send() -> Answered:
            signed = {"Content-Type": "application/json", "X-Raptor-Signature": signature(account.push_secret, body)}
            return post(session, account.push_address, account.delivery_timeout_s, data=body, headers=signed)

        if not deliver(push, send, lambda: self._closed.wait(account.retry_pause_s), taken=(KNOWN_ALREADY,)):
            push.state = "failed"

    def send_last_again(self) -> Push | None:
        """The last batch once more, at once, as after an answer that was lost."""
        if self.last is None:
            return None
        name, body = self.last
        with self._lock:
            self.count += 1
            push = Push(self.count, datetime.now(UTC).isoformat(timespec="milliseconds"), name, 0)
            self.pushes.append(push)
        push.changes = len(json.loads(body)["changes"])
        with outward() as session:
            self.deliver(session, push, body)
        return push

    def forget(self) -> None:
        self.pushes.clear()
        self.last = None

    def close(self) -> None:
        self._closed.set()
        self._queue.put(None)


def signature(secret: str, body: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def audience_change(audience: Any, email: str, change: str, at: str) -> Data:
    person = {"email": email}
    return {"type": "audience", "id": audience.id, "name": audience.name, "person": person, "change": change, "at": at}


def deletion(audience: Any, at: str) -> Data:
    return {"type": "audience_deleted", "id": audience.id, "name": audience.name, "at": at}


def value_change(attribute: Any, email: str, value: Any, at: str) -> Data:
    return {
        "type": "calculated_attribute",
        "id": attribute.id,
        "name": attribute.name,
        "person": {"email": email},
        "value": value,
        "valueType": attribute.value_type,
        "at": at,
    }
