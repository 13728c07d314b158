"""Heyloyalty at the front door: signature, limit, routing and errors, then the call itself."""

from __future__ import annotations

from datetime import UTC, datetime

from werkzeug.wrappers import Request, Response

from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.api import ApiCall
from integrations.sandbox.heyloyalty.clock import now_text
from integrations.sandbox.heyloyalty.control import CONTROLS
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError, coded, invalid, too_many, unauthorized
from integrations.sandbox.heyloyalty.frame import FRAME
from integrations.sandbox.heyloyalty.pages import PAGES
from integrations.sandbox.heyloyalty.parameters import parameters_of
from integrations.sandbox.heyloyalty.routes import routed
from integrations.sandbox.heyloyalty.signature import is_signed
from integrations.sandbox.ledger import Call
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": too_many(),
    "limit_in_200": HeyloyaltyError("Too Many Requests", 200, too_many().body),
    "app_error": coded("An error was switched on in practice mode", 500),
    "refused": invalid("A refusal was switched on in practice mode"),
}
SAMPLE = {"id": "6f1b3a52-0c5e-4d7c-9f55-3a1f0d2f4c11", "firstname": "Søren", "email": "soren@example.test"}


class Heyloyalty(Vendor[HeyloyaltyAccount]):
    """Account `practice` is there from the start; others on demand.

    Both of the vendor's hosts are this one: `…/loyalty/v1/` and, for tracking, `…/api/`.
    """

    slug, title = FRAME.slug, FRAME.title
    new_account = HeyloyaltyAccount
    predefined = ("practice",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.startswith(("loyalty/", "api/"))

    def reply(self, account: HeyloyaltyAccount, request: Request, path: str, call: Call) -> Response:
        now = datetime.now(UTC)
        window = account.timestamp_window_s
        if not is_signed(request.headers, account.api_key, account.api_secret, window, now):
            raise unauthorized()
        view = routed(request.method, path)
        with account.lock:
            account.refuse_above_limit()
        parameters = parameters_of(request)
        with account.lock:
            answered = view(ApiCall(account, parameters, dict(request.files), now_text(), call))
        if answered.status == 204:
            return Response(status=204)
        return Response(answered.text, answered.status, mimetype=self.content_type)
