"""The API of Heyloyalty: which call does what. Errors are raised as HeyloyaltyError."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import FileStorage

from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.errors import invalid, not_found
from integrations.sandbox.heyloyalty.fields import COUNTRIES
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.parameters import Parameters
from integrations.sandbox.ledger import Call

SUPPORTS = {"email": "email", "sms": "mobile", "smsplus": "mobile"}


@dataclass(slots=True)
class ApiCall:
    """One call, with its parameters from wherever they came."""

    account: HeyloyaltyAccount
    parameters: Parameters
    files: dict[str, FileStorage]
    now: str
    log: Call

    def list_of(self, list_id: int) -> MemberList:
        return self.account.list_of(list_id)

    def ordered(self, rows: list[Any], key: Callable[[str], Callable[[Any], Any]]) -> list[Any]:
        """By `orderby` and `order` (1 or -1), oldest first unless told otherwise."""
        order = str(self.parameters.get("order", "1"))
        if order not in ("1", "-1"):
            raise invalid("order is 1 or -1")
        return sorted(rows, key=key(str(self.parameters.get("orderby", "created_at"))), reverse=order == "-1")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON text and its status."""

    text: str = ""
    status: int = 200


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(body), status)


NOTHING = Reply(status=204)


def get_lists(call: ApiCall) -> Reply:
    lists = list(call.account.lists.values())
    if supports := call.parameters.get("supports"):
        name = SUPPORTS.get(str(supports), "")
        lists = [one for one in lists if name in one.fields.fields]
    if not lists:
        raise not_found("List not found")
    rows = [one.row() for one in lists]
    if call.parameters.get("orderby", "created_at") not in rows[0]:
        raise invalid(f"orderby is one of {', '.join(rows[0])}")
    return reply(call.ordered(rows, lambda name: lambda row: (row[name], row["id"])))


def get_list(call: ApiCall, list_id: int) -> Reply:
    return reply(call.list_of(list_id).listed())


def create_list(call: ApiCall) -> Reply:
    one = call.account.add_list(call.parameters)
    call.account.ledger.add(call.now, "lists.create", "list", str(one.id), "created", one.name, call.parameters)
    return reply({"id": one.id}, 201)


def replace_list(call: ApiCall, list_id: int) -> Reply:
    """What isn't sent goes back to its default; fields that aren't named go, with what members had in them."""
    one, limit = call.list_of(list_id), call.account.field_limit
    defaults = {"name": "", "country_id": 1, "duplicates": "disallow", "double_opt-in": 0}
    kept = {"date_format": one.date_format} | defaults
    fields = call.parameters.get("fields")
    if not isinstance(fields, list) or not fields:
        raise invalid("A list needs fields")
    one.change(kept | {name: value for name, value in call.parameters.items() if name in kept})
    one.store.forget_fields(one.fields.replace(fields, limit))
    return changed(call, one, "lists.replace")


def patch_list(call: ApiCall, list_id: int) -> Reply:
    """Adds fields and options, changes labels; nothing goes."""
    one = call.list_of(list_id)
    settings = ("name", "country_id", "duplicates", "double_opt-in", "date_format")
    one.change({name: value for name, value in call.parameters.items() if name in settings})
    if "fields" in call.parameters:
        one.fields.put(call.parameters["fields"], call.account.field_limit)
    return changed(call, one, "lists.patch")


def changed(call: ApiCall, one: MemberList, operation: str) -> Reply:
    items = call.parameters.get("fields") or []
    names = [str(item.get("name") or item.get("id")) for item in items]
    call.account.ledger.add(call.now, operation, "list", str(one.id), "updated", one.name, names)
    return NOTHING


def delete_list(call: ApiCall, list_id: int) -> Reply:
    name = call.list_of(list_id).name
    call.account.remove_list(list_id)
    call.account.ledger.add(call.now, "lists.delete", "list", str(list_id), "deleted", name, ())
    return NOTHING


def get_countries(call: ApiCall) -> Reply:
    return reply(COUNTRIES)


def get_webhooks(call: ApiCall, list_id: int) -> Reply:
    return reply([one.listed() for one in call.account.webhooks.of_list(call.list_of(list_id).id)])


def create_webhook(call: ApiCall, list_id: int) -> Reply:
    webhook = call.account.webhooks.add(call.list_of(list_id).id, call.parameters)
    return reply({"id": webhook.id}, 201)


def change_webhook(call: ApiCall, list_id: int, webhook_id: int) -> Reply:
    call.account.webhooks.change(list_id, webhook_id, call.parameters)
    return NOTHING


def delete_webhook(call: ApiCall, list_id: int, webhook_id: int) -> Reply:
    call.account.webhooks.remove(list_id, webhook_id)
    return NOTHING
