"""The pages of leads and their activities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import page_of
from integrations.sandbox.leadsquared import control, leads, reads
from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.activities import Activity
from integrations.sandbox.leadsquared.errors import MXError
from integrations.sandbox.leadsquared.fields import Field
from integrations.sandbox.leadsquared.frame import back, shown

SEEDED = 10
PLACEHOLDERS = {"Date": "2026-11-20 12:00:00", "Phone": "+45-20304050", "Time": "14:30"}
BOOLEAN_CHOICES = (("", "–"), ("1", "Yes"), ("0", "No"))


def leads_page(account: LeadSquaredAccount, request: Request) -> Response:
    text = request.args.get("q", "")
    with account.lock:
        ids: list[str] = reads.quick_search(account, text) if text else list(reversed(account.store.leads))
        page = page_of(request, len(ids))
        rows = reads.flat_leads(account, ids[page.offset : page.end], [])
    for row in rows:
        row["name"] = f"{row['FirstName'] or ''} {row['LastName'] or ''}".strip()
    return shown(account, request, "leads", "Leads", "", leads=rows, q=text, page=page)


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
        values, refused = {name: value or "" for name, value in account.store.stored(lead_id).items()}, ""
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
