"""Contacthub at the front door: token, workspace, routing, role, limit and lock, then the call itself."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from integrations.sandbox.contacthub.account import HubAccount
from integrations.sandbox.contacthub.api import ApiCall
from integrations.sandbox.contacthub.control import CONTROLS
from integrations.sandbox.contacthub.errors import (
    HubError,
    Problem,
    forbidden,
    invalid,
    no_workspace,
    reindexing,
    too_many,
    unauthorized,
)
from integrations.sandbox.contacthub.frame import FRAME
from integrations.sandbox.contacthub.pages import PAGES
from integrations.sandbox.contacthub.routes import called, routed
from integrations.sandbox.contacthub.sources import ALLOWED, Source
from integrations.sandbox.ledger import Call
from integrations.sandbox.responses import json_response
from integrations.sandbox.vendor import Vendor

FAULT_ERRORS = {
    "unauthorized": unauthorized(),
    "too_many": too_many(),
    "limit_in_200": HubError(200, "Too Many Requests"),
    "app_error": HubError(500, "An error was switched on in practice mode"),
    "refused": invalid([Problem("a refusal was switched on in practice mode", "/base/firstName")]),
}
SAMPLE = {"id": "6f1b3a52-0c5e-4d7c-9f55-3a1f0d2f4c11", "base": {"firstName": "Niccolò", "lastName": "Esempio"}}
# The ledger's name of a call is its method and the path below the workspace, ids left out.
SHOWN_PARTS = frozenset({"customers", "subscriptions"})


class Contacthub(Vendor[HubAccount]):
    """Account `practice` is there from the start; others on demand."""

    slug, title = FRAME.slug, FRAME.title
    new_account = HubAccount
    predefined = ("practice",)
    controls = CONTROLS
    pages = PAGES
    refusals = FAULT_ERRORS
    sample = SAMPLE

    def is_api(self, path: str) -> bool:
        return path.startswith("hub/")

    def reply(self, account: HubAccount, request: Request, path: str, call: Call) -> Response:
        with account.lock:
            source = caller(account, request)
            route, arguments = routed(request.method, path)
            workspace = arguments.pop("workspace", account.workspace)
            if workspace != account.workspace:
                raise no_workspace(workspace)
            if source.role not in ALLOWED[route.group]:
                raise forbidden(source.role)
            account.refuse_above_limit()
            if route.customer and account.reindexing:
                raise reindexing()
            call.records = int(route.customer)
            name = f"{request.method} {'/'.join(part for part in path.split('/') if part in SHOWN_PARTS)}"
            made = ApiCall(account, source, request.args, request.get_data(), name)
            reply = called(route, made, arguments)
        # Customers are never changed, only replaced: written out without the lock.
        if reply.body is None:
            return Response(status=reply.status)
        return json_response(reply.body, reply.status)


def caller(account: HubAccount, request: Request) -> Source:
    """The source whose token was sent. Raises HubError (401)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    source = account.source_with(token) if scheme == "Bearer" else None
    if source is None:
        raise unauthorized()
    return source
