"""The control calls of practice mode, for tests and benchmarks. Bodies and answers are JSON; errors are 400 or 404.

GET    /practice/                             the vendors and their accounts
POST   /practice/reset                        every account as at the first start
Below /practice/<vendor>/<account>/:
POST   open                                   makes the account if it isn't there; answers with its settings
POST   reset    {"data_only": false}          the account as at the first start (data_only: settings stay)
GET    settings, POST settings {"latency_ms": 20, "calls_per_5s": 0, …}     0 lifts a limit
GET    ledger?since=0                         what was applied, entries after number `since`
GET    calls?since=0                          {"count": all calls ever made, "calls": [those after number `since`]}
GET    faults, DELETE faults {"kind": ""}     what is switched on; switches one kind, or all, off
POST   faults   {"kind": "too_many", "path": "Bulk", "times": 2, "retry_after": 3, …}     options: faults.Fault
Each vendor adds its own: leadsquared/control.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.sandbox.errors import VendorError
from integrations.sandbox.responses import json_response
from integrations.sandbox.vendor import Account, Data, Vendor

if TYPE_CHECKING:
    from integrations.sandbox.server import Practice

URLS = Map(
    [
        Rule("/practice/", endpoint="index"),
        Rule("/practice/reset", endpoint="reset_all", methods=["POST"]),
        Rule("/practice/<vendor>/<account>/<name>", endpoint="account"),
    ]
)


def control(practice: Practice, request: Request) -> Response:
    """Does a control call. Vendor errors and values of a wrong kind are told in a 400."""
    try:
        endpoint, arguments = URLS.bind_to_environ(request.environ).match()
        return json_response(ENDPOINTS[endpoint](practice, request, **arguments))
    except HTTPException as error:
        return json_response({"error": error.description}, error.code or 500)
    except (VendorError, ValueError, TypeError, KeyError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def index(practice: Practice, request: Request) -> Any:
    return {vendor.slug: list(vendor.accounts) for vendor in practice.vendors.values()}


def reset_all(practice: Practice, request: Request) -> Any:
    for vendor in practice.vendors.values():
        for name in list(vendor.accounts):
            reset_account(vendor, name)
    return index(practice, request)


def reset_account(vendor: Vendor[Any], name: str) -> None:
    """On-demand accounts go, predefined ones start afresh."""
    if name in vendor.predefined:
        vendor.reset(name)
    else:
        vendor.accounts.pop(name).close()


def account_call(practice: Practice, request: Request, vendor: str, account: str, name: str) -> Any:
    found = practice.vendors.get(vendor)
    if found is None:
        raise NotFound(f"no vendor called {vendor}")
    data = data_of(request)
    if (request.method, name) == ("POST", "open"):
        return found.open_account(account).settings()
    if account not in found.accounts:
        raise NotFound(f"no account called {account}")
    if (request.method, name) == ("POST", "reset") and not data.get("data_only"):
        return found.reset(account).settings()
    calls = COMMON | dict(found.controls)
    view = calls.get((request.method, name))
    if view is None:
        raise MethodNotAllowed() if any(name == other for _, other in calls) else NotFound(f"no call {name}")
    return view(found.accounts[account], data)


def data_of(request: Request) -> Data:
    if request.method == "GET":
        return dict(request.args)
    data = json.loads(request.get_data() or b"{}")
    if not isinstance(data, dict):
        raise TypeError("the body is an object")
    return data


def clear_data(account: Account, data: Data) -> Any:
    with account.lock:
        account.clear_data()
    return account.settings()


def settings(account: Account, data: Data) -> Any:
    return account.settings()


def change_settings(account: Account, data: Data) -> Any:
    account.change_settings(data)
    return account.settings()


def ledger(account: Account, data: Data) -> Any:
    with account.lock:
        return account.ledger.since(int(data.get("since", 0)))


def calls(account: Account, data: Data) -> Any:
    return {"count": account.calls.count, "calls": account.calls.since(int(data.get("since", 0)))}


def faults(account: Account, data: Data) -> Any:
    return account.faults.listed()


def set_fault(account: Account, data: Data) -> Any:
    return asdict(account.faults.set(**data))


def clear_faults(account: Account, data: Data) -> Any:
    account.faults.clear(data.get("kind", ""))
    return account.faults.listed()


ENDPOINTS: dict[str, Callable[..., Any]] = {"index": index, "reset_all": reset_all, "account": account_call}
COMMON: dict[tuple[str, str], Callable[[Any, Data], Any]] = {
    ("POST", "reset"): clear_data,
    ("GET", "settings"): settings,
    ("POST", "settings"): change_settings,
    ("GET", "ledger"): ledger,
    ("GET", "calls"): calls,
    ("GET", "faults"): faults,
    ("POST", "faults"): set_fault,
    ("DELETE", "faults"): clear_faults,
}
