"""The pages of a practice account: what someone who works in Heyloyalty itself would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.heyloyalty import list_pages, member_pages, practice_pages, webhook_pages
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount

READ, WRITE, BOTH = ["GET"], ["POST"], ["GET", "POST"]
LIST = "/lists/<int:list_id>"
VIEWS: dict[str, tuple[Callable[..., Response], list[str]]] = {
    "/": (list_pages.lists_page, BOTH),
    LIST: (member_pages.members_page, READ),
    f"{LIST}/seed": (member_pages.seed, WRITE),
    f"{LIST}/members/new": (member_pages.new_member_page, BOTH),
    f"{LIST}/members/<member_id>": (member_pages.member_page, BOTH),
    f"{LIST}/fields": (list_pages.fields_page, BOTH),
    f"{LIST}/activities": (list_pages.activities_page, READ),
    f"{LIST}/webhooks": (webhook_pages.webhooks_page, BOTH),
    "/imports": (practice_pages.imports_page, READ),
    "/imports/<int:import_id>": (practice_pages.import_page, READ),
    "/mails": (practice_pages.mails_page, READ),
    "/faults": (practice_pages.faults_page, BOTH),
    "/ledger": (practice_pages.ledger_page, READ),
    "/settings": (practice_pages.settings_page, BOTH),
    "/clear": (practice_pages.clear, WRITE),
}
URLS = Map([Rule(path, endpoint=view, methods=methods) for path, (view, methods) in VIEWS.items()])


def page(account: HeyloyaltyAccount, request: Request, path: str) -> Response:
    """Raises werkzeug's NotFound and MethodNotAllowed."""
    view, arguments = URLS.bind("practice").match(f"/{path}", method=request.method)
    response: Response = view(account, request, **arguments)
    return response
