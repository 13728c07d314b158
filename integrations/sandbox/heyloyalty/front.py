"""Heyloyalty at the front door: signature, limit, routing and errors, then the call itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from werkzeug.wrappers import Request, Response

from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.api import ApiCall, Reply
from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.control import CONTROLS
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError, coded, invalid, too_many, unauthorized
from integrations.sandbox.heyloyalty.pages import page
from integrations.sandbox.heyloyalty.parameters import parameters_of
from integrations.sandbox.heyloyalty.routes import routed
from integrations.sandbox.heyloyalty.signature import is_signed
from integrations.sandbox.ledger import Call
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": too_many(),
    "limit_in_200": too_many(),
    "app_error": coded("An error was switched on in practice mode", 500),
    "refused": invalid("A refusal was switched on in practice mode"),
}


class Heyloyalty(Vendor[HeyloyaltyAccount]):
    """Account `practice` is there from the start; others on demand.

    Both of the vendor's hosts are this one: `…/loyalty/v1/` and, for tracking, `…/api/`.
    """

    slug = "heyloyalty"
    title = "Heyloyalty"
    predefined = ("practice",)
    controls = CONTROLS

    def new_account(self, name: str) -> HeyloyaltyAccount:
        return HeyloyaltyAccount(name)

    def is_api(self, path: str) -> bool:
        return path.startswith(("loyalty/", "api/"))

    def answer(self, account: HeyloyaltyAccount, request: Request, path: str, call: Call) -> Response:
        try:
            answered = self.reply(account, request, path, call)
        except HeyloyaltyError as error:
            return refused(error)
        if answered.status == 204:
            return Response(status=204)
        return Response(answered.text, answered.status, mimetype="application/json")

    def reply(self, account: HeyloyaltyAccount, request: Request, path: str, call: Call) -> Reply:
        now = datetime.now(UTC)
        window = account.timestamp_window_s
        if not is_signed(request.headers, account.api_key, account.api_secret, window, now):
            raise unauthorized()
        view = routed(request.method, path)
        with account.lock:
            account.refuse_above_limit()
        parameters = parameters_of(request)
        with account.lock:
            return view(ApiCall(account, parameters, dict(request.files), now_text(), call))

    def refusal(self, kind: str) -> Response:
        response = refused(FAULT_ERRORS[kind])
        if kind == "limit_in_200":
            response.status_code = 200
        return response

    def page(self, account: HeyloyaltyAccount, request: Request, path: str) -> Response:
        return page(account, request, path)


def refused(error: HeyloyaltyError) -> Response:
    return Response(json.dumps(error.body), error.status, mimetype="application/json", headers=error.headers)
