"""LeadHub at the front door: the token, routing and limits, then the call itself."""

from __future__ import annotations

import hmac

from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadhub.account import LeadHubAccount
from integrations.sandbox.leadhub.api import ROOTS, json_response, routed
from integrations.sandbox.leadhub.control import CONTROLS
from integrations.sandbox.leadhub.errors import LeadHubError, invalid, over_limit, unauthorized
from integrations.sandbox.leadhub.pages import page
from integrations.sandbox.ledger import Call
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": over_limit(),
    "limit_in_200": LeadHubError(200, "too_many_requests", "Too many requests"),
    "app_error": LeadHubError(500, "internal_error", "An error was switched on in practice mode"),
    "refused": invalid("A refusal was switched on in practice mode"),
}


class LeadHub(Vendor[LeadHubAccount]):
    """Account `practice` is there from the start; others on demand."""

    slug = "leadhub"
    title = "LeadHub"
    predefined = ("practice",)
    controls = CONTROLS

    def new_account(self, name: str) -> LeadHubAccount:
        return LeadHubAccount(name)

    def is_api(self, path: str) -> bool:
        return path.split("/", 1)[0] in ROOTS

    def answer(self, account: LeadHubAccount, request: Request, path: str, call: Call) -> Response:
        try:
            return self.reply(account, request, path, call)
        except LeadHubError as error:
            return refused(error)

    def reply(self, account: LeadHubAccount, request: Request, path: str, call: Call) -> Response:
        refuse_wrong_token(account, request)
        route, arguments = routed(request.method, path)
        call.records = int(route.writes)
        with account.lock:
            account.refuse_above_limit(route.family)
            return route.view(account, request, **arguments)

    def refusal(self, kind: str) -> Response:
        return refused(FAULT_ERRORS[kind])

    def page(self, account: LeadHubAccount, request: Request, path: str) -> Response:
        return page(account, request, path)


def refuse_wrong_token(account: LeadHubAccount, request: Request) -> None:
    """The header is the bare token: no `Bearer` before it. Raises LeadHubError (401)."""
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(account.token.encode(), sent.encode()):
        raise unauthorized()


def refused(error: LeadHubError) -> Response:
    response = json_response(error.body(), error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
