"""The page of automations: paste a webhook URL, verify it, publish, and see what was delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import SHOWN
from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.frame import back, shown
from integrations.sandbox.leadsquared.webhooks import TRIGGERS, VARIANTS, Automation


def automations_page(account: LeadSquaredAccount, request: Request) -> Response:
    new, said, refused = automation_form(None), request.args.get("said", ""), ""
    if request.method == "POST":
        action, sent = request.form.get("action", ""), automation_sent(request)
        try:
            done = AUTOMATION_ACTIONS[action](account, sent)
        except (KeyError, ValueError) as error:
            done, refused = "", f"Not saved: {error}"
        if done and action != "verify":
            return back(account, "automations", done)
        new, said = automation_form(Automation(**{name: value for name, value in sent.items() if name != "id"})), done
    forms = [automation_form(automation) for automation in account.webhooks.automations]
    return shown(
        account,
        request,
        "automations",
        "Automations",
        "automations",
        automations=forms,
        new=new,
        triggers=TRIGGERS.items(),
        variants=[(name, label) for name, (label, _) in VARIANTS.items()],
        deliveries=list(islice(reversed(account.webhooks.deliveries), SHOWN)),
        said=said,
        refused=refused,
    )


def automation_form(automation: Automation | None) -> dict[str, Any]:
    shown_as = automation or Automation("")
    headers = "\n".join(f"{name}: {value}" for name, value in shown_as.headers.items())
    return asdict(shown_as) | {"prefix": f"{shown_as.id}-", "headers": headers}


def automation_sent(request: Request) -> dict[str, Any]:
    """What the form says, as an automation's own values; the id only of one that is there."""
    lines = (line.partition(":") for line in request.form.get("headers", "").splitlines())
    sent: dict[str, Any] = {
        "name": request.form.get("name") or "Automation",
        "url": request.form.get("url", "").strip(),
        "triggers": request.form.getlist("triggers"),
        "variant": request.form.get("variant", "standard"),
        "headers": {name.strip(): value.strip() for name, _, value in lines if name.strip()},
    }
    return sent | ({"id": request.form["id"]} if request.form.get("id") else {})


def save_automation(account: LeadSquaredAccount, sent: dict[str, Any]) -> str:
    if not sent["url"].startswith(("http://", "https://")):
        raise ValueError("the webhook URL starts with http:// or https://")
    if not sent["triggers"]:
        raise ValueError("choose when it is to be sent")
    account.webhooks.put(sent)
    return "The automation was saved and published"


def verify_automation(account: LeadSquaredAccount, sent: dict[str, Any]) -> str:
    _, result = account.webhooks.verify(sent["url"], sent["headers"])
    return f"Verify: {result}"


def verify_saved(account: LeadSquaredAccount, sent: dict[str, Any]) -> str:
    automation = saved(account, sent)
    _, result = account.webhooks.verify(automation.url, automation.headers)
    return f"Verify {automation.name}: {result}"


def toggle_automation(account: LeadSquaredAccount, sent: dict[str, Any]) -> str:
    automation = saved(account, sent)
    automation.enabled = not automation.enabled
    return f"{automation.name} is now {'on' if automation.enabled else 'off'}"


def remove_automation(account: LeadSquaredAccount, sent: dict[str, Any]) -> str:
    account.webhooks.remove(saved(account, sent).id)
    return "The automation was deleted"


def saved(account: LeadSquaredAccount, sent: dict[str, Any]) -> Automation:
    automation = account.webhooks.get(sent.get("id", ""))
    if automation is None:
        raise ValueError("the automation is gone")
    return automation


AUTOMATION_ACTIONS: dict[str, Callable[[LeadSquaredAccount, dict[str, Any]], str]] = {
    "save": save_automation,
    "verify": verify_automation,
    "verify_saved": verify_saved,
    "toggle": toggle_automation,
    "remove": remove_automation,
}
