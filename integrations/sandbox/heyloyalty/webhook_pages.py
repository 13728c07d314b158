"""The page of a list's webhooks: where to, on what, and what was delivered."""

from __future__ import annotations

from itertools import islice

from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import SHOWN
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError
from integrations.sandbox.heyloyalty.frame import back, list_of, list_shown
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.webhooks import SENT


def webhooks_page(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    one, refused = list_of(account, list_id), ""
    if request.method == "POST":
        try:
            with account.lock:
                return back(account, f"lists/{list_id}/webhooks", change(account, one, request))
        except HeyloyaltyError as error:
            refused = f"Not saved: {error}"
    webhooks = account.webhooks.of_list(list_id)
    ids = {webhook.id for webhook in webhooks}
    deliveries = (delivery for delivery in list(account.webhooks.deliveries)[::-1] if delivery.webhook in ids)
    return list_shown(
        account,
        request,
        one,
        "webhooks",
        "/webhooks",
        webhooks=webhooks,
        triggers=SENT,
        url=request.form.get("url", ""),
        deliveries=list(islice(deliveries, SHOWN)),
        refused=refused,
    )


def change(account: HeyloyaltyAccount, one: MemberList, request: Request) -> str:
    """Raises HeyloyaltyError."""
    if request.form.get("action") == "remove":
        account.webhooks.remove(one.id, request.form.get("id", 0, type=int))
        return "The webhook was deleted"
    triggers = dict.fromkeys(request.form.getlist("triggers"), 1)
    wanted = {name: request.form.get(name, "") for name in ("url", "contact_email")}
    account.webhooks.add(one.id, wanted | {"webhookTriggers": triggers})
    return "The webhook was saved"
