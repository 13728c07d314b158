"""What every page of a practice account, and every page of a list, stands in."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import Frame
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.lists import MemberList

FRAME = Frame("heyloyalty", "Heyloyalty", (("", "Lists"), ("imports", "Imports"), ("mails", "Mails")))
# Below lists/<id>.
LIST_MENU = (("", "Members"), ("/fields", "Fields"), ("/activities", "Activity feed"), ("/webhooks", "Webhooks"))
shown, back = FRAME.shown, FRAME.back


def list_shown(
    account: HeyloyaltyAccount, request: Request, one: MemberList, template: str, part: str, **context: Any
) -> Response:
    """A page of a list; `part` is which of LIST_MENU."""
    parts = [(f"lists/{one.id}{path}", label) for path, label in LIST_MENU]
    context |= {"list": one, "parts": parts, "part": f"lists/{one.id}{part}"}
    return shown(account, request, template, one.name, "", **context)


def list_of(account: HeyloyaltyAccount, list_id: int) -> MemberList:
    """Raises werkzeug's NotFound."""
    if list_id not in account.lists:
        raise NotFound("No such list.")
    return account.lists[list_id]
