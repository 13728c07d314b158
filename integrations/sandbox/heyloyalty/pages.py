"""The pages of a practice account: what someone who works in Heyloyalty itself would see and do."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from integrations.sandbox.heyloyalty import import_pages, list_pages, member_pages, webhook_pages
from integrations.sandbox.heyloyalty.practice_pages import HeyloyaltyPages

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
    "/imports": (import_pages.imports_page, READ),
    "/imports/<int:import_id>": (import_pages.import_page, READ),
    "/mails": (import_pages.mails_page, READ),
}
PAGES = Map(
    [
        *HeyloyaltyPages().rules(),
        *(Rule(path, endpoint=view, methods=methods) for path, (view, methods) in VIEWS.items()),
    ]
)
