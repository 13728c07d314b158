"""The pages of a practice account: what someone who works in the shop would see and do."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from integrations.sandbox.flexpos import customer_pages, till_pages
from integrations.sandbox.flexpos.practice_pages import FlexPOSPages

PAGES = Map(
    [
        *FlexPOSPages().rules(),
        Rule("/", endpoint=till_pages.till_page, methods=["GET"]),
        Rule("/sales", endpoint=till_pages.ring_up, methods=["POST"]),
        Rule("/tickets", endpoint=till_pages.tickets_page, methods=["GET"]),
        Rule("/tickets", endpoint=till_pages.sell, methods=["POST"]),
        Rule("/customers", endpoint=customer_pages.customers_page, methods=["GET"]),
        Rule(
            "/customers/new",
            endpoint=customer_pages.customer_page,
            defaults={"customer_id": 0},
            methods=["GET", "POST"],
        ),
        Rule("/customers/<int:customer_id>", endpoint=customer_pages.customer_page, methods=["GET", "POST"]),
        Rule("/journals", endpoint=till_pages.journals_page, methods=["GET"]),
        Rule("/seed", endpoint=customer_pages.seed, methods=["POST"]),
    ]
)
