"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadsquared import automation_pages, lead_pages, practice_pages
from integrations.sandbox.leadsquared.account import LeadSquaredAccount

URLS = Map(
    [
        Rule("/", endpoint="leads", methods=["GET"]),
        Rule("/seed", endpoint="seed", methods=["POST"]),
        Rule("/clear", endpoint="clear", methods=["POST"]),
        Rule("/leads/new", endpoint="lead", defaults={"lead_id": ""}, methods=["GET", "POST"]),
        Rule("/leads/<lead_id>", endpoint="lead", methods=["GET", "POST"]),
        Rule("/leads/<lead_id>/activities", endpoint="add_activity", methods=["POST"]),
        Rule("/automations", endpoint="automations", methods=["GET", "POST"]),
        Rule("/faults", endpoint="faults", methods=["GET", "POST"]),
        Rule("/ledger", endpoint="ledger", methods=["GET"]),
        Rule("/settings", endpoint="settings", methods=["GET", "POST"]),
    ]
)


VIEWS: dict[str, Callable[..., Response]] = {
    "leads": lead_pages.leads_page,
    "seed": lead_pages.seed,
    "clear": practice_pages.clear,
    "lead": lead_pages.lead_page,
    "add_activity": lead_pages.add_activity,
    "automations": automation_pages.automations_page,
    "faults": practice_pages.faults_page,
    "ledger": practice_pages.ledger_page,
    "settings": practice_pages.settings_page,
}


def page(account: LeadSquaredAccount, request: Request, path: str) -> Response:
    """Raises werkzeug's NotFound and MethodNotAllowed."""
    endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=request.method)
    return VIEWS[endpoint](account, request, **arguments)
