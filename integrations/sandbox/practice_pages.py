"""The pages only practice has: fault switches, the ledger, settings. A vendor's own class says what differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import KINDS
from integrations.sandbox.frame import SHOWN, Frame
from integrations.sandbox.vendor import A, Account, Data


class PracticePages(ABC, Generic[A]):
    """Templates: faults.html, ledger.html and settings.html, which a vendor's own of the same name may extend."""

    frame: Frame
    labels: Mapping[str, str]
    """Setting -> what the settings page calls it."""
    choices: Mapping[str, Mapping[str, str]] = {}
    """Setting -> its values, each with a label. A setting that is true or false is a choice of yes and no."""
    deleted: str
    """What “Delete all data” deletes, and what stays."""

    @abstractmethod
    def needed(self, account: A, address: str) -> dict[str, str]:
        """What the portal's connection asks for, by its labels; `address` is the account's, no slash at the end."""

    def row(self, entry: Data) -> dict[str, Any]:
        """An entry of the ledger: heading of the column -> cell."""
        return {
            "No.": entry["seq"],
            "When (UTC)": entry["time"],
            "By": entry["operation"],
            "What": f"{entry['kind']} {entry['outcome']}",
            "Key": entry["key"],
            "Fields": ", ".join(entry["fields"]),
        }

    def own_context(self, account: A) -> Data:
        """What the vendor's own templates show beside."""
        return {}

    def rules(self) -> list[Rule]:
        return [
            Rule("/faults", endpoint=self.faults, methods=["GET", "POST"]),
            Rule("/ledger", endpoint=self.ledger, methods=["GET"]),
            Rule("/settings", endpoint=self.settings, methods=["GET", "POST"]),
            Rule("/clear", endpoint=self.clear, methods=["POST"]),
        ]

    def faults(self, account: A, request: Request) -> Response:
        refused = ""
        if request.method == "POST":
            try:
                return self.frame.back(account, "faults", change_faults(account, request.form))
            except ValueError as error:
                refused = f"Not switched on: {error}"
        rows = [
            fault | {"label": KINDS[fault["kind"]].label, "left": (fault["times"] or 0) - fault["struck"]}
            for fault in account.faults.listed()
        ]
        kinds = [(name, kind.label) for name, kind in KINDS.items()]
        return self.frame.shown(
            account, request, "faults", "Faults", "faults", faults=rows, kinds=kinds, refused=refused
        )

    def ledger(self, account: A, request: Request) -> Response:
        made = account.calls.count
        with account.lock:
            applied = len(account.ledger.entries)
            context = {
                "applied": applied,
                "entries": [self.row(entry) for entry in reversed(account.ledger.since(applied - SHOWN))],
                "made": made,
                "calls": [call_row(call) for call in reversed(account.calls.since(made - SHOWN))],
                **self.own_context(account),
            }
        return self.frame.shown(account, request, "ledger", "Ledger", "ledger", **context)

    def settings(self, account: A, request: Request) -> Response:
        if request.method != "POST":
            return self.settings_shown(account, request)
        try:
            account.change_settings(self.typed(account, request.form))
        except ValueError as error:
            return self.settings_shown(account, request, f"Not saved: {error}")
        return self.frame.back(account, "settings", "The settings were saved")

    def settings_shown(self, account: A, request: Request, refused: str = "") -> Response:
        address = f"{request.host_url.rstrip('/')}{self.frame.home(account).rstrip('/')}"
        context = {
            "needed": self.needed(account, address),
            "fields": [self.field(name, getattr(account, name)) for name in self.labels],
            "deleted": self.deleted,
            **self.own_context(account),
        }
        return self.frame.shown(account, request, "settings", "Settings", "settings", refused=refused, **context)

    def field(self, name: str, value: Any) -> Data:
        """What the form needs to know of a setting."""
        return {
            "name": name,
            "label": self.labels[name],
            "value": written(value),
            "options": list(self.choices.get(name, {}).items()),
            "is_number": not isinstance(value, str),
        }

    def typed(self, account: A, form: Mapping[str, str]) -> Data:
        """The settings the form had; `change_settings` makes numbers of those that are some."""
        texts = {name: form[name].strip() for name in self.labels if name in form}
        switches = {name: text == "yes" for name, text in texts.items() if isinstance(getattr(account, name), bool)}
        return texts | switches

    def clear(self, account: A, request: Request) -> Response:
        with account.lock:
            account.clear_data()
        return self.frame.back(account, "settings", "All data was deleted")


def change_faults(account: Account, form: Mapping[str, str]) -> str:
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


def call_row(call: Data) -> dict[str, Any]:
    return {
        "No.": call["seq"],
        "When (UTC)": call["time"][11:23],
        "Call": f"{call['method']} {call['path']}",
        "Status": "no answer" if call["status"] is None else call["status"],
        "Records": call["records"],
        "Fault": call["fault"],
    }


def written(value: Any) -> str:
    """A setting as the form has it: text, so that no language puts a comma into what comes back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.15g}"
