"""LeadSquared at the front door: keys, limits, routing and the envelope, then the call itself."""

from __future__ import annotations

import hmac
import json
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.leadsquared import activity_api, api
from integrations.sandbox.leadsquared.account import LeadSquaredAccount, utc_now
from integrations.sandbox.leadsquared.api import ApiCall, Route
from integrations.sandbox.leadsquared.control import CONTROLS
from integrations.sandbox.leadsquared.errors import MXError, malformed, over_limit, unauthorized
from integrations.sandbox.leadsquared.frame import FRAME
from integrations.sandbox.leadsquared.pages import PAGES
from integrations.sandbox.ledger import Call
from integrations.sandbox.responses import json_response
from integrations.sandbox.vendor import Vendor

# The vendor takes paths in any case.
ROUTES = {path.lower(): route for path, route in (api.ROUTES | activity_api.ROUTES).items()}
FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": over_limit(10, 429),
    "limit_in_200": over_limit(10, 200),
    "app_error": MXError("MXPracticeException", "An error was switched on in practice mode"),
    "refused": MXError("MXInvalidInputException", "A refusal was switched on in practice mode"),
}
SAMPLE = {"Status": "Success", "Message": {"Id": "6f1b3a52-0c5e-4d7c-9f55-3a1f0d2f4c11", "City": "Århus"}}


class LeadSquared(Vendor[LeadSquaredAccount]):
    """Accounts `source` and `destination` are there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = LeadSquaredAccount
    predefined = ("source", "destination")
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    content_type = "application/json; charset=utf-8"
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.lower().startswith("v2/")

    def reply(self, account: LeadSquaredAccount, request: Request, path: str, call: Call) -> Response:
        query = {name.lower(): value for name, value in request.args.items()}
        self.refuse_wrong_keys(account, request, query)
        route = routed(request.method, path[len("v2/") :])
        body = body_of(request) if route.method == "POST" else None
        call.records = route.count(body)
        base_url = f"{request.host_url}{self.slug}/{account.name}/v2/"
        with account.lock:
            account.refuse_above_limit(route.bulk)
            reply = route.view(ApiCall(account, query, body, utc_now(), base_url))
        return json_response(reply, content_type=self.content_type)

    def refuse_wrong_keys(self, account: LeadSquaredAccount, request: Request, query: dict[str, str]) -> None:
        """Keys come by header or query. Those of another account are answered as the wrong region's are."""
        access = request.headers.get("x-LSQ-AccessKey") or query.pop("accesskey", "")
        secret = request.headers.get("x-LSQ-SecretKey") or query.pop("secretkey", "")
        if has_keys(account, access, secret):
            return
        for other in list(self.accounts.values()):
            if other is not account and has_keys(other, access, secret):
                host = f"{request.host_url}{self.slug}/{other.name}"
                raise unauthorized(f"These keys belong to another host. Please use {host}")
        raise unauthorized()


def has_keys(account: LeadSquaredAccount, access: str, secret: str) -> bool:
    return hmac.compare_digest(f"{account.access_key}\n{account.secret_key}".encode(), f"{access}\n{secret}".encode())


def routed(method: str, path: str) -> Route:
    """Raises MXError: 404 for no such API, 405 for the wrong method."""
    route = ROUTES.get(path.strip("/").lower())
    if route is None:
        raise MXError("MXInvalidAPIException", f"API '{path}' does not exist", 404)
    if route.method != method:
        raise MXError("MXInvalidAPIException", f"Method {method} is not allowed, use {route.method}", 405)
    return route


def body_of(request: Request) -> Any:
    """Raises MXError (400) when the body isn't JSON or doesn't say so."""
    raw = request.get_data()
    if "json" not in (request.content_type or "").lower():
        raise malformed("Content-Type is not application/json")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise malformed("The body is not JSON") from None
