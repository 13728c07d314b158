"""The pages only practice has: fault switches, the ledger, settings."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.leadsquared.account import LeadSquaredAccount
from integrations.sandbox.leadsquared.frame import SHOWN, back, shown

NUMBERS = {
    "calls_per_5s": ("Calls in 5 seconds (0: no limit)", int),
    "bulk_calls_per_5s": ("Bulk calls in 5 seconds (0: no limit)", int),
    "limit_answer": ("Status above the limit (429 or 200)", int),
    "latency_ms": ("Delay of every call, in milliseconds", float),
    "retry_pause_s": ("Pause between the tries of a webhook, in seconds", float),
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
