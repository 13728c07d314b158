"""Control calls of FlexPOS, below `/practice/flexpos/<account>/`. Bodies and answers are JSON, times ISO with zone.

POST seed         {"customers": 1000, "journals": 5000, "tickets": 0, "memberships": 0, "seed": 1, "from": …, "to": …}
                  many at once, changed or sold from … to before … (default: the last thirty days); not in the ledger
GET  customers    ?limit=100&offset=0&email=…&id=…   customers as the API gives them, newest first, and their number
POST customers    {"id": 50001 (none: a new one), "values": {"City": "Odense", "cards": null}, "extra": {"Note": …},
                  "filler_kb": 2048}   edits at the till; filler_kb: a field FillerText of so many kilobytes
GET  journals     ?limit=100&offset=0     GET tickets, GET memberships likewise
POST sales        {"customer_id": 50001 (none: anonymous), "basket": {"7711": 2}, "store_id": 3}   negative: a return
POST tickets      {"customer_id", "attraction_id": 14, "quantity": 1}   a ticket, or a membership (15, 18)
                  {"id", "status": "Refunded"}                          changes one
POST memberships  {"id", "status": "Expired"}                           changes one
GET  clock        {"now": "…+00:00", "local": "…"}
POST clock        {"now": "2024-10-27T00:30:00Z", "runs": false}        stops the clock there; {} is real time again
GET  counts       calls for each endpoint: {"v1/oauth/token": 1, "v1/Customers": 3}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from integrations.sandbox.flexpos import till
from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.invent import THIRTY_DAYS, Wish, invent
from integrations.sandbox.flexpos.rows import Table
from integrations.sandbox.flexpos.times import instant_of, local, utc
from integrations.sandbox.vendor import Data

DEFAULT_STORE = 3


def seed(account: FlexPOSAccount, data: Data) -> Any:
    end = instant_of(data["to"]) if data.get("to") else account.clock.now()
    wish = Wish(
        customers=int(data.get("customers", 0)),
        journals=int(data.get("journals", 0)),
        tickets=int(data.get("tickets", 0)),
        memberships=int(data.get("memberships", 0)),
        start=instant_of(data["from"]) if data.get("from") else end - THIRTY_DAYS,
        end=end,
        seed=int(data.get("seed", 1)),
    )
    invent(account, wish)
    return {name: len(table.rows) for name, table in tables(account).items()}


def tables(account: FlexPOSAccount) -> dict[str, Table[Any]]:
    return {
        "customers": account.customers,
        "journals": account.journals,
        "tickets": account.tickets,
        "memberships": account.memberships,
    }


def listed(name: str) -> Callable[[FlexPOSAccount, Data], Any]:
    def rows(account: FlexPOSAccount, data: Data) -> Any:
        offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
        with account.lock:
            table = tables(account)[name]
            part = islice(reversed(table.rows.values()), offset, offset + limit)
            return {"total": len(table.rows), name: [row.json() for row in part]}

    return rows


def list_customers(account: FlexPOSAccount, data: Data) -> Any:
    email, customer_id = str(data.get("email", "")).lower(), str(data.get("id", ""))
    if not (email or customer_id):
        return listed("customers")(account, data)
    with account.lock:
        found = [
            customer.json()
            for customer in account.customers.rows.values()
            if str(customer.CustomerId) == customer_id or (email and (customer.Email or "").lower() == email)
        ]
    return {"total": len(found), "customers": found}


def save_customer(account: FlexPOSAccount, data: Data) -> Any:
    extra = dict(data.get("extra") or {})
    if data.get("filler_kb"):
        extra["FillerText"] = till.filler(int(data["filler_kb"]))
    return till.save_customer(account, data.get("id"), data.get("values", {}), "control", extra).json()


def ring_up(account: FlexPOSAccount, data: Data) -> Any:
    basket = {product_id: int(quantity) for product_id, quantity in data["basket"].items()}
    store_id = int(data.get("store_id", DEFAULT_STORE))
    return till.ring_up(account, data.get("customer_id"), basket, store_id, "control").json()


def save_ticket(account: FlexPOSAccount, data: Data) -> Any:
    if data.get("id"):
        return change_status("tickets")(account, data)
    quantity = int(data.get("quantity", 1))
    return till.sell(account, data.get("customer_id"), int(data["attraction_id"]), quantity, "control").json()


def change_status(name: str) -> Callable[[FlexPOSAccount, Data], Any]:
    def change(account: FlexPOSAccount, data: Data) -> Any:
        table = tables(account)[name]
        till.change_status(account, table, int(data["id"]), str(data["status"]), "control")
        return table.get(int(data["id"])).json()

    return change


def clock(account: FlexPOSAccount, data: Data) -> Any:
    now = account.clock.now()
    return {"now": utc(now), "local": local(now)}


def set_clock(account: FlexPOSAccount, data: Data) -> Any:
    if data.get("now"):
        account.clock.set(instant_of(str(data["now"])), bool(data.get("runs")))
    else:
        account.clock.reset()
    return clock(account, {})


def counts(account: FlexPOSAccount, data: Data) -> Any:
    return Counter(call["path"].split("?")[0] for call in account.calls.since(int(data.get("since", 0))))


CONTROLS: Mapping[tuple[str, str], Callable[[FlexPOSAccount, Data], Any]] = {
    ("POST", "seed"): seed,
    ("GET", "customers"): list_customers,
    ("POST", "customers"): save_customer,
    ("GET", "journals"): listed("journals"),
    ("GET", "tickets"): listed("tickets"),
    ("GET", "memberships"): listed("memberships"),
    ("POST", "sales"): ring_up,
    ("POST", "tickets"): save_ticket,
    ("POST", "memberships"): change_status("memberships"),
    ("GET", "clock"): clock,
    ("POST", "clock"): set_clock,
    ("GET", "counts"): counts,
}
"""(method, name) -> what it does."""
