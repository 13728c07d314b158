"""Control calls of Contacthub, below `/practice/contacthub/<account>/`. Bodies and answers are JSON.

GET    workspace                                   its id, nodes (with numbers of customers) and sources (with roles)
POST   nodes      {"name", "description", "shows": [entry ids: a view]}      DELETE nodes {"id"}: with its customers
POST   sources    {"id", "role", "token", "enabled"}      changes one; without an id {"name", "role"} makes one
POST   extended   {"schema": {…}}                  what the workspace declares for extended properties
POST   seed       {"node_id", "count": 1000, "start": 1, "base": {…}, "extended": {…}}    many, not in the ledger
GET    customers  ?node_id=…&email=…&limit=100&offset=0      as written, oldest first; and their number
POST   customers  {"id": "", "node_id", "body": {…}}    creates (no id) or patches one as a user would
DELETE customers  {"id"}                                as a user would
POST   subscriptions {"id": customer, "subscription": {"id", "subscribed"}}      as a user would, new or changed
GET    updates    ?since=0                         the stream: offset, operation, id, updated_by
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from integrations.sandbox.contacthub import documents
from integrations.sandbox.contacthub.account import HubAccount
from integrations.sandbox.contacthub.clock import now, stamp
from integrations.sandbox.contacthub.nodes import lasting_id
from integrations.sandbox.contacthub.sources import ROLES, Source, new_token
from integrations.sandbox.contacthub.writer import Writer
from integrations.sandbox.vendor import Data

USER = "a user"


def user(account: HubAccount) -> Writer:
    """Someone who works in Contacthub itself."""
    return Writer(account, account.user_id, USER)


def workspace(account: HubAccount, data: Data) -> Any:
    with account.lock:
        nodes = [
            node.dump()
            | {"is_view": node.is_view, "customers": sum(len(account.store.of_node(one)) for one in node.entries)}
            for node in account.nodes.values()
        ]
        return {"id": account.workspace, "nodes": nodes, "sources": [one.dump() for one in account.sources.values()]}


def save_node(account: HubAccount, data: Data) -> Any:
    with account.lock:
        return account.add_node(data["name"], data.get("description", ""), data.get("shows")).dump()


def remove_node(account: HubAccount, data: Data) -> Any:
    with account.lock:
        account.remove_node(data["id"])
    return workspace(account, {})


def save_source(account: HubAccount, data: Data) -> Any:
    """Raises ValueError for a role there isn't."""
    if data.get("role", ROLES[0]) not in ROLES:
        raise ValueError(f"role is one of {', '.join(ROLES)}")
    with account.lock:
        if data.get("id"):
            source = account.sources[data["id"]]
        else:
            source = Source(str(uuid4()), str(data["name"]), new_token())
            account.sources[source.id] = source
        for name in ("role", "token", "enabled"):
            setattr(source, name, data.get(name, getattr(source, name)))
        return source.dump()


def save_extended(account: HubAccount, data: Data) -> Any:
    account.extended = dict(data["schema"])
    return {"schema": account.extended}


def seed(account: HubAccount, data: Data) -> Any:
    """Invented customers number `start` and on, a millisecond between two. In the stream, but not in the ledger."""
    start, count = int(data.get("start", 1)), int(data.get("count", 1))
    first = now() - timedelta(milliseconds=count)
    with account.lock:
        node = account.node(data["node_id"])
        bodies = (seeded(number, data) for number in range(start, start + count))
        made = []
        for place, body in enumerate(bodies):
            at = stamp(first + timedelta(milliseconds=place))
            new_id = lasting_id(account.name, "customer", node.id, body["externalId"])
            made.append(
                documents.written(documents.blank(new_id, node.id, at, account.user_id), body, at, account.user_id)
            )
        for customer in made:
            account.put(customer)
    return {"created": count, "ids": [customer["id"] for customer in made]}


def seeded(number: int, data: Data) -> Data:
    base = {
        "firstName": "Practice",
        "lastName": f"Customer {number}",
        "contacts": {"email": f"customer{number:06}@example.test"},
    }
    merged = documents.merged(base, data.get("base", {}))
    return {"externalId": f"C-{number}", "base": merged, "extended": data.get("extended", {})}


def customers(account: HubAccount, data: Data) -> Any:
    offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
    with account.lock:
        node = account.node(data["node_id"])
        if data.get("email"):
            found = [one for entry in node.entries for one in account.store.of_email(entry, data["email"])]
        else:
            found = [one for entry in node.entries for one in account.store.of_node(entry)]
        return {"total": len(found), "customers": list(islice(found, offset, offset + limit))}


def save_customer(account: HubAccount, data: Data) -> Any:
    with account.lock:
        if data.get("id"):
            return user(account).patch(data["id"], data["body"])
        return user(account).create({"nodeId": data["node_id"], **data["body"]})


def remove_customer(account: HubAccount, data: Data) -> Any:
    with account.lock:
        user(account).delete(data["id"])
    return {}


def save_subscription(account: HubAccount, data: Data) -> Any:
    """What isn't given stays as it was."""
    with account.lock:
        writer, sent = user(account), data["subscription"]
        there = {one["id"]: one for one in writer.customer(data["id"])["base"]["subscriptions"]}
        old = there.get(sent.get("id"))
        if old is None:
            return writer.subscribe(data["id"], sent)
        kept = {name: value for name, value in old.items() if value is not None}
        return writer.replace_subscription(data["id"], sent["id"], kept | sent)


def updates(account: HubAccount, data: Data) -> Any:
    with account.lock:
        return [
            {
                "offset": one.offset,
                "operation": one.operation,
                "id": one.customer["id"],
                "updated_by": one.customer["sourceInfo"]["updatedBy"],
            }
            for one in account.store.updates[max(int(data.get("since", 0)), 0) :]
        ]


CONTROLS: Mapping[tuple[str, str], Callable[[HubAccount, Data], Any]] = {
    ("GET", "workspace"): workspace,
    ("POST", "nodes"): save_node,
    ("DELETE", "nodes"): remove_node,
    ("POST", "sources"): save_source,
    ("POST", "extended"): save_extended,
    ("POST", "seed"): seed,
    ("GET", "customers"): customers,
    ("POST", "customers"): save_customer,
    ("DELETE", "customers"): remove_customer,
    ("POST", "subscriptions"): save_subscription,
    ("GET", "updates"): updates,
}
