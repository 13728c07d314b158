"""The pages of customers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos import till
from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.frame import back, shown, whole_number
from integrations.sandbox.flexpos.invent import THIRTY_DAYS, Wish, invent
from integrations.sandbox.flexpos.rows import Customer
from integrations.sandbox.flexpos.times import local
from integrations.sandbox.frame import SHOWN, page_of

SEEDED_CUSTOMERS, SEEDED_JOURNALS, SEEDED_TICKETS, SEEDED_MEMBERSHIPS = 50, 100, 20, 5
TEXTS = {
    "FirstName": "First name",
    "LastName": "Last name",
    "Email": "E-mail",
    "Mobile": "Mobile",
    "Address": "Address",
    "Zip": "Zip",
    "City": "City",
    "Country": "Country",
    "BirthDate": "Birth date",
}
SWITCHES = {"IsActive": "Active", "IsClubMember": "Club member", "GetsNewsletter": "Gets the newsletter"}


def customers_page(account: FlexPOSAccount, request: Request) -> Response:
    text = request.args.get("q", "").strip()
    with account.lock:
        known = len(account.customers.rows)
        page = page_of(request, known)
        rows = list(islice(matching(account, text), page.offset, page.end + 1))
    if text:
        # How many match isn't counted: there may be a hundred thousand to look at.
        page = replace(page, total=page.offset + len(rows))
    customers = [listed(row) for row in rows[:SHOWN]]
    return shown(
        account, request, "customers", "Customers", "customers", customers=customers, q=text, known=known, page=page
    )


def listed(customer: Customer) -> dict[str, Any]:
    traits = [label.lower() for name, label in SWITCHES.items() if getattr(customer, name)]
    return {"row": customer, "changed": local(customer.ModifiedDate), "traits": ", ".join(traits)}


def matching(account: FlexPOSAccount, text: str) -> Iterator[Customer]:
    """Newest first; by number, name, e-mail or mobile."""
    wanted = text.casefold()
    for customer in reversed(account.customers.rows.values()):
        words = (customer.CustomerId, customer.FirstName, customer.LastName, customer.Email, customer.Mobile)
        if wanted in " ".join(str(word) for word in words if word).casefold():
            yield customer


def seed(account: FlexPOSAccount, request: Request) -> Response:
    now = account.clock.now()
    # Another seed each time, or the second fifty would buy what the first fifty bought.
    number = account.customers.last_id
    counts = (SEEDED_CUSTOMERS, SEEDED_JOURNALS, SEEDED_TICKETS, SEEDED_MEMBERSHIPS)
    invent(account, Wish(*counts, start=now - THIRTY_DAYS, end=now, seed=number))
    return back(account, "customers", f"{SEEDED_CUSTOMERS} customers and what they bought in thirty days were added")


def customer_page(account: FlexPOSAccount, request: Request, customer_id: int) -> Response:
    with account.lock:
        now = account.clock.now()
        customer = account.customers.rows.get(customer_id) if customer_id else till.new_customer(0, now)
    if customer is None:
        return Response("No such customer.", 404, mimetype="text/plain")
    typed: Mapping[str, Any] = typed_values(customer)
    refused = ""
    if request.method == "POST":
        typed = request.form
        try:
            return saved(account, customer_id, typed)
        except ValueError as error:
            refused = f"Not saved: {error}"
    return shown(
        account,
        request,
        "customer",
        "Edit customer" if customer_id else "Add customer",
        "customers",
        customer_id=customer_id,
        texts=[(name, label, typed.get(name) or "") for name, label in TEXTS.items()],
        switches=[(name, label, bool(typed.get(name))) for name, label in SWITCHES.items()],
        cards=typed.get("cards", ""),
        refused=refused,
    )


def typed_values(customer: Customer) -> dict[str, Any]:
    """A customer as the form shows it."""
    cards = "" if customer.cards is None else json.dumps(customer.cards, ensure_ascii=False)
    return customer._asdict() | {"cards": cards}


def saved(account: FlexPOSAccount, customer_id: int, typed: Mapping[str, Any]) -> Response:
    """Raises ValueError."""
    values: dict[str, Any] = {name: typed.get(name, "").strip() or None for name in TEXTS}
    values |= {name: int(name in typed) for name in SWITCHES}
    values["IsActive"] = bool(values["IsActive"])
    values["cards"] = cards_of(typed.get("cards", ""))
    kilobytes = whole_number(typed.get("filler_kb", ""))
    extra = {"FillerText": till.filler(kilobytes)} if kilobytes else {}
    customer = till.save_customer(account, customer_id or None, values, "page", extra)
    return back(account, f"customers/{customer.CustomerId}", "The customer was saved")


def cards_of(text: str) -> Any:
    """An object, a list of objects or None. Raises ValueError for anything else."""
    try:
        cards = json.loads(text) if text.strip() else None
    except ValueError:
        raise ValueError('Cards are written as {"Cardnumber": 1234, "Cardname": "Pension"}.') from None
    if not all(isinstance(card, dict) for card in (cards if isinstance(cards, list) else [cards or {}])):
        raise ValueError("Cards are one object, a list of objects, or empty.")
    return cards
