"""Raptor at the front door: the key, the limit and routing, then the call itself."""

from __future__ import annotations

import hmac

from werkzeug.wrappers import Request, Response

from integrations.sandbox.ledger import Call
from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.raptor.api import routed
from integrations.sandbox.raptor.control import CONTROLS
from integrations.sandbox.raptor.errors import RaptorError, invalid, over_limit, unauthorized
from integrations.sandbox.raptor.frame import FRAME
from integrations.sandbox.raptor.pages import PAGES
from integrations.sandbox.responses import json_response
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": over_limit(),
    "limit_in_200": RaptorError(200, "Too many requests"),
    "app_error": RaptorError(500, "An error was switched on in practice mode"),
    "refused": invalid("A refusal was switched on in practice mode"),
}
SAMPLE = {"audiences": [{"id": "5d822e81", "name": "Ejere af får", "size": 1204}]}


class Raptor(Vendor[RaptorAccount]):
    """Account `practice` is there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = RaptorAccount
    predefined = ("practice",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.startswith("api/")

    def reply(self, account: RaptorAccount, request: Request, path: str, call: Call) -> Response:
        sent = request.headers.get(account.header_name, "")
        if not hmac.compare_digest(account.api_key.encode(), sent.encode()):
            raise unauthorized()
        view, arguments = routed(request.method, path)
        with account.lock:
            account.refuse_above_limit()
            return json_response(view(account, request, **arguments))
