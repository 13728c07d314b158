"""The pages of a node's customers and their subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from integrations.sandbox.contacthub import control
from integrations.sandbox.contacthub.account import HubAccount
from integrations.sandbox.contacthub.errors import HubError
from integrations.sandbox.contacthub.forms import body_of, form_fields, form_leaves, form_values
from integrations.sandbox.contacthub.frame import back, shown
from integrations.sandbox.contacthub.nodes import Node
from integrations.sandbox.contacthub.queries import valued
from integrations.sandbox.contacthub.store import Customer
from integrations.sandbox.frame import page_of

SEEDED = 10
SEARCHED = ("externalId", "base.firstName", "base.lastName", "base.contacts.email", "base.contacts.mobilePhone")
# What the form says of a subscription -> its flag.
STATES = {"subscribed": True, "unsubscribed": False}


def node_page(account: HubAccount, request: Request, node_id: str) -> Response:
    node, text = node_of(account, node_id), request.args.get("q", "").strip()
    with account.lock:
        everybody = (one for entry in node.entries for one in account.store.of_node(entry))
        found = [customer for customer in everybody if is_match(customer, text.casefold())]
        page = page_of(request, len(found))
        rows = [listed(account, customer) for customer in found[::-1][page.offset : page.end]]
    return shown(account, request, "customers", node.name, "", node=node, customers=rows, q=text, page=page)


def node_of(account: HubAccount, node_id: str) -> Node:
    """Raises werkzeug's NotFound."""
    if node_id not in account.nodes:
        raise NotFound("No such node.")
    return account.nodes[node_id]


def is_match(customer: Customer, text: str) -> bool:
    return not text or any(text in str(valued(customer, path) or "").casefold() for path in SEARCHED)


def listed(account: HubAccount, customer: Customer) -> dict[str, Any]:
    base = customer["base"]
    return {
        "customer": customer,
        "name": f"{base['firstName'] or ''} {base['lastName'] or ''}".strip(),
        "email": valued(customer, "base.contacts.email"),
        "subscriptions": [one["id"] for one in base["subscriptions"] if one["subscribed"]],
        "by": writer_of(account, customer),
    }


def writer_of(account: HubAccount, customer: Customer) -> str:
    source = account.sources.get(customer["sourceInfo"]["updatedBy"])
    return source.name if source else "a user"


def seed(account: HubAccount, request: Request, node_id: str) -> Response:
    node = node_of(account, node_id)
    if node.is_view:
        raise NotFound("A view has no customers of its own.")
    with account.lock:
        start = len(account.store.of_node(node.id)) + 1
        control.seed(account, {"node_id": node.id, "count": SEEDED, "start": start})
    return back(account, f"nodes/{node.id}", f"{SEEDED} customers were added")


def new_customer_page(account: HubAccount, request: Request, node_id: str) -> Response:
    node, refused, values = node_of(account, node_id), "", {"enabled": "yes"}
    if request.method == "POST":
        values = sent_values(account, request)
        try:
            body = body_of(account.extended, {}, values)
            saved = control.save_customer(account, {"node_id": node.id, "body": body})
            return back(account, f"customers/{saved['id']}", "The customer was added")
        except (HubError, ValueError) as error:
            refused = f"Not added: {error}"
    return customer_shown(account, request, node, None, values, refused)


def customer_page(account: HubAccount, request: Request, customer_id: str) -> Response:
    customer, refused = account.store.customers.get(customer_id), ""
    if customer is None:
        return Response("No such customer.", 404, mimetype="text/plain")
    node, before = node_of(account, customer["nodeId"]), form_values(account.extended, customer)
    values: Mapping[str, str] = before
    if request.method == "POST":
        action = ACTIONS.get(request.form.get("action", ""))
        values = before | sent_values(account, request) if action is save else before
        try:
            if action is not None:
                return action(account, request, customer)
            refused = "Not done: there is no such button"
        except (HubError, ValueError) as error:
            refused = f"Not saved: {error}"
    return customer_shown(account, request, node, customer, values, refused)


def sent_values(account: HubAccount, request: Request) -> dict[str, str]:
    return {path: request.form[path].strip() for path in form_leaves(account.extended) if path in request.form}


def save(account: HubAccount, request: Request, customer: Customer) -> Response:
    before = form_values(account.extended, customer)
    body = body_of(account.extended, before, sent_values(account, request))
    if body:
        control.save_customer(account, {"id": customer["id"], "body": body})
    said = "The customer was saved" if body else "Nothing was changed"
    return back(account, f"customers/{customer['id']}", said)


def delete(account: HubAccount, request: Request, customer: Customer) -> Response:
    control.remove_customer(account, {"id": customer["id"]})
    return back(account, f"nodes/{customer['nodeId']}", "The customer was deleted")


def subscribe(account: HubAccount, request: Request, customer: Customer) -> Response:
    """Sets the state of one subscription, an old one or a new."""
    subscription_id = request.form.get("subscription", "").strip()
    if not subscription_id:
        raise ValueError("a subscription needs an id")
    sent = {"id": subscription_id, "subscribed": STATES.get(request.form.get("state", ""))}
    control.save_subscription(account, {"id": customer["id"], "subscription": sent})
    return back(account, f"customers/{customer['id']}", f"The subscription {subscription_id} was saved")


def customer_shown(
    account: HubAccount,
    request: Request,
    node: Node,
    customer: Customer | None,
    values: Mapping[str, str],
    refused: str,
) -> Response:
    email = valued(customer, "base.contacts.email")
    context = {
        "node": node,
        "customer": customer,
        "fields": form_fields(account.extended, values),
        "states": list(STATES),
        "by": writer_of(account, customer) if customer else "",
        "refused": refused,
    }
    heading = email or (customer or {}).get("externalId") or ("Customer" if customer else "Add customer")
    return shown(account, request, "customer", str(heading), "", **context)


ACTIONS: dict[str, Callable[[HubAccount, Request, Customer], Response]] = {
    "save": save,
    "delete": delete,
    "subscribe": subscribe,
}
