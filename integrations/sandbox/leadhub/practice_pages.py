"""The pages only practice has: fault switches, the ledger, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.leadhub.account import SPEEDS, LeadHubAccount
from integrations.sandbox.leadhub.frame import SHOWN, back, shown
from integrations.sandbox.leadhub.limits import FAMILIES

NUMBERS = {
    "visibility_delay_s": "Seconds until a read shows what was written (0 to 2)",
    "job_seconds": "Seconds until a segment query is done",
    "latency_ms": "Delay of every call, in milliseconds",
}
LIMITS = {SPEEDS[name]: family.label for name, family in FAMILIES.items()}


def faults_page(account: LeadHubAccount, request: Request) -> Response:
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


def change_faults(account: LeadHubAccount, form: Mapping[str, str]) -> str:
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


def ledger_page(account: LeadHubAccount, request: Request) -> Response:
    with account.lock:
        applied = len(account.ledger.entries)
        entries = list(reversed(account.ledger.since(applied - SHOWN)))
        lost = list(reversed(account.lost))
    for entry in entries:
        entry["data"] = json.dumps(entry["data"], ensure_ascii=False)
    made = account.calls.count
    calls = list(reversed(account.calls.since(made - SHOWN)))
    return shown(
        account,
        request,
        "ledger",
        "Ledger",
        "ledger",
        entries=entries,
        applied=applied,
        lost=lost,
        calls=calls,
        made=made,
    )


def settings_page(account: LeadHubAccount, request: Request) -> Response:
    refused = ""
    if request.method == "POST":
        try:
            account.change_settings(wanted(request.form))
            return back(account, "settings", "The settings were saved")
        except ValueError as error:
            refused = f"Not saved: {error}"
    return shown(
        account,
        request,
        "settings",
        "Settings",
        "settings",
        api_address=f"{request.host_url.rstrip('/')}/leadhub/{account.name}",
        numbers=fields_of(account, NUMBERS),
        limits=fields_of(account, LIMITS),
        refused=refused,
    )


def fields_of(account: LeadHubAccount, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(name, label, value); the value as text, so that no language puts a comma into what comes back."""
    return [(name, label, f"{getattr(account, name):g}") for name, label in labels.items()]


def wanted(form: Mapping[str, str]) -> dict[str, str | bool]:
    """The settings of the form. An unticked box is only missing, so `strict` is a choice of yes and no."""
    texts: dict[str, str | bool] = {name: form[name].strip() for name in ("token", *NUMBERS, *LIMITS) if name in form}
    return texts | ({"strict": form["strict"] == "yes"} if "strict" in form else {})


def clear(account: LeadHubAccount, request: Request) -> Response:
    with account.lock:
        account.clear_data()
    return back(account, "settings", "All data was deleted")
