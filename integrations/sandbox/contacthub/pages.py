"""The pages of a practice account: what someone who works in Contacthub itself would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from integrations.sandbox.contacthub import customer_pages, workspace_pages
from integrations.sandbox.contacthub.practice_pages import HubPages

READ, WRITE, BOTH = ["GET"], ["POST"], ["GET", "POST"]
NODE = "/nodes/<node_id>"
VIEWS: dict[str, tuple[Callable[..., Response], list[str]]] = {
    "/": (workspace_pages.nodes_page, BOTH),
    NODE: (customer_pages.node_page, READ),
    f"{NODE}/seed": (customer_pages.seed, WRITE),
    f"{NODE}/delete": (workspace_pages.delete_node, WRITE),
    f"{NODE}/customers/new": (customer_pages.new_customer_page, BOTH),
    "/customers/<customer_id>": (customer_pages.customer_page, BOTH),
    "/sources": (workspace_pages.sources_page, BOTH),
}
PAGES = Map(
    [
        *HubPages().rules(),
        *(Rule(path, endpoint=view, methods=methods) for path, (view, methods) in VIEWS.items()),
    ]
)
