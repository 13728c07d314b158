"""LeadHub at the front door: the token, routing and limits, then the call itself."""

from __future__ import annotations

import hmac

from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadhub.account import LeadHubAccount
from integrations.sandbox.leadhub.api import ROOTS, routed
from integrations.sandbox.leadhub.control import CONTROLS
from integrations.sandbox.leadhub.errors import LeadHubError, invalid, over_limit, unauthorized
from integrations.sandbox.leadhub.frame import FRAME
from integrations.sandbox.leadhub.pages import PAGES
from integrations.sandbox.ledger import Call
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": over_limit(),
    "limit_in_200": LeadHubError(200, "too_many_requests", "Too many requests"),
    "app_error": LeadHubError(500, "internal_error", "An error was switched on in practice mode"),
    "refused": invalid("A refusal was switched on in practice mode"),
}
SAMPLE = {"user_id": "ellity-1", "email_address": "jana.novakova@example.test", "last_name": "Nováková"}


class LeadHub(Vendor[LeadHubAccount]):
    """Account `practice` is there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = LeadHubAccount
    predefined = ("practice",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.split("/", 1)[0] in ROOTS

    def reply(self, account: LeadHubAccount, request: Request, path: str, call: Call) -> Response:
        refuse_wrong_token(account, request)
        route, arguments = routed(request.method, path)
        call.records = int(route.writes)
        with account.lock:
            account.refuse_above_limit(route.family)
            return route.view(account, request, **arguments)


def refuse_wrong_token(account: LeadHubAccount, request: Request) -> None:
    """The header is the bare token: no `Bearer` before it. Raises LeadHubError (401)."""
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(account.token.encode(), sent.encode()):
        raise unauthorized()
