"""What every page of a practice account stands in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.sandbox.html import html
from integrations.sandbox.leadhub.account import LeadHubAccount

SHOWN = 50
MENU = (
    ("", "Profiles"),
    ("faults", "Faults"),
    ("ledger", "Ledger"),
    ("settings", "Settings"),
)


def home(account: LeadHubAccount) -> str:
    return f"/leadhub/{account.name}/"


def shown(
    account: LeadHubAccount, request: Request, template: str, heading: str, current: str, **context: Any
) -> Response:
    frame = {"account": account, "home": home(account), "menu": MENU, "heading": heading, "current": current}
    said = {"said": request.args.get("said", "")}
    refused = 400 if context.get("refused") else 200
    return html(f"sandbox/leadhub/{template}.html", frame | said | context, refused)


def back(account: LeadHubAccount, path: str, said: str) -> Response:
    response: Response = redirect(f"{home(account)}{path}?{urlencode({'said': said})}", 303)
    return response
