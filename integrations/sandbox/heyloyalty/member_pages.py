"""The pages of a list's members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import page_of
from integrations.sandbox.heyloyalty import control
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError
from integrations.sandbox.heyloyalty.fields import Field
from integrations.sandbox.heyloyalty.frame import back, list_of, list_shown
from integrations.sandbox.heyloyalty.lists import MemberList
from integrations.sandbox.heyloyalty.members import Member

SEEDED = 10
FIELDS_SHOWN = 4
SEARCHED = ("email", "mobile", "firstname", "lastname")
PLACEHOLDERS = {"date": "2026-11-20", "number": "12"}
BOOLEAN_CHOICES = {"1": "Yes", "0": "No"}


def members_page(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    """Members in every state, newest first; lists of the API show the active ones only."""
    one, text = list_of(account, list_id), request.args.get("q", "").strip()
    with account.lock:
        found = [member for member in one.store.members.values() if is_match(member, text.casefold())]
        page = page_of(request, len(found))
        members = found[::-1][page.offset : page.end]
        fields = newest_fields(one)
        rows = [(member, [(field.label, shown_value(field, member)) for field in fields]) for member in members]
    return list_shown(account, request, one, "members", "", rows=rows, fields=fields, q=text, page=page)


def newest_fields(one: MemberList) -> list[Field]:
    """The account's own fields that were made last, as others have no room."""
    own = [field for field in one.fields.fields.values() if field.type == "custom"]
    return sorted(own, key=lambda field: field.id)[-FIELDS_SHOWN:]


def shown_value(field: Field, member: Member) -> str:
    """Options by their labels."""
    value = member.values.get(field.name) or ""
    parts = value if isinstance(value, list) else [value]
    return ", ".join(BOOLEAN_CHOICES.get(part, part) if field.format == "boolean" else field.options.get(part, part)
                     for part in parts)  # fmt: skip


def is_match(member: Member, text: str) -> bool:
    return not text or any(text in str(member.values.get(name, "")).casefold() for name in SEARCHED)


def seed(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    with account.lock:
        start = len(list_of(account, list_id).store.members) + 1
        control.seed(account, {"list_id": list_id, "count": SEEDED, "start": start})
    return back(account, f"lists/{list_id}", f"{SEEDED} members were added")


def new_member_page(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    one, refused, values = list_of(account, list_id), "", {}
    if request.method == "POST":
        values = sent_values(one, request.form)
        try:
            saved = control.save_member(account, {"list_id": list_id, "values": values})
            return back(account, f"lists/{list_id}/members/{saved['id']}", "The member was added")
        except HeyloyaltyError as error:
            refused = f"Not added: {error}"
    return member_shown(account, request, one, None, values, refused)


def member_page(account: HeyloyaltyAccount, request: Request, list_id: int, member_id: str) -> Response:
    one, refused = list_of(account, list_id), ""
    try:
        member = one.store.get(member_id)
    except HeyloyaltyError:
        return Response("No such member.", 404, mimetype="text/plain")
    values: Mapping[str, Any] = member.values
    if request.method == "POST":
        values = sent_values(one, request.form)
        data = {"list_id": list_id, "id": member_id, "values": values}
        try:
            view, said = ACTIONS[request.form.get("action", "")]
            view(account, data)
            return back(account, f"lists/{list_id}/members/{member_id}", said)
        except KeyError:
            refused = "Not done: there is no such button"
        except HeyloyaltyError as error:
            refused = f"Not saved: {error}"
    return member_shown(account, request, one, member, values, refused)


def sent_values(one: MemberList, form: MultiDict[str, str]) -> dict[str, Any]:
    """What the form says of every field it had; a multi field without a tick is an empty list."""
    values: dict[str, Any] = {}
    for field in one.fields.fields.values():
        if field.format == "multi":
            values[field.name] = form.getlist(field.name)
        elif field.name in form:
            values[field.name] = form[field.name].strip()
    return values


def member_shown(
    account: HeyloyaltyAccount,
    request: Request,
    one: MemberList,
    member: Member | None,
    values: Mapping[str, Any],
    refused: str,
) -> Response:
    fields = [form_field(field, values) for field in one.fields.fields.values()]
    activities = [activity for activity in reversed(one.activities) if member and activity.member_id == member.id]
    context = {"member": member, "fields": fields, "activities": activities, "refused": refused}
    return list_shown(account, request, one, "member", "", **context)


def form_field(field: Field, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the form needs to know of a field."""
    choices = {"choice": field.options, "boolean": BOOLEAN_CHOICES}.get(field.format, {})
    return {
        "name": field.name,
        "label": field.label,
        "value": values.get(field.name, ""),
        "choices": [("", "–"), *choices.items()] if choices else [],
        "ticks": list(field.options.items()) if field.format == "multi" else [],
        "placeholder": PLACEHOLDERS.get(field.format, ""),
    }


ACTIONS: dict[str, tuple[Callable[[HeyloyaltyAccount, Any], Any], str]] = {
    "save": (control.save_member, "The member was saved"),
    "unsubscribe": (control.unsubscribe, "The member was unsubscribed"),
    "resubscribe": (control.resubscribe, "The member was subscribed again"),
    "confirm": (control.confirm, "The member confirmed the subscription"),
}
