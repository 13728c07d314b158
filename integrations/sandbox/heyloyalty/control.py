"""Control calls of Heyloyalty, below `/practice/heyloyalty/<account>/`. Bodies and answers are JSON.

GET    lists                                          every list: settings, fields, and how many members in which state
POST   lists       {"id": 1, "name", "duplicates", "double_opt-in", "date_format", "tracking_id": "" (none),
                   "automations": ["subscribe", "update"], "fields": […]}     changes a list, or makes one (no id)
DELETE lists       {"id": 1}
DELETE fields      {"list_id": 1, "name": "tier"}
POST   seed        {"list_id": 1, "count": 1000, "start": 1, "values": {"city": "Odense"}}   many, not in the ledger;
                   "created_at": when, if not now; "opt_in": 0 for those who have not confirmed
GET    members     ?list_id=1&limit=100&offset=0&email=…   flat, oldest first, in whatever state; and their number
POST   members     {"list_id": 1, "id": "", "values": {…}}  creates (no id) or edits one as a user would
POST   unsubscribe {"list_id": 1, "id"}               also resubscribe and confirm (the link in the opt-in mail)
GET    activities  ?list_id=1                         the activity feed
GET    mails       ?since=0                           the mails that calls caused
GET    imports                                        what became of each import
GET    deliveries  ?since=0                           what became of each webhook
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.errors import invalid
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.members import Member
from integrations.sandbox.heyloyalty.writer import Writer
from integrations.sandbox.vendor import Data


def described(one: MemberList) -> Data:
    states = Counter(member.state for member in one.store.members.values())
    return one.settings() | {"fields": one.listed()["fields"], "states": dict(states)}


def flat(member: Member) -> Data:
    row = asdict(member)
    return row | {"state": member.state}


def list_of(account: HeyloyaltyAccount, data: Data) -> MemberList:
    return account.list_of(int(data.get("list_id", 1)))


def lists(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        return [described(one) for one in account.lists.values()]


def save_list(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        one = account.list_of(int(data["id"])) if data.get("id") else account.add_list(data)
        one.change(data)
        if data.get("id") and "fields" in data:
            one.fields.put(data["fields"], account.field_limit)
        return described(one)


def remove_list(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        account.remove_list(int(data["id"]))
    return lists(account, {})


def remove_field(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        one = list_of(account, data)
        one.remove_fields({data["name"]})
        return described(one)


def seed(account: HeyloyaltyAccount, data: Data) -> Any:
    """Invented members number `start` and on. They aren't entered into the ledger: nobody applied them."""
    start, count, now = int(data.get("start", 1)), int(data.get("count", 1)), data.get("created_at") or now_text()
    opt_in = int(data.get("opt_in", 1))
    with account.lock:
        one = list_of(account, data)
        extra = one.fields.clean(data.get("values", {}), "refuse")
        ids = [one.store.add(invented(one, number) | extra, now, opt_in).id for number in range(start, start + count)]
    return {"created": len(ids), "ids": ids}


def invented(one: MemberList, number: int) -> dict[str, Any]:
    values = {
        "firstname": "Practice",
        "lastname": f"Member {number}",
        "email": f"member{number:06}@example.test",
        "mobile": str(4_520_000_000 + number),
    }
    return {name: value for name, value in values.items() if name in one.fields.fields}


def members(account: HeyloyaltyAccount, data: Data) -> Any:
    offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
    with account.lock:
        store = list_of(account, data).store
        found = store.find("email", data["email"]) if data.get("email") else store.members.values()
        return {"total": len(found), "members": [flat(member) for member in islice(found, offset, offset + limit)]}


def save_member(account: HeyloyaltyAccount, data: Data) -> Any:
    """As someone working in Heyloyalty would: automations and webhooks are set off. Whoever is new has opted in."""
    with account.lock:
        one = list_of(account, data)
        writer = Writer(account, one, "user", now_text())
        values = one.fields.clean(data.get("values", {}), "refuse")
        if not data.get("id"):
            return flat(writer.create(values, skip_opt_in=True))
        member = one.store.get(data["id"])
        writer.change(member, values)
        return flat(member)


def unsubscribe(account: HeyloyaltyAccount, data: Data) -> Any:
    return changed(account, data, Writer.unsubscribe)


def confirm(account: HeyloyaltyAccount, data: Data) -> Any:
    return changed(account, data, Writer.confirm)


def resubscribe(account: HeyloyaltyAccount, data: Data) -> Any:
    def again(writer: Writer, member: Member) -> None:
        if not member.unsubscribed_at:
            raise invalid("The member has not unsubscribed")
        writer.reactivate(member, {})

    return changed(account, data, again)


def changed(account: HeyloyaltyAccount, data: Data, do: Callable[[Writer, Member], None]) -> Any:
    """The member after this was done to it."""
    with account.lock:
        one = list_of(account, data)
        member = one.store.get(data["id"])
        do(Writer(account, one, "user", now_text()), member)
        return flat(member)


def activities(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        return [asdict(activity) for activity in list_of(account, data).activities]


def mails(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        return account.mails.since(int(data.get("since", 0)))


def imports(account: HeyloyaltyAccount, data: Data) -> Any:
    with account.lock:
        return [one.report() for one in account.imports.imports.values()]


def deliveries(account: HeyloyaltyAccount, data: Data) -> Any:
    since = int(data.get("since", 0))
    return [asdict(delivery) for delivery in list(account.webhooks.deliveries) if delivery.seq > since]


CONTROLS: Mapping[tuple[str, str], Callable[[HeyloyaltyAccount, Data], Any]] = {
    ("GET", "lists"): lists,
    ("POST", "lists"): save_list,
    ("DELETE", "lists"): remove_list,
    ("DELETE", "fields"): remove_field,
    ("POST", "seed"): seed,
    ("GET", "members"): members,
    ("POST", "members"): save_member,
    ("POST", "unsubscribe"): unsubscribe,
    ("POST", "resubscribe"): resubscribe,
    ("POST", "confirm"): confirm,
    ("GET", "activities"): activities,
    ("GET", "mails"): mails,
    ("GET", "imports"): imports,
    ("GET", "deliveries"): deliveries,
}
