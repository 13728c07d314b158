"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadhub import practice_pages, profile_pages
from integrations.sandbox.leadhub.account import LeadHubAccount

URLS = Map(
    [
        Rule("/", endpoint="profiles", methods=["GET"]),
        Rule("/seed", endpoint="seed", methods=["POST"]),
        Rule("/clear", endpoint="clear", methods=["POST"]),
        # Not /profiles/…: that is the API's.
        Rule("/people/<profile_id>", endpoint="profile", methods=["GET"]),
        Rule("/faults", endpoint="faults", methods=["GET", "POST"]),
        Rule("/ledger", endpoint="ledger", methods=["GET"]),
        Rule("/settings", endpoint="settings", methods=["GET", "POST"]),
    ]
)


VIEWS: dict[str, Callable[..., Response]] = {
    "profiles": profile_pages.profiles_page,
    "seed": profile_pages.seed,
    "clear": practice_pages.clear,
    "profile": profile_pages.profile_page,
    "faults": practice_pages.faults_page,
    "ledger": practice_pages.ledger_page,
    "settings": practice_pages.settings_page,
}


def page(account: LeadHubAccount, request: Request, path: str) -> Response:
    """Raises werkzeug's NotFound and MethodNotAllowed."""
    endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=request.method)
    return VIEWS[endpoint](account, request, **arguments)
