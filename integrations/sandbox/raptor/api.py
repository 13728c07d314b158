"""The CDP API v3 of Raptor: which call does what. Note that a person's audiences are `memberships`, an audience's
persons `membership`. Errors are raised as RaptorError."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request

from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.raptor.errors import RaptorError, expired, invalid, missing
from integrations.sandbox.vendor import Data

IDENTIFIERS = {"email": "Email"}
MOST_CHANGES = 500
URLS = Map(
    [
        Rule("/api/v3/identifiers", endpoint="identifiers", methods=["GET"]),
        Rule("/api/v3/memberships/<kind>", endpoint="memberships", methods=["GET"]),
        Rule("/api/v3/audiences", endpoint="audiences", methods=["GET"]),
        Rule("/api/v3/membership/<audience_id>", endpoint="membership", methods=["GET"]),
        Rule("/api/v3/membership/changes/<kind>", endpoint="changes", methods=["GET"]),
    ],
    strict_slashes=False,
)
View = Callable[..., Data]


def routed(method: str, path: str) -> tuple[View, dict[str, str]]:
    """The call and the arguments in its path. Raises RaptorError: 404 or 405."""
    try:
        endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=method)
    except NotFound:
        raise missing("Endpoint") from None
    except MethodNotAllowed:
        raise RaptorError(405, "Method not allowed") from None
    return VIEWS[endpoint], arguments


def identifiers(account: RaptorAccount, request: Request) -> Data:
    return {"identifiers": [{"type": kind, "name": name} for kind, name in IDENTIFIERS.items()]}


def memberships(account: RaptorAccount, request: Request, kind: str) -> Data:
    known(kind)
    email = request.args.get("identifierValue", "")
    found = [one for one in account.book.audiences.values() if email in one.members]
    if not found:
        raise missing("Profile")
    return {"memberships": [{"id": one.id, "name": one.name} for one in found]}


def audiences(account: RaptorAccount, request: Request) -> Data:
    if request.args.get("activationId", "") != account.activation_id:
        raise missing("Activation")
    return {"audiences": [one.told() for one in account.book.audiences.values() if one.attached]}


def membership(account: RaptorAccount, request: Request, audience_id: str) -> Data:
    """A page of an audience's persons; `next` is the address of the one after it, or null."""
    audience = account.book.audience(audience_id)
    offset = number(request, "offset", 0)
    members = list(audience.members)
    end = offset + account.page_size
    more = f"{request.base_url}?offset={end}" if end < len(members) else None
    profiles = [{"email": email} for email in members[offset:end]]
    return {"sequenceNumber": account.book.sequence, "profiles": profiles, "next": more}


def changes(account: RaptorAccount, request: Request, kind: str) -> Data:
    known(kind)
    audience = account.book.audience(request.args.get("audienceId", ""))
    after, limit = number(request, "sequenceNumber", 0), number(request, "limit", MOST_CHANGES)
    if after < account.book.expired_upto:
        raise expired()
    found = account.book.changes_after(audience.id, after, min(max(limit, 1), MOST_CHANGES))
    reached = found[-1].sequence if len(found) >= limit else account.book.sequence
    return {"sequenceNumber": reached, "changes": [one.told() for one in found]}


def known(kind: str) -> None:
    if kind not in IDENTIFIERS:
        raise missing("Identifier type")


def number(request: Request, name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdecimal():
        raise invalid(f"{name} is a number")
    return int(text)


VIEWS: dict[str, View] = {
    "identifiers": identifiers,
    "memberships": memberships,
    "audiences": audiences,
    "membership": membership,
    "changes": changes,
}
