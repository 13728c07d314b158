"""The till, and what was rung up and sold there."""

from __future__ import annotations

from itertools import islice
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos import till
from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.catalogue import ATTRACTIONS, PRODUCTS, STORES
from integrations.sandbox.flexpos.customer_pages import matching
from integrations.sandbox.flexpos.frame import back, shown, whole_number
from integrations.sandbox.flexpos.rows import Journal, Table, Ticket
from integrations.sandbox.flexpos.times import local
from integrations.sandbox.frame import SHOWN, page_of

MATCHES = 10


def till_page(account: FlexPOSAccount, request: Request, refused: str = "") -> Response:
    """With `?customer=` somebody was chosen, with `?q=` somebody is being looked for."""
    text = request.args.get("q", "").strip()
    with account.lock:
        customer = account.customers.rows.get(chosen(request) or 0)
        matches = list(islice(matching(account, text), MATCHES)) if text else []
    return shown(
        account,
        request,
        "till",
        "Till",
        "",
        customer=customer,
        q=text,
        matches=matches,
        products=[(product, request.form.get(f"quantity-{product.id}", "")) for product in PRODUCTS.values()],
        stores=STORES.items(),
        attractions=ATTRACTIONS.values(),
        refused=refused,
    )


def chosen(request: Request) -> int | None:
    """The customer's number, None for an anonymous one."""
    number: int | None = request.values.get("customer", type=int)
    return number


def ring_up(account: FlexPOSAccount, request: Request) -> Response:
    form = request.form
    sign = -1 if form.get("action") == "return" else 1
    try:
        basket = {name: sign * whole_number(form.get(f"quantity-{name}", "")) for name in PRODUCTS}
        journal = till.ring_up(account, chosen(request), basket, form.get("store", 0, type=int), "page")
    except ValueError as error:
        return till_page(account, request, f"Not rung up: {error}")
    what = "Return" if journal.Total < 0 else "Sale"
    return back(account, "journals", f"{what} {journal.JournalNumber} of {journal.Total:.2f} kr. was rung up")


def sell(account: FlexPOSAccount, request: Request) -> Response:
    form = request.form
    try:
        quantity = whole_number(form.get("quantity", "")) or 1
        sold = till.sell(account, chosen(request), form.get("attraction", 0, type=int), quantity, "page")
    except ValueError as error:
        return till_page(account, request, f"Not sold: {error}")
    name = sold.EventName if isinstance(sold, Ticket) else sold.Name
    return back(account, "tickets", f"“{name}” was sold")


def journals_page(account: FlexPOSAccount, request: Request) -> Response:
    with account.lock:
        page = page_of(request, len(account.journals.rows))
        journals = [listed(journal) for journal in newest(account.journals, page.offset)]
    return shown(account, request, "journals", "Journals", "journals", journals=journals, page=page)


def listed(journal: Journal) -> dict[str, Any]:
    return {"row": journal, "date": local(journal.Date), "total": f"{journal.Total:.2f}"}


def tickets_page(account: FlexPOSAccount, request: Request) -> Response:
    with account.lock:
        page = page_of(request, len(account.tickets.rows))
        rows = newest(account.tickets, page.offset)
        memberships = newest(account.memberships, 0)
    tickets = [{"row": ticket, "booked": local(ticket.BookedDate)} for ticket in rows]
    return shown(account, request, "tickets", "Tickets", "tickets", tickets=tickets, memberships=memberships, page=page)


def newest(table: Table[Any], offset: int) -> list[Any]:
    return list(islice(reversed(table.rows.values()), offset, offset + SHOWN))
