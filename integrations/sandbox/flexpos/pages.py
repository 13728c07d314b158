"""The pages of a practice account: what someone who works in the shop would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos import customer_pages, practice_pages, till_pages
from integrations.sandbox.flexpos.account import FlexPOSAccount

URLS = Map(
    [
        Rule("/", endpoint="till", methods=["GET"]),
        Rule("/sales", endpoint="ring_up", methods=["POST"]),
        Rule("/tickets", endpoint="tickets", methods=["GET"]),
        Rule("/tickets", endpoint="sell", methods=["POST"]),
        Rule("/customers", endpoint="customers", methods=["GET"]),
        Rule("/customers/new", endpoint="customer", defaults={"customer_id": 0}, methods=["GET", "POST"]),
        Rule("/customers/<int:customer_id>", endpoint="customer", methods=["GET", "POST"]),
        Rule("/journals", endpoint="journals", methods=["GET"]),
        Rule("/seed", endpoint="seed", methods=["POST"]),
        Rule("/clear", endpoint="clear", methods=["POST"]),
        Rule("/clock", endpoint="clock", methods=["POST"]),
        Rule("/faults", endpoint="faults", methods=["GET", "POST"]),
        Rule("/ledger", endpoint="ledger", methods=["GET"]),
        Rule("/settings", endpoint="settings", methods=["GET", "POST"]),
    ]
)


VIEWS: dict[str, Callable[..., Response]] = {
    "till": till_pages.till_page,
    "ring_up": till_pages.ring_up,
    "sell": till_pages.sell,
    "tickets": till_pages.tickets_page,
    "journals": till_pages.journals_page,
    "customers": customer_pages.customers_page,
    "customer": customer_pages.customer_page,
    "seed": customer_pages.seed,
    "clear": practice_pages.clear,
    "clock": practice_pages.set_clock,
    "faults": practice_pages.faults_page,
    "ledger": practice_pages.ledger_page,
    "settings": practice_pages.settings_page,
}


def page(account: FlexPOSAccount, request: Request, path: str) -> Response:
    """Raises werkzeug's NotFound and MethodNotAllowed."""
    endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=request.method)
    return VIEWS[endpoint](account, request, **arguments)
