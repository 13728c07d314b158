"""FlexPOS at the front door: which of the two APIs, its limit, tokens and routing, then the call itself.

/flexpos/<account>/v1/…               the main API: oauth/token, Customers, Journals, Tickets
/flexpos/<account>/attractions/v1/…   the attractions API: oauth/token, Attractions, Memberships
"""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from integrations.sandbox.flexpos.account import CALLS_PER_MINUTE, FlexPOSAccount
from integrations.sandbox.flexpos.api import RESOURCES, read
from integrations.sandbox.flexpos.control import CONTROLS
from integrations.sandbox.flexpos.errors import FlexPOSError, refused, too_many, unauthorized
from integrations.sandbox.flexpos.frame import FRAME
from integrations.sandbox.flexpos.pages import PAGES
from integrations.sandbox.ledger import Call
from integrations.sandbox.responses import json_response
from integrations.sandbox.vendor import Vendor

BASES = {"v1/": "main", "attractions/v1/": "attractions"}
TOKEN_PATH = "oauth/token"  # noqa: S105  a path
FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": too_many(CALLS_PER_MINUTE, None),
    "limit_in_200": FlexPOSError(200, too_many(CALLS_PER_MINUTE, None).body),
    "app_error": refused("An error has occurred.", 500),
    "refused": refused("A refusal was switched on in practice mode"),
}
SAMPLE = {"Data": [{"CustomerId": 50001, "FirstName": "Søren", "City": "Roskilde"}]}


class FlexPOS(Vendor[FlexPOSAccount]):
    """Account `shop` is there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = FlexPOSAccount
    predefined = ("shop",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    content_type = "application/json; charset=utf-8"
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.lower().startswith(tuple(BASES))

    def reply(self, account: FlexPOSAccount, request: Request, path: str, call: Call) -> Response:
        base = next(base for base in BASES if path.lower().startswith(base))
        realm, name = BASES[base], path[len(base) :].strip("/").lower()
        with account.lock:
            account.realms[realm].refuse_above_limit(account.calls_per_minute, account.minute_s)
            if name == TOKEN_PATH:
                return self.token(account, realm, request)
            account.realms[realm].refuse_wrong_token(request.headers.get("Authorization", ""), account.clock.now())
            if name not in RESOURCES[realm]:
                raise refused(f"No HTTP resource was found that matches the request URI '/{path}'.", 404)
            refuse_other_method(request, "GET")
            answer = read(RESOURCES[realm][name], account, request.args.items())
        call.records = len(answer["Data"])
        return json_response(answer, content_type=self.content_type)

    def token(self, account: FlexPOSAccount, realm: str, request: Request) -> Response:
        refuse_other_method(request, "POST")
        pair, now = account.pair(realm), account.clock.now()
        token = account.realms[realm].give_token(request.form, pair, now, account.token_seconds)
        return json_response(token, content_type=self.content_type)


def refuse_other_method(request: Request, method: str) -> None:
    if request.method != method:
        raise refused(f"The requested resource does not support http method '{request.method}'.", 405)
