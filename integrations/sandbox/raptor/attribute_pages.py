"""The pages of calculated attributes and of pushes."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.errors import VendorError
from integrations.sandbox.frame import SHOWN
from integrations.sandbox.raptor.account import RaptorAccount
from integrations.sandbox.raptor.book import VALUE_TYPES
from integrations.sandbox.raptor.errors import invalid
from integrations.sandbox.raptor.frame import back, shown

YES = ("yes", "true")


def attributes_page(account: RaptorAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            return back(account, "attributes", changed(account, request))
        except VendorError as error:
            refused = f"Not saved: {error}"
    with account.lock:
        rows = [
            {"Id": one.id, "Name": one.name, "Type": one.value_type, "Persons": len(one.values)}
            for one in account.book.attributes.values()
        ]
        choices = [(one.id, one.name) for one in account.book.attributes.values()]
    context = {"rows": rows, "choices": choices, "types": VALUE_TYPES, "refused": refused}
    return shown(account, request, "attributes", "Calculated attributes", "attributes", **context)


def changed(account: RaptorAccount, request: Request) -> str:
    form = request.form
    with account.lock:
        if form.get("action") == "create":
            made = account.book.put_attribute(form.get("name", ""), form.get("value_type", ""))
            return f"{made.name} was created"
        attribute = account.book.attribute(form.get("id", ""))
        account.set_value(attribute, form.get("email", ""), typed(form.get("value", ""), attribute.value_type))
        return "The value was set"


def typed(text: str, value_type: str) -> Any:
    """What was typed, as JSON has it; None for nothing. Raises RaptorError (400)."""
    text = text.strip()
    if not text:
        return None
    if value_type == "boolean":
        return text.lower() in YES
    if value_type == "number":
        try:
            return float(text)
        except ValueError:
            raise invalid("this is no number") from None
    return text


def pushes_page(account: RaptorAccount, request: Request) -> Response:
    if request.method == "POST":
        push = account.pushes.send_last_again()
        return back(account, "pushes", f"Sent again: {push.state}, {push.status}" if push else "Nothing was sent yet")
    rows = [
        {
            "When (UTC)": push.time[11:19],
            "Batch": push.batch,
            "Changes": push.changes,
            "Result": push.state,
            "Tries": push.tries,
            "Answer": f"{push.status or ''} {push.reason}".strip(),
        }
        for push in list(account.pushes.pushes)[-SHOWN:]
    ]
    return shown(account, request, "pushes", "Pushes", "pushes", rows=rows[::-1])
