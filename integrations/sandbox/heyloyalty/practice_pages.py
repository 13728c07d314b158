"""The pages only practice has: import reports, mails, fault switches, the ledger, settings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.heyloyalty.account import CHOICES, HeyloyaltyAccount
from integrations.sandbox.heyloyalty.frame import SHOWN, back, page_of, shown

NUMBERS = {
    "calls_per_s": ("Calls a second (0: no limit)", int),
    "timestamp_window_s": ("How far the caller’s clock may be off, in seconds (0: any time)", float),
    "field_limit": ("Most fields of a list (0: any number)", int),
    "import_delay_s": ("Delay before an import starts, in seconds", float),
    "latency_ms": ("Delay of every call, in milliseconds", float),
    "retry_pause_s": ("Pause between the tries of a webhook, in seconds", float),
}
CHOICE_LABELS = {
    "unsubscribed": "Upsert or import of someone who unsubscribed",
    "unknown_fields": "A field that is not on the list",
}


def imports_page(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        imports = list(islice(reversed(account.imports.imports.values()), SHOWN))
    return shown(account, request, "imports", "Imports", "imports", imports=imports)


def import_page(account: HeyloyaltyAccount, request: Request, import_id: int) -> Response:
    one = account.imports.imports.get(import_id)
    if one is None:
        raise NotFound("No such import.")
    parameters = [(name, value) for name, value in one.parameters.items() if name != "fields_selected"]
    return shown(
        account,
        request,
        "import",
        f"Import {import_id}",
        "imports",
        one=one,
        parameters=parameters,
        errors=one.errors[:SHOWN],
    )


def mails_page(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        mails = account.mails.mails
        page = page_of(request, len(mails))
        rows = mails[::-1][page.offset : page.end]
    return shown(account, request, "mails", "Mails", "mails", mails=rows, page=page)


def faults_page(account: HeyloyaltyAccount, request: Request) -> Response:
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


def change_faults(account: HeyloyaltyAccount, form: Mapping[str, str]) -> str:
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


def ledger_page(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        applied = len(account.ledger.entries)
        entries = [entry._asdict() for entry in reversed(account.ledger.entries[-SHOWN:])]
    made = account.calls.count
    calls = list(reversed(account.calls.since(made - SHOWN)))
    return shown(
        account, request, "ledger", "Ledger", "ledger", entries=entries, applied=applied, calls=calls, made=made
    )


def settings_page(account: HeyloyaltyAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            numbers = {name: kind(request.form[name]) for name, (_, kind) in NUMBERS.items() if name in request.form}
            choices = {name: request.form[name] for name in CHOICES if name in request.form}
            account.change_settings(numbers | choices)
            return back(account, "settings", "The settings were saved")
        except ValueError as error:
            refused = f"Not saved: {error}"
    return shown(
        account,
        request,
        "settings",
        "Settings",
        "settings",
        api_address=f"{request.host_url.rstrip('/')}/heyloyalty/{account.name}",
        numbers=[(name, label, getattr(account, name)) for name, (label, _) in NUMBERS.items()],
        choices=[(name, label, CHOICES[name], getattr(account, name)) for name, label in CHOICE_LABELS.items()],
        tracking=[(one.name, one.tracking_id) for one in account.lists.values() if one.tracking_id],
        refused=refused,
    )


def clear(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        account.clear_data()
    return back(account, "settings", "All data was deleted")
