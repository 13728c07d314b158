"""The pages only practice has: fault switches, the ledger, settings, the clock."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.flexpos import control
from integrations.sandbox.flexpos.account import NUMBERS, ORDERS, QUIRKS, FlexPOSAccount
from integrations.sandbox.flexpos.frame import SHOWN, back, home, shown
from integrations.sandbox.flexpos.times import local
from integrations.sandbox.vendor import Data


def faults_page(account: FlexPOSAccount, request: Request) -> Response:
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


def change_faults(account: FlexPOSAccount, form: Mapping[str, str]) -> str:
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


def ledger_page(account: FlexPOSAccount, request: Request) -> Response:
    with account.lock:
        applied = len(account.ledger.entries)
        entries = [entry._asdict() for entry in reversed(account.ledger.entries[-SHOWN:])]
    made = account.calls.count
    calls = list(reversed(account.calls.since(made - SHOWN)))
    counts = sorted(control.counts(account, {}).items())
    return shown(
        account, request, "ledger", "Ledger", "ledger",
        entries=entries, applied=applied, calls=calls, made=made, counts=counts,
    )  # fmt: skip


def settings_page(account: FlexPOSAccount, request: Request, refused: str = "") -> Response:
    if request.method == "POST" and not refused:
        try:
            account.change_settings(typed_settings(account, request.form))
            return back(account, "settings", "The settings were saved")
        except ValueError as error:
            refused = f"Not saved: {error}"
    address = f"{request.host_url.rstrip('/')}{home(account)}"
    return shown(
        account,
        request,
        "settings",
        "Settings",
        "settings",
        api_url=f"{address}v1",
        attraction_api_url=f"{address}attractions/v1",
        numbers=[(name, label, str(getattr(account, name))) for name, label in NUMBERS.items()],
        quirks=[(name, label, getattr(account, name)) for name, label in QUIRKS.items()],
        orders=ORDERS.items(),
        local=local(account.clock.now()),
        refused=refused,
    )


def typed_settings(account: FlexPOSAccount, form: Mapping[str, str]) -> Data:
    """Raises ValueError for what isn't a number."""
    numbers = {name: type(getattr(account, name))(form[name]) for name in NUMBERS if name in form}
    texts = {name: form[name].strip() for name in ("order", "forbidden") if name in form}
    return numbers | texts | {name: name in form for name in QUIRKS}


def set_clock(account: FlexPOSAccount, request: Request) -> Response:
    typed = {"now": request.form.get("now", "").strip(), "runs": bool(request.form.get("runs"))}
    try:
        control.set_clock(account, typed)
    except ValueError as error:
        return settings_page(account, request, f"The clock was not set: {error}")
    return back(account, "settings", "The clock was set")


def clear(account: FlexPOSAccount, request: Request) -> Response:
    with account.lock:
        account.clear_data()
    return back(account, "settings", "All data was deleted")
