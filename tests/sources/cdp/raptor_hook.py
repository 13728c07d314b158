"""Raptor as the portal sees it: signed pushes over HTTP, as the vendor's sheet proposes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import requests

from integrations.core.api.tokens import new_token
from integrations.sources.cdp.models import RaptorCall, RaptorSettings
from integrations.sources.cdp.raptor import calls
from integrations.sources.cdp.raptor.hook import SCOPE
from tests.sandbox_raptor import signature

SECRET = "an-agreed-secret-of-raptors"
NUMBERS: Iterator[int] = count(1)
CATS = "5d822e81"


def at(minute: int, day: int = 9) -> str:
    return f"2024-03-{day:02}T05:{minute:02}:00Z"


def moved(
    who: str, change: str = "entered", minute: int = 7, id: str = CATS, name: str = "Cat owners"
) -> dict[str, Any]:
    return {
        "type": "audience",
        "id": id,
        "name": name,
        "person": {"email": who},
        "change": change,
        "at": at(minute),
    }


def valued(who: str, value: Any, minute: int = 7, kind: str = "number", id: str = "ca-12") -> dict[str, Any]:
    return {
        "type": "calculated_attribute",
        "id": id,
        "name": "Lifetime value",
        "person": {"email": who},
        "value": value,
        "valueType": kind,
        "at": at(minute),
    }


def deleted(minute: int = 8, id: str = CATS, name: str = "Cat owners") -> dict[str, Any]:
    return {"type": "audience_deleted", "id": id, "name": name, "at": at(minute)}


class Pusher:
    """Raptor's side: an address and a secret."""

    def __init__(self, portal: str) -> None:
        self.portal = portal
        self.token = new_token("Raptor", [SCOPE])[1]
        settings = RaptorSettings.load()
        settings.push_secret = SECRET
        settings.save()

    @property
    def address(self) -> str:
        return f"{self.portal}/hooks/raptor/{self.token}/"

    def post(self, body: bytes, **headers: str) -> requests.Response:
        sent = {"Content-Type": "application/json", "X-Raptor-Signature": signature(SECRET, body), **headers}
        return requests.post(self.address, data=body, headers=sent, timeout=20)

    def push(self, *changes: Any, batch: str = "", **rest: Any) -> requests.Response:
        """A batch with these changes, its own name unless given."""
        name = batch or f"b-{next(NUMBERS)}"
        body = {"activationId": "act-77", "batchId": name, "sequenceNumber": 883, "changes": changes, **rest}
        return self.post(json.dumps(body).encode())

    def applied(self, *changes: Any) -> list[tuple[str, str]]:
        """Pushed and applied: outcome and message of each change."""
        answer = self.push(*changes)
        assert answer.status_code == 202, answer.text
        assert answer.json() == {"accepted": len(changes)}
        calls.apply_waiting()
        return [tuple(result) for result in RaptorCall.objects.latest("pk").results]
