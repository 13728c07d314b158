"""The pages of a practice account: what someone who works at the vendor's own site would see and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.html import html
from integrations.sandbox.leadsquared import control, leads, reads
from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.activities import Activity
from integrations.sandbox.leadsquared.errors import MXError
from integrations.sandbox.leadsquared.fields import Field
from integrations.sandbox.leadsquared.webhooks import TRIGGERS, VARIANTS, Automation

SHOWN = 50
SEEDED = 10
MENU = (
    ("", "Leads"),
    ("automations", "Automations"),
    ("faults", "Faults"),
    ("ledger", "Ledger"),
    ("settings", "Settings"),
)
NUMBERS = {
    "calls_per_5s": ("Calls in 5 seconds (0: no limit)", int),
    "bulk_calls_per_5s": ("Bulk calls in 5 seconds (0: no limit)", int),
    "limit_answer": ("Status above the limit (429 or 200)", int),
    "latency_ms": ("Delay of every call, in milliseconds", float),
    "retry_pause_s": ("Pause between the tries of a webhook, in seconds", float),
}
PLACEHOLDERS = {"Date": "2026-11-20 12:00:00", "Phone": "+45-20304050", "Time": "14:30"}
BOOLEAN_CHOICES = (("", "–"), ("1", "Yes"), ("0", "No"))
URLS = Map(
    [
        Rule("/", endpoint="leads", methods=["GET"]),
        Rule("/seed", endpoint="seed", methods=["POST"]),
        Rule("/clear", endpoint="clear", methods=["POST"]),
        Rule("/leads/new", endpoint="lead", defaults={"lead_id": ""}, methods=["GET", "POST"]),
        Rule("/leads/<lead_id>", endpoint="lead", methods=["GET", "POST"]),
        Rule("/leads/<lead_id>/activities", endpoint="add_activity", methods=["POST"]),
        Rule("/automations", endpoint="automations", methods=["GET", "POST"]),
        Rule("/faults", endpoint="faults", methods=["GET", "POST"]),
        Rule("/ledger", endpoint="ledger", methods=["GET"]),
        Rule("/settings", endpoint="settings", methods=["GET", "POST"]),
    ]
)


def page(account: LeadSquaredAccount, request: Request, path: str) -> Response:
    """Raises werkzeug's NotFound and MethodNotAllowed."""
    endpoint, arguments = URLS.bind("practice").match(f"/{path}", method=request.method)
    return VIEWS[endpoint](account, request, **arguments)


def home(account: LeadSquaredAccount) -> str:
    return f"/leadsquared/{account.name}/"


def shown(
    account: LeadSquaredAccount, request: Request, template: str, heading: str, current: str, **context: Any
) -> Response:
    frame = {"account": account, "home": home(account), "menu": MENU, "heading": heading, "current": current}
    said = {"said": request.args.get("said", "")}
    refused = 400 if context.get("refused") else 200
    return html(f"sandbox/leadsquared/{template}.html", frame | said | context, refused)


def back(account: LeadSquaredAccount, path: str, said: str) -> Response:
    response: Response = redirect(f"{home(account)}{path}?said={said.replace(' ', '+')}", 303)
    return response


def leads_page(account: LeadSquaredAccount, request: Request) -> Response:
    text, offset = request.args.get("q", ""), max(request.args.get("offset", 0, type=int), 0)
    with account.lock:
        ids: list[str] = (
            reads.quick_search(account, text)
            if text
            else list(islice(reversed(account.store.leads), offset, offset + SHOWN))
        )
        total = len(ids) if text else len(account.store.leads)
        rows = reads.flat_leads(account, ids, [])
    for row in rows:
        row["name"] = f"{row['FirstName'] or ''} {row['LastName'] or ''}".strip()
    older = offset + SHOWN if not text and offset + SHOWN < total else None
    newer = max(offset - SHOWN, 0) if offset else None
    return shown(account, request, "leads", "Leads", "", leads=rows, q=text, total=total, older=older, newer=newer)


def seed(account: LeadSquaredAccount, request: Request) -> Response:
    try:
        leads.seed(account, SEEDED, account.store.last_number + 1, {})
    except MXError as error:
        return back(account, "", f"Not added: {error.message}")
    return back(account, "", f"{SEEDED} leads were added")


def lead_page(account: LeadSquaredAccount, request: Request, lead_id: str) -> Response:
    with account.lock:
        if lead_id and lead_id not in account.store.leads:
            return Response("No such lead.", 404, mimetype="text/plain")
        stored: Mapping[str, str | None] = account.store.leads.get(lead_id, {})
        values, refused = {name: value or "" for name, value in stored.items()}, ""
    if request.method == "POST":
        values = {name: str(value).strip() for name, value in request.form.items()}
        try:
            written = leads.save_as_user(account, lead_id, values, "page")
            return back(account, f"leads/{written.id}", "The lead was saved")
        except MXError as error:
            refused = error.message
    return shown(
        account,
        request,
        "lead",
        "Edit lead" if lead_id else "Add lead",
        "",
        lead_id=lead_id,
        refused=refused,
        fields=[form_field(account, field, values) for field in account.fields.fields.values() if field.writable],
        activities=[listed(account, activity) for activity in account.activities.of_lead(lead_id)],
        types=list(account.activities.types.values()),
    )


def form_field(account: LeadSquaredAccount, field: Field, values: Mapping[str, str]) -> dict[str, Any]:
    """What the form needs to know of a field: choices where only those are accepted, suggestions where others are."""
    choices: tuple[tuple[str, str], ...] = ()
    if field.type == "Boolean":
        choices = BOOLEAN_CHOICES
    elif field.type == "ActiveUsers":
        choices = (("", "–"), *((user["ID"], f"{user['FirstName']} {user['LastName']}") for user in account.users))
    elif field.type == "Select" and not field.open:
        choices = (("", "–"), *((option, option) for option in field.options))
    return {
        "schema": field.schema,
        "label": field.label + (" (mandatory)" if field.mandatory else ""),
        "value": values.get(field.schema, ""),
        "choices": choices,
        "suggestions": field.options if field.open else (),
        "placeholder": PLACEHOLDERS.get(field.type, ""),
    }


def listed(account: LeadSquaredAccount, activity: Activity) -> dict[str, Any]:
    kind = account.activities.types[activity.code]
    values = [(kind.fields[name], value) for name, value in activity.values.items() if value]
    return {"name": kind.name, "created_on": activity.created_on, "note": activity.note, "values": values}


def add_activity(account: LeadSquaredAccount, request: Request, lead_id: str) -> Response:
    values = {name: value for name, value in request.form.items() if name.startswith("mx_")}
    data = {"lead_id": lead_id, "code": request.form.get("code"), "note": request.form.get("note"), "values": values}
    try:
        control.save_activity(account, data)
    except MXError as error:
        return back(account, f"leads/{lead_id}", f"Not added: {error.message}")
    return back(account, f"leads/{lead_id}", "The activity was added")


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


def faults_page(account: LeadSquaredAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            return back(account, "faults", change_faults(account, request.form))
        except ValueError as error:
            refused = f"Not switched on: {error}"
    rows = [
        fault | {"label": KINDS[fault["kind"]].label, "left": (fault["times"] or 0) - fault["struck"]}
        for fault in account.faults.listed()
    ]
    kinds = [(name, kind.label) for name, kind in KINDS.items()]
    return shown(account, request, "faults", "Faults", "faults", faults=rows, kinds=kinds, refused=refused)


def change_faults(account: LeadSquaredAccount, form: Mapping[str, str]) -> str:
    """Raises ValueError for what isn't a number or a kind of fault."""
    if form.get("action") == "clear":
        account.faults.clear()
        return "All faults were cleared"
    seconds = float(form.get("seconds") or 0)
    account.faults.set(
        kind=form.get("kind", ""),
        path=form.get("path", "").strip(),
        times=int(form["times"]) if form.get("times") else None,
        applied=bool(form.get("applied")),
        seconds=seconds,
        retry_after=int(seconds) or None,
    )
    return f"Switched on: {KINDS[form['kind']].label}"


def ledger_page(account: LeadSquaredAccount, request: Request) -> Response:
    with account.lock:
        applied = len(account.ledger.entries)
        entries = [entry._asdict() for entry in reversed(account.ledger.entries[-SHOWN:])]
    made = account.calls.count
    calls = list(reversed(account.calls.since(made - SHOWN)))
    return shown(
        account, request, "ledger", "Ledger", "ledger", entries=entries, applied=applied, calls=calls, made=made
    )


def settings_page(account: LeadSquaredAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            wanted = {name: kind(request.form[name]) for name, (_, kind) in NUMBERS.items() if name in request.form}
            account.change_settings(wanted)
            return back(account, "settings", "The settings were saved")
        except ValueError as error:
            refused = f"Not saved: {error}"
    return shown(
        account,
        request,
        "settings",
        "Settings",
        "settings",
        api_address=f"{request.host_url.rstrip('/')}/leadsquared/{account.name}",
        numbers=[(name, label, getattr(account, name)) for name, (label, _) in NUMBERS.items()],
        refused=refused,
    )


def clear(account: LeadSquaredAccount, request: Request) -> Response:
    with account.lock:
        account.clear_data()
    return back(account, "settings", "All data was deleted")


VIEWS: dict[str, Callable[..., Response]] = {
    "leads": leads_page,
    "seed": seed,
    "clear": clear,
    "lead": lead_page,
    "add_activity": add_activity,
    "automations": automations_page,
    "faults": faults_page,
    "ledger": ledger_page,
    "settings": settings_page,
}
