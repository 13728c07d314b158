"""What every page of a practice account stands in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.html import html

SHOWN = 50
MENU = (
    ("", "Till"),
    ("customers", "Customers"),
    ("journals", "Journals"),
    ("tickets", "Tickets"),
    ("faults", "Faults"),
    ("ledger", "Ledger"),
    ("settings", "Settings"),
)


def home(account: FlexPOSAccount) -> str:
    return f"/flexpos/{account.name}/"


def shown(
    account: FlexPOSAccount, request: Request, template: str, heading: str, current: str, **context: Any
) -> Response:
    frame = {"account": account, "home": home(account), "menu": MENU, "heading": heading, "current": current}
    said = {"said": request.args.get("said", "")}
    refused = 400 if context.get("refused") else 200
    return html(f"sandbox/flexpos/{template}.html", frame | said | context, refused)


def back(account: FlexPOSAccount, path: str, said: str, **query: Any) -> Response:
    response: Response = redirect(f"{home(account)}{path}?{urlencode({**query, 'said': said})}", 303)
    return response


def offset_of(request: Request) -> int:
    offset: int = request.args.get("offset", 0, type=int)
    return max(offset, 0)


def whole_number(text: str) -> int:
    """What was typed, 0 for nothing. Raises ValueError unless it is a whole number that isn't negative."""
    if text.strip() and not text.strip().isdecimal():
        raise ValueError(f"“{text}” is not a whole number.")
    return int(text.strip() or 0)


def neighbours(offset: int, total: int) -> dict[str, int | None]:
    """Where the pages before and after this one start."""
    return {
        "newer": max(offset - SHOWN, 0) if offset else None,
        "older": offset + SHOWN if offset + SHOWN < total else None,
        "total": total,
    }
