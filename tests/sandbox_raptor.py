"""Raptor in practice mode, for tests.

raptor = sandbox.raptor()
cats = raptor.audience("Cat owners")
raptor.enter(cats, "anna1@example.test")
raptor.settings(push_address="http://127.0.0.1:…/hooks/raptor/…/")      from now on every change is pushed
raptor.fault("too_many", path="changes", retry_after=30)
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

import requests

from integrations.sandbox.raptor.push import signature
from tests.sandbox_server import JSON, Account

__all__ = ["RaptorAccount", "signature"]


class RaptorAccount(Account):
    """A Raptor account in practice mode."""

    @cached_property
    def api_key(self) -> str:
        return str(self.settings()["api_key"])

    @cached_property
    def push_secret(self) -> str:
        return str(self.settings()["push_secret"])

    def api(self, path: str, **params: Any) -> requests.Response:
        """A call to the emulated API itself, e.g. api("identifiers")."""
        return self.sandbox.http.get(
            f"{self.url}/api/v3/{path}", params=params, headers={"X-API-Key": self.api_key}, timeout=60
        )

    def audience(self, name: str, id: str = "", description: str = "") -> str:
        """Creates an audience, or renames the one of this id. Its id."""
        return self.call("POST", "audiences", name=name, id=id, description=description)["id"]

    def audiences(self) -> list[JSON]:
        """As the API tells them, each with `members`."""
        return self.call("GET", "audiences")

    def delete_audience(self, id: str) -> None:
        self.call("DELETE", "audiences", id=id)

    def attach(self, id: str, attached: bool = True) -> None:
        """Whether the activation lists it."""
        self.call("POST", "attach", id=id, attached=attached)

    def enter(self, id: str, *emails: str) -> int:
        """How many weren't in it."""
        return self.call("POST", "move", id=id, emails=emails, change="entered")["moved"]

    def leave(self, id: str, *emails: str) -> int:
        return self.call("POST", "move", id=id, emails=emails, change="left")["moved"]

    def attribute(self, name: str, value_type: str = "number", id: str = "") -> str:
        """Creates a calculated attribute. Its id."""
        return self.call("POST", "attributes", name=name, value_type=value_type, id=id)["id"]

    def set_values(self, id: str, values: dict[str, Any]) -> None:
        self.call("POST", "values", id=id, values=values)

    def expire(self) -> None:
        """Sequence numbers from before now are answered with 410."""
        self.call("POST", "expire")

    def pushes(self, since: int = 0) -> list[JSON]:
        """Batches that were pushed: seq, time, batch, changes, state, tries, status, reason."""
        return self.call("GET", "pushes", since=since)

    def push_again(self) -> JSON:
        """The last batch once more."""
        return self.call("POST", "push_again")

    def wait_for_pushes(self, changes: int, timeout: float = 20.0) -> list[JSON]:
        """Until so many changes were delivered or given up. Raises AssertionError after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            done = [push for push in self.pushes() if push["state"] != "pending"]
            if sum(push["changes"] for push in done) >= changes:
                return done
            assert time.monotonic() < until, f"not settled: {self.pushes()}"
            time.sleep(0.02)
