"""Contacthub in practice mode, for tests and benchmarks.

hub = sandbox.contacthub()
hub.settings(role="TRUSTED_APPLICATION", uniqueness="MERGE")
hub.api("POST", "customers", {"nodeId": hub.shop, "base": {"contacts": {"email": "ada@example.test"}}})
...
assert [entry["outcome"] for entry in hub.ledger()] == ["created"]
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import requests

from tests.sandbox_server import JSON, Account


class ContacthubAccount(Account):
    """A Contacthub account in practice mode. Workspace, node ids and the portal's token stay the same after a reset."""

    @property
    def api_address(self) -> str:
        return f"{self.url}/hub/v1"

    def workspace(self) -> JSON:
        """id, nodes (id, name, is_view, shows, customers) and sources (id, name, token, role, …)."""
        return self.call("GET", "workspace")

    @cached_property
    def _first(self) -> JSON:
        return self.workspace()

    @property
    def workspace_id(self) -> str:
        return str(self._first["id"])

    def node(self, name: str) -> str:
        """The id of a node that was there from the start: Shop, Newsletter, or Everybody (a view of both)."""
        return next(str(node["id"]) for node in self._first["nodes"] if node["name"] == name)

    @property
    def shop(self) -> str:
        return self.node("Shop")

    @property
    def everybody(self) -> str:
        return self.node("Everybody")

    @property
    def source_id(self) -> str:
        """Of the source whose token the portal has: what `updatedBy` will be."""
        return str(self._first["sources"][0]["id"])

    @property
    def token(self) -> str:
        return str(self._first["sources"][0]["token"])

    def api(
        self, method: str, path: str, body: Any = None, token: str = "", workspace: str = "", **params: Any
    ) -> requests.Response:
        """A call to the emulated API below the workspace, e.g. api("GET", "customers", nodeId=hub.shop)."""
        return self.sandbox.http.request(
            method,
            f"{self.api_address}/workspaces/{workspace or self.workspace_id}/{path}",
            params=params,
            json=body,
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=60,
        )

    def add_node(self, name: str, shows: list[str] | None = None) -> str:
        """Its id. `shows`: the entries that a view shows."""
        return str(self.call("POST", "nodes", name=name, shows=shows or [])["id"])

    def remove_node(self, node_id: str) -> None:
        """With its customers."""
        self.call("DELETE", "nodes", id=node_id)

    def source(self, source_id: str = "", **options: Any) -> JSON:
        """Changes role, token or enabled of a source; without an id makes one (name, role). The source."""
        return self.call("POST", "sources", id=source_id, **options)

    def extended(self, schema: JSON) -> None:
        """What the workspace declares for extended properties."""
        self.call("POST", "extended", schema=schema)

    def seed(self, count: int, start: int = 1, node_id: str = "", **parts: Any) -> list[str]:
        """Invented customers customer000001@example.test (C-1) and on, a millisecond apart; not in the ledger.

        `parts`: base and extended of all of them. Their ids.
        """
        return self.call("POST", "seed", node_id=node_id or self.shop, count=count, start=start, **parts)["ids"]

    def customers(self, node_id: str = "", limit: int = 1_000_000, **search: Any) -> list[JSON]:
        """Customers as written, oldest first, or those with `email=`."""
        return self.call("GET", "customers", node_id=node_id or self.shop, limit=limit, **search)["customers"]

    def customer(self, email: str, node_id: str = "") -> JSON:
        """The one customer with this address."""
        (found,) = self.customers(node_id, email=email)
        return found

    def customer_count(self, node_id: str = "") -> int:
        return self.call("GET", "customers", node_id=node_id or self.shop, limit=0)["total"]

    def save_customer(self, customer_id: str = "", node_id: str = "", **body: Any) -> JSON:
        """Creates (no id) or patches a customer as a user would: save_customer(base={"firstName": "Ada"})."""
        return self.call("POST", "customers", id=customer_id, node_id=node_id or self.shop, body=body)

    def save_person(self, email: str, node_id: str = "", **base: Any) -> JSON:
        """A new customer, as a user would make it."""
        return self.save_customer(node_id=node_id, base={"contacts": {"email": email}, **base})

    def remove_customer(self, customer_id: str) -> None:
        self.call("DELETE", "customers", id=customer_id)

    def subscribe(self, customer_id: str, subscription_id: str, subscribed: bool | None = True, **more: Any) -> JSON:
        """Sets a subscription, as a user would."""
        sent = {"id": subscription_id, "subscribed": subscribed, **more}
        return self.call("POST", "subscriptions", id=customer_id, subscription=sent)

    def updates(self, since: int = 0) -> list[JSON]:
        """The stream: offset, operation, id, updated_by."""
        return self.call("GET", "updates", since=since)
