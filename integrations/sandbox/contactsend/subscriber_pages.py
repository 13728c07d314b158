"""The pages of userdbs and their subscribers."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from integrations.sandbox.contactsend import control
from integrations.sandbox.contactsend.account import ContactsendAccount
from integrations.sandbox.contactsend.errors import ContactsendError
from integrations.sandbox.contactsend.frame import back, shown
from integrations.sandbox.contactsend.sources import MOMENTS, PENDING, SUBSCRIBED, UNSUBSCRIBED, Source
from integrations.sandbox.contactsend.values import TYPES
from integrations.sandbox.frame import page_of

SEEDED = 10
SEARCHED = ("EMAIL", "NOME", "COGNOME", "CELLULARE")
STATES = {SUBSCRIBED: "subscribed", UNSUBSCRIBED: "unsubscribed", PENDING: "pending"}


def sources_page(account: ContactsendAccount, request: Request) -> Response:
    with account.lock:
        rows = [(source, len(source.subscribers)) for source in account.sources.values()]
    return shown(account, request, "sources", "Userdbs", "", sources=rows)


def source_page(account: ContactsendAccount, request: Request, source_id: int) -> Response:
    source, text = source_of(account, source_id), request.args.get("q", "").strip()
    with account.lock:
        found = [number for number in source.subscribers if is_match(source, number, text.casefold())]
        page = page_of(request, len(found))
        rows = [listed(source, number) for number in found[::-1][page.offset : page.end]]
    return shown(
        account,
        request,
        "source",
        source.name,
        "",
        source=source,
        part="subscribers",
        subscribers=rows,
        q=text,
        page=page,
    )


def source_of(account: ContactsendAccount, source_id: int) -> Source:
    """Raises werkzeug's NotFound."""
    if source_id not in account.sources:
        raise NotFound("No such userdb.")
    return account.sources[source_id]


def is_match(source: Source, number: int, text: str) -> bool:
    values = source.subscribers[number]
    return not text or text == str(number) or any(text in values.get(name, "").casefold() for name in SEARCHED)


def listed(source: Source, number: int) -> dict[str, Any]:
    values = source.shown(number)
    name = f"{values.get('NOME', '')} {values.get('COGNOME', '')}".strip()
    states = [(one.name, STATES.get(values.get(one.field, ""), "?")) for one in source.subscriptions]
    return {"number": number, "name": name, "email": values.get("EMAIL", ""), "states": states}


def seed(account: ContactsendAccount, request: Request, source_id: int) -> Response:
    with account.lock:
        start = len(source_of(account, source_id).subscribers) + 1
        control.seed(account, {"source": source_id, "count": SEEDED, "start": start})
    return back(account, f"userdbs/{source_id}", f"{SEEDED} subscribers were added")


def fields_page(account: ContactsendAccount, request: Request, source_id: int) -> Response:
    """Settings and fields of a userdb."""
    source, refused = source_of(account, source_id), ""
    if request.method == "POST":
        try:
            said = change_source(account, source, request)
            return back(account, f"userdbs/{source_id}/fields", said)
        except (ContactsendError, ValueError) as error:
            refused = f"Not saved: {error}"
    moments = [field.name for field in source.fields.values() if field.type in MOMENTS]
    context = {"source": source, "part": "fields", "moments": moments, "types": list(TYPES), "refused": refused}
    return shown(account, request, "fields", source.name, "", **context)


def change_source(account: ContactsendAccount, source: Source, request: Request) -> str:
    """Raises ContactsendError and ValueError."""
    form = request.form
    with account.lock:
        if form.get("action") == "add_field":
            source.add_field(form)
            return "The field was added"
        if form.get("action") == "remove_field":
            source.remove_field(form.get("name", ""))
            return "The field was removed"
        switches = {name: name in form for name in ("locked", "read_only")}
        source.set({**switches, "name": form.get("name", ""), "modified_field": form.get("modified_field", "")})
    return "The userdb was saved"


def new_subscriber_page(account: ContactsendAccount, request: Request, source_id: int) -> Response:
    source, refused, values = source_of(account, source_id), "", {}
    if request.method == "POST":
        values = sent_values(source, request)
        try:
            data = {"source": source_id, "id": request.form.get("identifier", ""), "values": values}
            saved = control.save_subscriber(account, data)
            return back(account, f"userdbs/{source_id}/subscribers/{saved['id']}", "The subscriber was added")
        except (ContactsendError, ValueError) as error:
            refused = f"Not added: {error}"
    return subscriber_shown(account, request, source, None, values, refused)


def subscriber_page(account: ContactsendAccount, request: Request, source_id: int, number: int) -> Response:
    source, refused = source_of(account, source_id), ""
    if number not in source.subscribers:
        raise NotFound("No such subscriber.")
    with account.lock:
        values = source.shown(number)
    if request.method == "POST":
        data = {"source": source_id, "id": number}
        if request.form.get("action") == "remove":
            control.remove_subscriber(account, data)
            return back(account, f"userdbs/{source_id}", "The subscriber was removed")
        values = sent_values(source, request)
        try:
            control.save_subscriber(account, {**data, "values": values})
            return back(account, f"userdbs/{source_id}/subscribers/{number}", "The subscriber was saved")
        except ContactsendError as error:
            refused = f"Not saved: {error}"
    return subscriber_shown(account, request, source, number, values, refused)


def sent_values(source: Source, request: Request) -> dict[str, str]:
    return {name: request.form[name].strip() for name in source.fields if name in request.form}


def subscriber_shown(
    account: ContactsendAccount,
    request: Request,
    source: Source,
    number: int | None,
    values: dict[str, str],
    refused: str,
) -> Response:
    kept_up = {source.identifier_field, source.modified_field}
    forms = {one.field: one for one in source.subscriptions}
    fields = [
        {"name": field.name, "type": field.type, "value": values.get(field.name, "")}
        for field in source.fields.values()
        if field.name not in kept_up and field.name not in forms
    ]
    states = [{"form": form, "state": values.get(name, PENDING)} for name, form in forms.items()]
    context = {
        "source": source,
        "part": "subscribers",
        "number": number,
        "fields": fields,
        "states": states,
        "choices": STATES.items(),
        "modified": values.get(source.modified_field, ""),
        "needs_identifier": source.own_identifier and number is None,
        "identifier": request.form.get("identifier", ""),
    }
    return shown(account, request, "subscriber", source.name, "", refused=refused, **context)
