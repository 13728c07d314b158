"""What every page of a practice account stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.html import html

SHOWN = 50
MENU = (
    ("", "Lists"),
    ("imports", "Imports"),
    ("mails", "Mails"),
    ("faults", "Faults"),
    ("ledger", "Ledger"),
    ("settings", "Settings"),
)
# Below lists/<id>.
LIST_MENU = (("", "Members"), ("/fields", "Fields"), ("/activities", "Activity feed"), ("/webhooks", "Webhooks"))


def home(account: HeyloyaltyAccount) -> str:
    return f"/heyloyalty/{account.name}/"


def shown(
    account: HeyloyaltyAccount, request: Request, template: str, heading: str, current: str, **context: Any
) -> Response:
    frame = {"account": account, "home": home(account), "menu": MENU, "heading": heading, "current": current}
    said = {"said": request.args.get("said", "")}
    refused = 400 if context.get("refused") else 200
    return html(f"sandbox/heyloyalty/{template}.html", frame | said | context, refused)


def back(account: HeyloyaltyAccount, path: str, said: str) -> Response:
    response: Response = redirect(f"{home(account)}{path}?{urlencode({'said': said})}", 303)
    return response


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


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of how many are shown; `newer` and `older` are offsets, or None."""

    offset: int
    total: int

    @property
    def end(self) -> int:
        return self.offset + SHOWN

    @property
    def newer(self) -> int | None:
        return max(self.offset - SHOWN, 0) if self.offset else None

    @property
    def older(self) -> int | None:
        return self.end if self.end < self.total else None


def page_of(request: Request, total: int) -> Page:
    return Page(max(request.args.get("offset", 0, type=int), 0), total)
