"""Customers as documents, pure: what a body may hold, and what becomes of a customer that it is written to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.sandbox.contacthub.base_schema import BASE, EMPTY_BASE, EMPTY_SUBSCRIPTION, TAGS, Schema
from integrations.sandbox.contacthub.errors import Problem
from integrations.sandbox.contacthub.schema import problems_of

Customer = dict[str, Any]
Body = dict[str, Any]

LARGEST_PART = 64 * 1024
LIMITED = ("base", "extended", "extra")
# The keys of a body that a client may fill. None of them may be null but these.
PARTS = ("externalId", "extra", "base", "consents", "extended", "tags", "enabled")
NULLABLE = ("base", "extended", "tags")
# Answered, and taken in a PUT of what was read; never written.
ANSWERED = ("registeredAt", "updatedAt", "sourceInfo")


def body_schema(extended: Schema, *more: str) -> Schema:
    """The schema of a body; `more`: keys beside those of PARTS."""
    parts: dict[str, Schema] = {
        "externalId": {"type": "string"},
        "extra": {"type": "string"},
        "base": BASE,
        "consents": {"type": "object"},
        "extended": extended,
        "tags": TAGS,
        "enabled": {"type": "boolean"},
        "id": {"type": "string"},
        "nodeId": {"type": "string"},
    }
    known = {name: parts.get(name, {}) for name in (*PARTS, *more)}
    return {"type": "object", "properties": known, "additionalProperties": False}


def problems_in(body: Any, schema: Schema) -> Iterator[Problem]:
    yield from problems_of(body, schema)
    for name in LIMITED if isinstance(body, dict) else ():
        if len(json.dumps(body.get(name), ensure_ascii=False).encode()) > LARGEST_PART:
            yield Problem(f"{name} is larger than 64 KB", f"/{name}")


def merged(old: Any, sent: Any) -> Any:
    """Objects key by key, anything else in place of what was there."""
    if not isinstance(sent, Mapping) or not isinstance(old, Mapping):
        return sent
    return {**old, **{name: merged(old.get(name), value) for name, value in sent.items()}}


def blank(customer_id: str, node_id: str, at: str, by: str) -> Customer:
    return {
        "id": customer_id,
        "nodeId": node_id,
        "externalId": None,
        "extra": None,
        "enabled": True,
        "registeredAt": at,
        "updatedAt": at,
        "sourceInfo": {"registeredBy": by, "updatedBy": by},
        "base": EMPTY_BASE,
        "consents": None,
        "extended": {},
        "tags": {"auto": [], "manual": []},
    }


def written(customer: Customer, body: Body, at: str, by: str) -> Customer:
    """The customer after the parts that were sent were written. Tags are replaced as one."""
    parts = {name: merged(customer[name], body[name]) for name in PARTS if name in body}
    if "tags" in parts:
        parts["tags"] = {"auto": [], "manual": []} | (body["tags"] or {})
    after = customer | {name: value for name, value in parts.items() if value is not None or name not in NULLABLE}
    after["base"] = after["base"] | {"subscriptions": [subscription(one, at) for one in after["base"]["subscriptions"]]}
    return touched(after, at, by)


def replaced(customer: Customer, body: Body, at: str, by: str) -> Customer:
    """What wasn't sent is cleared."""
    fresh = blank(customer["id"], customer["nodeId"], at, by)
    kept = {"registeredAt": customer["registeredAt"], "sourceInfo": customer["sourceInfo"]}
    return written(fresh | kept, body, at, by)


def touched(customer: Customer, at: str, by: str) -> Customer:
    return customer | {"updatedAt": at, "sourceInfo": customer["sourceInfo"] | {"updatedBy": by}}


def subscription(sent: Mapping[str, Any], at: str) -> dict[str, Any]:
    """With every key a read shows."""
    times = {name: sent.get(name) or at for name in ("registeredAt", "updatedAt")}
    return EMPTY_SUBSCRIPTION | dict(sent) | times


def with_subscriptions(customer: Customer, subscriptions: list[dict[str, Any]], at: str, by: str) -> Customer:
    base = customer["base"] | {"subscriptions": subscriptions}
    return touched(customer | {"base": base}, at, by)


def paths_in(value: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of what a body holds, for the ledger."""
    if not isinstance(value, Mapping):
        yield path
        return
    for name, inner in value.items():
        yield from paths_in(inner, f"{path}.{name}" if path else str(name))
