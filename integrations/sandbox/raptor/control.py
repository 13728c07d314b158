"""Control calls of Raptor, below `/practice/raptor/<account>/`. Bodies and answers are JSON.

POST   audiences   {"name", "id": "", "description": ""}          creates an audience, or renames the one of this id
DELETE audiences   {"id"}                                          deletes it (and pushes that)
POST   attach      {"id", "attached": false}                       takes it from the activation, or puts it back
POST   move        {"id", "emails": […], "change": "entered"}      persons enter, or leave (“left”)
GET    audiences                                                   as the API tells them, each with its members
POST   attributes  {"name", "value_type", "id": ""}                creates a calculated attribute
POST   values      {"id", "values": {"a@example.test": 1840.5}}    sets values
POST   expire                                                      forgets the changes: numbers from before are expired
GET    pushes      ?since=0                                        batches that were sent
POST   push_again                                                  the last batch once more, at once
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.vendor import Data


def put_audience(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        return account.book.put_audience(data["name"], data.get("id", ""), data.get("description", "")).told()


def delete_audience(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        account.delete_audience(account.book.audience(data["id"]))
    return {}


def attach(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        account.book.audience(data["id"]).attached = bool(data.get("attached", True))
    return {}


def move(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        audience, change = account.book.audience(data["id"]), data.get("change", "entered")
        return {"moved": sum(account.move(audience, email, change) for email in data["emails"])}


def list_audiences(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        return [one.told() | {"members": list(one.members)} for one in account.book.audiences.values()]


def put_attribute(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        return asdict(account.book.put_attribute(data["name"], data["value_type"], data.get("id", "")))


def set_values(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        attribute = account.book.attribute(data["id"])
        for email, value in data["values"].items():
            account.set_value(attribute, email, value)
        return asdict(attribute)


def expire(account: RaptorAccount, data: Data) -> Any:
    with account.lock:
        account.book.forget_changes()
    return {}


def list_pushes(account: RaptorAccount, data: Data) -> Any:
    since = int(data.get("since", 0))
    return [asdict(push) for push in list(account.pushes.pushes) if push.seq > since]


def push_again(account: RaptorAccount, data: Data) -> Any:
    push = account.pushes.send_last_again()
    return asdict(push) if push else {}


CONTROLS: Mapping[tuple[str, str], Callable[[RaptorAccount, Data], Any]] = {
    ("POST", "audiences"): put_audience,
    ("DELETE", "audiences"): delete_audience,
    ("GET", "audiences"): list_audiences,
    ("POST", "attach"): attach,
    ("POST", "move"): move,
    ("POST", "attributes"): put_attribute,
    ("POST", "values"): set_values,
    ("POST", "expire"): expire,
    ("GET", "pushes"): list_pushes,
    ("POST", "push_again"): push_again,
}
