"""What can be done to customers, whoever asks: a source by the API, or a user by a page or control call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from integrations.sandbox.contacthub import documents
from integrations.sandbox.contacthub.account import BLOCK, NO_CHECK, HubAccount
from integrations.sandbox.contacthub.base_schema import SUBSCRIPTION
from integrations.sandbox.contacthub.clock import now, stamp
from integrations.sandbox.contacthub.documents import Body, Customer, paths_in
from integrations.sandbox.contacthub.errors import HubError, Problem, conflict, invalid, missing
from integrations.sandbox.contacthub.queries import valued
from integrations.sandbox.contacthub.schema import problems_of

Subscription = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes under the account's lock. `by` is what `sourceInfo` names, `operation` what the ledger does.

    Raises HubError. A conflict names the customer only to a writer that is `trusted`.
    """

    account: HubAccount
    by: str
    operation: str
    trusted: bool = True

    def customer(self, customer_id: str) -> Customer:
        found = self.account.store.customers.get(customer_id)
        if found is None:
            raise missing("customer", customer_id)
        return found

    def create(self, body: Any) -> Customer:
        """A new customer; where the account merges, the one that has the e-mail address with this written to it."""
        self.check(body, "nodeId")
        node = self.account.node(body.get("nodeId"))
        if node.is_view:
            raise invalid([Problem("an aggregate node can't be written to", "/nodeId")])
        at = stamp(now())
        found = self.others(node.id, body, "")
        if found and self.account.uniqueness == BLOCK:
            raise self.conflict(found[0])
        if found:
            return self.put(documents.written(found[0], body, at, self.by), "merged", body)
        fresh = documents.blank(str(uuid4()), node.id, at, self.by)
        return self.put(documents.written(fresh, body, at, self.by), "created", body)

    def patch(self, customer_id: str, body: Any) -> Customer:
        return self.change(customer_id, body, documents.written, "id")

    def replace(self, customer_id: str, body: Any) -> Customer:
        return self.change(customer_id, body, documents.replaced, "id", "nodeId", *documents.ANSWERED)

    def change(self, customer_id: str, body: Any, write: Callable[..., Customer], *more: str) -> Customer:
        """An address of somebody else is refused also where a POST would merge: two customers can't become one here."""
        customer = self.customer(customer_id)
        self.check(body, *more)
        if body.get("id", customer_id) != customer_id:
            raise invalid([Problem("is not the id of the address", "/id")])
        if body.get("nodeId", customer["nodeId"]) != customer["nodeId"]:
            raise invalid([Problem("is not the node of the customer", "/nodeId")])
        if others := self.others(customer["nodeId"], body, customer_id):
            raise self.conflict(others[0])
        return self.put(write(customer, body, stamp(now()), self.by), "updated", body)

    def delete(self, customer_id: str) -> None:
        customer = self.customer(customer_id)
        gone = documents.touched(customer, stamp(now()), self.by)
        self.account.remove(gone)
        self.enter(gone, "customer", "deleted", ())

    # -- subscriptions ---------------------------------------------------------------------------

    def subscription(self, customer_id: str, subscription_id: str) -> Subscription:
        for one in self.customer(customer_id)["base"]["subscriptions"]:
            if one["id"] == subscription_id:
                return dict(one)
        raise missing("subscription", subscription_id)

    def subscribe(self, customer_id: str, body: Any) -> Subscription:
        """A new one. What the vendor says to an id that is there already isn't known."""
        self.check_subscription(body)
        there = self.customer(customer_id)["base"]["subscriptions"]
        if any(one["id"] == body["id"] for one in there):
            raise HubError(409, f"Conflict with exiting subscription {body['id']}")
        made = documents.subscription(body, stamp(now()))
        self.put_subscriptions(customer_id, [*there, made], "created", body)
        return made

    def replace_subscription(self, customer_id: str, subscription_id: str, body: Any) -> Subscription:
        """The whole of it: what isn't sent is cleared."""
        old = self.subscription(customer_id, subscription_id)
        self.check_subscription(body)
        if body["id"] != subscription_id:
            raise invalid([Problem("is not the id of the address", "/id")], "subscription")
        at = stamp(now())
        made = documents.subscription({"registeredAt": old["registeredAt"], **body, "updatedAt": at}, at)
        there = self.customer(customer_id)["base"]["subscriptions"]
        subscriptions = [made if one["id"] == subscription_id else one for one in there]
        self.put_subscriptions(customer_id, subscriptions, "updated", body)
        return made

    def unsubscribe(self, customer_id: str, subscription_id: str) -> None:
        old = self.subscription(customer_id, subscription_id)
        there = self.customer(customer_id)["base"]["subscriptions"]
        self.put_subscriptions(customer_id, [one for one in there if one["id"] != subscription_id], "deleted", old)

    def put_subscriptions(self, customer_id: str, all_of_them: list[Subscription], outcome: str, one: Body) -> None:
        after = documents.with_subscriptions(self.customer(customer_id), all_of_them, stamp(now()), self.by)
        self.account.put(after)
        state = {True: "subscribed", False: "unsubscribed"}.get(one.get("subscribed", ""), "no state")
        self.enter(after, "subscription", outcome, (one["id"], state))

    # -- underneath ------------------------------------------------------------------------------

    def check(self, body: Any, *more: str) -> None:
        """`more`: the keys this call takes beside the customer's parts."""
        refuse(documents.problems_in(body, documents.body_schema(self.account.extended, *more)), "customer")

    def check_subscription(self, body: Any) -> None:
        refuse(problems_of(body, SUBSCRIPTION), "subscription")

    def others(self, node: str, body: Body, customer_id: str) -> Sequence[Customer]:
        """Who else has the e-mail address of the body, if that is checked."""
        email = valued(body, "base.contacts.email")
        if not email or self.account.uniqueness == NO_CHECK:
            return []
        return [other for other in self.account.store.of_email(node, email) if other["id"] != customer_id]

    def conflict(self, customer: Customer) -> HubError:
        href = f"/workspaces/{self.account.workspace}/customers/{customer['id']}"
        return conflict(customer["id"], href, self.trusted)

    def put(self, customer: Customer, outcome: str, body: Body) -> Customer:
        self.account.put(customer)
        parts = {name: body[name] for name in documents.PARTS if name in body}
        self.enter(customer, "customer", outcome, paths_in(parts))
        return customer

    def enter(self, customer: Customer, kind: str, outcome: str, fields: Iterable[str]) -> None:
        key = valued(customer, "base.contacts.email") or customer["externalId"] or ""
        self.account.ledger.add(customer["updatedAt"], self.operation, kind, customer["id"], outcome, key, fields)


def refuse(problems: Iterable[Problem], what: str) -> None:
    if found := list(problems):
        raise invalid(found, what)
