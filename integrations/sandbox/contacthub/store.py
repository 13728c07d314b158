"""The customers of a workspace, and the stream of what happened to them. A customer is never changed, but replaced:
the stream and the search index go on holding the earlier one."""

from __future__ import annotations

from typing import Any, NamedTuple

from integrations.sandbox.contacthub.clock import moment_of
from integrations.sandbox.contacthub.queries import valued
from integrations.sandbox.contacthub.search import SearchIndex

Customer = dict[str, Any]
CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


class Update(NamedTuple):
    """An entry of the stream; the first has offset 1. `customer` is as it was then."""

    offset: int
    operation: str
    customer: Customer

    def told(self) -> dict[str, Any]:
        return {"operation": self.operation, "entity": {"type": "CUSTOMER", "data": self.customer}}


class CustomerStore:
    """Guarded by the account's lock."""

    def __init__(self) -> None:
        self.customers: dict[str, Customer] = {}
        self.emails: dict[tuple[str, str], dict[str, None]] = {}
        self.updates: list[Update] = []
        self.search = SearchIndex()

    def put(self, customer: Customer, delay: float) -> None:
        """Creates or replaces."""
        old = self.customers.get(customer["id"])
        self._unindex(old)
        self.customers[customer["id"]] = customer
        self.emails.setdefault(email_key(customer), {})[customer["id"]] = None
        self._happened(UPDATE if old else CREATE, customer, delay)

    def remove(self, customer: Customer, delay: float) -> None:
        self._unindex(self.customers.pop(customer["id"]))
        self._happened(DELETE, customer, delay)

    def _unindex(self, customer: Customer | None) -> None:
        if customer is not None:
            self.emails.get(email_key(customer), {}).pop(customer["id"], None)

    def _happened(self, operation: str, customer: Customer, delay: float) -> None:
        self.updates.append(Update(len(self.updates) + 1, operation, customer))
        self.search.change(customer, operation == DELETE, delay)

    def of_email(self, node: str, email: str) -> list[Customer]:
        """Without regard to case; several where uniqueness isn't checked."""
        return [self.customers[found] for found in self.emails.get((node, email.lower()), ())]

    def of_node(self, node: str) -> list[Customer]:
        return [customer for customer in self.customers.values() if customer["nodeId"] == node]

    def since(self, milliseconds: int) -> int:
        """The offset before the first update after this time (of the epoch)."""
        later = (
            one.offset for one in self.updates if moment_of(one.customer["updatedAt"]).timestamp() * 1000 > milliseconds
        )
        return next(later, len(self.updates) + 1) - 1

    def dump(self) -> list[list[Any]]:
        return [[one.operation, one.customer] for one in self.updates]

    def load(self, rows: list[list[Any]]) -> None:
        """The stream from its beginning leads to today's customers."""
        for operation, customer in rows:
            if operation == DELETE:
                self.remove(customer, 0)
            else:
                self.put(customer, 0)


def email_key(customer: Customer) -> tuple[str, str]:
    return customer["nodeId"], str(valued(customer, "base.contacts.email") or "").lower()
