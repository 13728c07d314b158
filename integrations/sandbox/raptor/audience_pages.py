"""The pages of audiences: create them, let persons enter and leave, delete them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request, Response

from integrations.sandbox.errors import VendorError
from integrations.sandbox.frame import page_of
from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.raptor.book import Audience
from integrations.sandbox.raptor.frame import back, shown


def audiences_page(account: RaptorAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            with account.lock:
                made = account.book.put_audience(
                    request.form.get("name", ""), description=request.form.get("description", "")
                )
            return back(account, f"audiences/{made.id}", "The audience was created")
        except VendorError as error:
            refused = f"Not created: {error}"
    with account.lock:
        audiences = [one.told() for one in account.book.audiences.values()]
    return shown(account, request, "audiences", "Audiences", "", audiences=audiences, refused=refused)


def audience_page(account: RaptorAccount, request: Request, audience_id: str) -> Response:
    audience = account.book.audiences.get(audience_id)
    if audience is None:
        return Response("No such audience.", 404, mimetype="text/plain")
    refused = ""
    if request.method == "POST":
        try:
            with account.lock:
                where, said = ACTIONS[request.form.get("action", "")](account, audience, request)
            return back(account, where, said)
        except (VendorError, KeyError) as error:
            refused = f"Not done: {error}"
    with account.lock:
        page = page_of(request, len(audience.members))
        members = list(reversed(audience.members.items()))[page.offset : page.end]
    return shown(
        account,
        request,
        "audience",
        audience.name,
        "",
        audience=audience,
        members=members,
        page=page,
        refused=refused,
    )


def enter(account: RaptorAccount, audience: Audience, request: Request) -> tuple[str, str]:
    emails = request.form.get("emails", "").split()
    entered = sum(account.move(audience, email, "entered") for email in emails)
    return f"audiences/{audience.id}", f"{entered} entered"


def leave(account: RaptorAccount, audience: Audience, request: Request) -> tuple[str, str]:
    account.move(audience, request.form.get("email", ""), "left")
    return f"audiences/{audience.id}", "The person left"


def rename(account: RaptorAccount, audience: Audience, request: Request) -> tuple[str, str]:
    account.book.put_audience(request.form.get("name", ""), audience.id, audience.description)
    return f"audiences/{audience.id}", "The audience was renamed"


def attach(account: RaptorAccount, audience: Audience, request: Request) -> tuple[str, str]:
    audience.attached = not audience.attached
    said = "attached to the activation" if audience.attached else "detached from the activation"
    return f"audiences/{audience.id}", f"The audience was {said}"


def delete(account: RaptorAccount, audience: Audience, request: Request) -> tuple[str, str]:
    account.delete_audience(audience)
    return "", "The audience was deleted"


def expire(account: RaptorAccount, request: Request) -> Response:
    with account.lock:
        account.book.forget_changes()
    return back(account, "", "Sequence numbers from before now are expired")


ACTIONS: Mapping[str, Callable[[RaptorAccount, Audience, Request], tuple[str, str]]] = {
    "enter": enter,
    "leave": leave,
    "rename": rename,
    "attach": attach,
    "delete": delete,
}
