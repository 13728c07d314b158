"""The pages of lists: all of them, and a list's settings, fields and activity feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import page_of
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.errors import HeyloyaltyError
from integrations.sandbox.heyloyalty.fields import FIXED, TYPE_IDS
from integrations.sandbox.heyloyalty.frame import back, list_of, list_shown, shown
from integrations.sandbox.heyloyalty.lists import AUTOMATIONS, UNIQUE, MemberList

DATE_FORMATS = ("dd-mm-yyyy", "dd-mm-yyyy hh:ii:ss")


def lists_page(account: HeyloyaltyAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            with account.lock:
                one = account.add_list({"name": request.form.get("name", "")})
            return back(account, f"lists/{one.id}", "The list was made")
        except HeyloyaltyError as error:
            refused = f"Not made: {error}"
    with account.lock:
        rows = [one.row() | {"tracking_id": one.tracking_id} for one in account.lists.values()]
    return shown(account, request, "lists", "Lists", "", lists=rows, refused=refused)


def fields_page(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    """Fields and settings of a list."""
    one, refused = list_of(account, list_id), ""
    if request.method == "POST":
        try:
            with account.lock:
                said = ACTIONS[request.form.get("action", "")](account, one, request.form)
            return back(account, f"lists/{list_id}/fields" if list_id in account.lists else "", said)
        except KeyError:
            refused = "Not done: there is no such button"
        except HeyloyaltyError as error:
            refused = f"Not saved: {error}"
    free = [(name, label) for name, (label, _) in FIXED.items() if name not in one.fields.fields]
    return list_shown(
        account,
        request,
        one,
        "fields",
        "/fields",
        fields=list(one.fields.fields.values()),
        free=free,
        formats=list(TYPE_IDS),
        duplicates=list(UNIQUE),
        date_formats=list(dict.fromkeys((*DATE_FORMATS, one.date_format))),
        automations=AUTOMATIONS.items(),
        refused=refused,
    )


def save_settings(account: HeyloyaltyAccount, one: MemberList, form: MultiDict[str, str]) -> str:
    names = ("name", "duplicates", "date_format", "tracking_id")
    wanted: dict[str, Any] = {name: form[name].strip() for name in names if name in form}
    one.change(wanted | {"double_opt-in": "double_opt_in" in form, "automations": form.getlist("automations")})
    return "The list was saved"


def save_field(account: HeyloyaltyAccount, one: MemberList, form: Mapping[str, str]) -> str:
    """Adds a field, or changes the label and adds options."""
    labels = [line.strip() for line in form.get("options", "").splitlines() if line.strip()]
    item: dict[str, Any] = {name: form[name].strip() for name in ("name", "label", "format") if form.get(name)}
    one.fields.put([item | {"options": [{"label": label} for label in labels]}], account.field_limit)
    return "The field was saved"


def remove_field(account: HeyloyaltyAccount, one: MemberList, form: Mapping[str, str]) -> str:
    one.remove_fields({form.get("name", "")})
    return "The field was deleted, with what members had in it"


def remove_list(account: HeyloyaltyAccount, one: MemberList, form: Mapping[str, str]) -> str:
    account.remove_list(one.id)
    return f"The list {one.name} was deleted"


def activities_page(account: HeyloyaltyAccount, request: Request, list_id: int) -> Response:
    one = list_of(account, list_id)
    with account.lock:
        page = page_of(request, len(one.activities))
        rows = one.activities[::-1][page.offset : page.end]
    return list_shown(account, request, one, "activities", "/activities", activities=rows, page=page)


ACTIONS: dict[str, Callable[[HeyloyaltyAccount, MemberList, Any], str]] = {
    "settings": save_settings,
    "field": save_field,
    "remove_field": remove_field,
    "remove_list": remove_list,
}
