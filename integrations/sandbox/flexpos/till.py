"""What can be done at a till, whoever does it: page or control call. Each is entered into the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.catalogue import (
    ATTRACTIONS,
    CURRENCY,
    PRODUCTS,
    STORES,
    Attraction,
)
from integrations.sandbox.flexpos.rows import Customer, Journal, Line, Membership, Table, Ticket
from integrations.sandbox.flexpos.times import local_time

FIXED = frozenset({"CustomerId", "CreatedDate", "ModifiedDate", "extra"})
SHOW_IN_DAYS = 10
SHOW_AT = "%Y-%m-%dT19:30:00"
MIDNIGHT = "%Y-%m-%dT00:00:00"
MEMBERSHIP_DAYS = 365


def filler(kilobytes: int) -> str:
    return "x" * (kilobytes * 1024)


def new_customer(customer_id: int, now: int) -> Customer:
    nothing: dict[str, Any] = dict.fromkeys(Customer._fields)
    fresh = {"CustomerId": customer_id, "IsActive": True, "IsClubMember": 0, "GetsNewsletter": 0, "Country": "DK"}
    return Customer(**nothing | fresh | {"CreatedDate": now, "ModifiedDate": now})


def save_customer(
    account: FlexPOSAccount,
    customer_id: int | None,
    values: Mapping[str, Any],
    operation: str,
    extra: Mapping[str, Any] | None = None,
) -> Customer:
    """Creates (no id) or edits. Values are kept as typed, also a mobile "12"; `extra` are fields of the shop's own.

    Raises ValueError for a field that isn't there or can't be written, and for a customer that isn't there.
    """
    unknown = [name for name in values if name not in Customer._fields or name in FIXED]
    if unknown:
        raise ValueError(f"no field to write called {', '.join(unknown)}")
    with account.lock:
        now = account.clock.now()
        table = account.customers
        before = table.get(customer_id) if customer_id else new_customer(table.last_id + 1, now)
        further = (before.extra or {}) | dict(extra or {})
        after = table.put(before._replace(**values, extra=further or None, ModifiedDate=now))
        changed = [name for name, value in values.items() if not customer_id or getattr(before, name) != value]
        outcome = "updated" if customer_id else "created"
        account.note(operation, "customer", after.CustomerId, outcome, after.Email, [*changed, *(extra or {})])
    return after


def ring_up(
    account: FlexPOSAccount,
    customer_id: int | None,
    basket: Mapping[str, int],
    store_id: int,
    operation: str,
) -> Journal:
    """A receipt: product number -> quantity, negative for what is returned; no customer: an anonymous sale.

    Raises ValueError for an empty basket and for what isn't there.
    """
    lines = tuple(
        line_of(number, product_id, quantity)
        for number, (product_id, quantity) in enumerate(((p, q) for p, q in basket.items() if q), 1)
    )
    if not lines:
        raise ValueError("Put at least one product into the basket.")
    if store_id not in STORES:
        raise ValueError(f"There is no store {store_id}.")
    with account.lock:
        customer = account.customers.get(customer_id) if customer_id else None
        journal = account.journals.put(receipt(account, customer, lines, store_id, account.clock.now()))
        key = customer.Email if customer else ""
        account.note(operation, "journal", journal.JournalId, "created", key, ["Lines"])
    return journal


def line_of(number: int, product_id: str, quantity: int) -> Line:
    if product_id not in PRODUCTS:
        raise ValueError(f"There is no product {product_id}.")
    product = PRODUCTS[product_id]
    total = round(product.price * quantity, 2)
    return Line(number, product.id, product.name, product.category, quantity, product.price, total)


def receipt(
    account: FlexPOSAccount, customer: Customer | None, lines: tuple[Line, ...], store_id: int, when: int
) -> Journal:
    journal_id = account.journals.last_id + 1
    return Journal(
        JournalId=journal_id,
        JournalNumber=str(journal_id - account.journals.first_id + 10_001),
        Date=when,
        StoreId=store_id,
        StoreName=STORES[store_id],
        CustomerId=customer.CustomerId if customer else None,
        Email=customer.Email if customer else None,
        Mobile=customer.Mobile if customer else None,
        Total=round(sum(line.LineTotal for line in lines), 2),
        Currency=CURRENCY,
        Lines=lines,
        ModifiedDate=when,
    )


def sell(
    account: FlexPOSAccount, customer_id: int | None, attraction_id: int, quantity: int, operation: str
) -> Ticket | Membership:
    """A ticket, or a membership when the attraction is one. Raises ValueError for what isn't there."""
    if attraction_id not in ATTRACTIONS:
        raise ValueError(f"There is no attraction {attraction_id}.")
    attraction = ATTRACTIONS[attraction_id]
    with account.lock:
        now = account.clock.now()
        customer = account.customers.get(customer_id) if customer_id else None
        key = customer.Email if customer else ""
        if not attraction.is_membership:
            ticket = account.tickets.put(booking(account, customer, attraction, quantity, now))
            account.note(operation, "ticket", ticket.TicketId, "created", key, ["EventName"])
            return ticket
        if customer is None:
            raise ValueError("A membership is sold to a customer: choose one first.")
        membership = account.memberships.put(joining(account, customer, attraction, now))
        account.note(operation, "membership", membership.MembershipId, "created", key, ["Name"])
        return membership


def booking(
    account: FlexPOSAccount, customer: Customer | None, attraction: Attraction, quantity: int, when: int
) -> Ticket:
    ticket_id = account.tickets.last_id + 1
    return Ticket(
        TicketId=ticket_id,
        OrderId=ticket_id - account.tickets.first_id + 9_001,
        CustomerId=customer.CustomerId if customer else None,
        Email=customer.Email if customer else None,
        AttractionId=attraction.id,
        EventName=attraction.name,
        EventDate=(local_time(when) + timedelta(days=SHOW_IN_DAYS)).strftime(SHOW_AT),
        BookedDate=when,
        Zone="ABCD"[ticket_id % 4],
        Row=str(ticket_id // 20 % 15 + 1),
        Seat=str(ticket_id % 20 + 1),
        ProductId=attraction.product_id,
        ProductName=attraction.product_name,
        Quantity=quantity,
        Price=attraction.price,
        IsOnline=ticket_id % 2 == 0,
        Status="Paid",
        ModifiedDate=when,
    )


def joining(account: FlexPOSAccount, customer: Customer, attraction: Attraction, when: int) -> Membership:
    today = local_time(when)
    return Membership(
        MembershipId=account.memberships.last_id + 1,
        CustomerId=customer.CustomerId,
        AttractionId=attraction.id,
        Name=attraction.name,
        ValidFrom=today.strftime(MIDNIGHT),
        ValidTo=(today + timedelta(days=MEMBERSHIP_DAYS)).strftime(MIDNIGHT),
        Status="Active",
        ModifiedDate=when,
    )


def change_status(account: FlexPOSAccount, table: Table[Any], row_id: int, status: str, operation: str) -> None:
    """Of a ticket or a membership: Refunded, Expired. Raises ValueError when it isn't there."""
    with account.lock:
        row = table.put(table.get(row_id)._replace(Status=status, ModifiedDate=account.clock.now()))
        account.note(operation, table.kind, row[0], "updated", "", ["Status"])


def touch(account: FlexPOSAccount, table: Table[Any], row_id: int, operation: str) -> None:
    """Saves a row without a change of its values."""
    table.put(table.get(row_id)._replace(ModifiedDate=account.clock.now()))
    account.note(operation, table.kind, row_id, "updated", "", ["ModifiedDate"])
