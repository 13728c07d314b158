"""The API of Contacthub: customers, their subscriptions, and the stream of updates. Errors are raised as HubError."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Any

from integrations.sandbox.contacthub.account import HubAccount
from integrations.sandbox.contacthub.errors import HubError, bad_request
from integrations.sandbox.contacthub.nodes import Node
from integrations.sandbox.contacthub.queries import condition_of, single, test_of, valued
from integrations.sandbox.contacthub.search import INDEXED, last_change
from integrations.sandbox.contacthub.sources import UNTRUSTED, Source
from integrations.sandbox.contacthub.store import Customer
from integrations.sandbox.contacthub.writer import Writer

PAGE, LARGEST_PAGE = 20, 50
UPDATES, MOST_UPDATES = 50, 4000


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call by the token of `source`; `name` is its method and what it is about, for the ledger."""

    account: HubAccount
    source: Source
    query: Mapping[str, str]
    raw: bytes
    name: str

    @property
    def body(self) -> Any:
        try:
            body = json.loads(self.raw)
            # Half a surrogate pair parses, but could never be shown or answered.
            json.dumps(body, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise bad_request("The body is not JSON") from None
        return body

    @property
    def writer(self) -> Writer:
        return Writer(self.account, self.source.id, self.name, trusted=self.source.role != UNTRUSTED)

    @property
    def node(self) -> Node:
        """The node that the query must name."""
        if not self.query.get("nodeId"):
            raise bad_request("nodeId is required")
        return self.account.node(self.query["nodeId"])

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise bad_request(f"{name} is a number from {least} to {most}")
        return int(text)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; without a body it is empty."""

    body: Any = None
    status: int = 200


def get_customers(call: ApiCall) -> Reply:
    node = call.node
    page, size = call.whole("page", 0, 0, 10**9), call.whole("size", PAGE, 1, LARGEST_PAGE)
    search = call.account.store.search
    search.catch_up()
    question = (*node.entries, *(call.query.get(name, "") for name in ("externalId", "query", "sort")))
    found = search.answers.get(question)
    if found is None:
        found = search.keep(question, ordered(matching(call, node), call.query.get("sort", "")))
    shown = found[page * size : (page + 1) * size]
    paths = [path.strip() for path in call.query.get("fields", "").split(",") if path.strip()]
    rows = [only(customer, paths) for customer in shown] if paths else shown
    counts = {"size": size, "totalElements": len(found), "totalPages": ceil(len(found) / size), "number": page}
    return Reply({"elements": rows, "page": counts})


def matching(call: ApiCall, node: Node) -> list[Customer]:
    search, external_id = call.account.store.search, call.query.get("externalId")
    condition = condition_of(call.query["query"]) if call.query.get("query") else None
    found = None
    if condition is not None:
        test, (attribute, operator, value) = test_of(condition), single(condition)
        if attribute in INDEXED and operator == "EQUALS":
            found = search.equal(node.entries, attribute, value)
        elif attribute == "updatedAt" and operator in ("GTE", "GT") and isinstance(value, str):
            found = search.changed(node.entries, value, operator == "GTE")
        else:
            found = [customer for customer in search.of(node.entries) if test(customer)]
    if external_id is not None:
        known = search.equal(node.entries, "externalId", external_id)
        found = known if found is None else [customer for customer in found if customer in known]
    return search.of(node.entries) if found is None else found


def ordered(found: list[Customer], sort: str) -> list[Customer]:
    """`attribute`, `attribute,asc` or `attribute,desc`; whoever has no value comes first."""
    attribute, _, direction = sort.partition(",")
    if direction not in ("", "asc", "desc"):
        raise bad_request("sort is not valid")
    if not attribute:
        return found

    def key(customer: Customer) -> tuple[bool, Any]:
        value = valued(customer, attribute)
        return value is not None, value if isinstance(value, int | float) else str(value)

    try:
        return sorted(found, key=last_change if attribute == "updatedAt" else key, reverse=direction == "desc")
    except TypeError:
        raise bad_request("sort is not valid") from None


def only(customer: Customer, paths: list[str]) -> Customer:
    """Some of the customer's attributes, and its id."""
    shown: Customer = {"id": customer["id"]}
    for path in paths:
        *outer, last = path.split(".")
        inner: Any = shown
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = valued(customer, path)
    return shown


def create_customer(call: ApiCall) -> Reply:
    return Reply(call.writer.create(call.body), 201)


def get_customer(call: ApiCall, customer_id: str) -> Reply:
    return Reply(call.writer.customer(customer_id))


def patch_customer(call: ApiCall, customer_id: str) -> Reply:
    return Reply(call.writer.patch(customer_id, call.body))


def replace_customer(call: ApiCall, customer_id: str) -> Reply:
    return Reply(call.writer.replace(customer_id, call.body))


def delete_customer(call: ApiCall, customer_id: str) -> Reply:
    call.writer.delete(customer_id)
    return Reply()


def create_subscription(call: ApiCall, customer_id: str) -> Reply:
    return Reply(call.writer.subscribe(customer_id, call.body), 201)


def get_subscription(call: ApiCall, customer_id: str, subscription_id: str) -> Reply:
    return Reply(call.writer.subscription(customer_id, subscription_id))


def replace_subscription(call: ApiCall, customer_id: str, subscription_id: str) -> Reply:
    return Reply(call.writer.replace_subscription(customer_id, subscription_id, call.body))


def delete_subscription(call: ApiCall, customer_id: str, subscription_id: str) -> Reply:
    call.writer.unsubscribe(customer_id, subscription_id)
    return Reply()


def get_updates(call: ApiCall) -> Reply:
    """Updates after `offset`; with neither that nor a time, from the beginning."""
    nodes, store = stream_of(call), call.account.store
    size = call.whole("size", UPDATES, 1, MOST_UPDATES)
    if "offset" in call.query:
        offset = call.whole("offset", 0, 0, 10**12)
    elif "timestamp" in call.query:
        offset = store.since(call.whole("timestamp", 0, 0, 10**15))
    else:
        offset = 0
    later = (one for one in islice(store.updates, offset, None) if one.customer["nodeId"] in nodes)
    found = list(islice(later, size))
    following = found[-1].offset if found else offset
    return Reply({"nextOffset": following, "updates": [one.told() for one in found]})


def last_offset(call: ApiCall) -> Reply:
    nodes = stream_of(call)
    mine = (one.offset for one in reversed(call.account.store.updates) if one.customer["nodeId"] in nodes)
    return Reply({"lastOffset": next(mine, 0)})


def stream_of(call: ApiCall) -> frozenset[str]:
    """The entries whose updates are asked for: customers' only, practice mode has no events."""
    entity = call.query.get("entity")
    if entity not in ("CUSTOMER", "EVENT"):
        raise HubError(400, "entity is CUSTOMER or EVENT")
    return frozenset(call.node.entries if entity == "CUSTOMER" else ())
