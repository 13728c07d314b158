"""What every practised vendor has: accounts, each with faults, latency, a ledger and a log of calls."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response

from integrations.sandbox.errors import VendorError
from integrations.sandbox.faults import FaultBoard
from integrations.sandbox.ledger import Call, CallLog, Ledger
from integrations.sandbox.responses import json_response

Data = dict[str, Any]


class Account:
    """One customer's account at a vendor. `lock` guards its data and its ledger."""

    # The attributes a settings call may change, beside latency_ms.
    changeable: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.RLock()
        self.faults = FaultBoard()
        self.ledger = Ledger()
        self.calls = CallLog()
        self.latency_ms = 0.0

    def settings(self) -> Data:
        """The settings a control call may read and change."""
        return {name: getattr(self, name) for name in ("latency_ms", *self.changeable)}

    def change_settings(self, data: Data) -> None:
        """Raises ValueError for an unknown setting or a value of another kind, before anything is changed."""
        unknown = set(data) - set(self.settings())
        if unknown:
            raise ValueError(f"no setting called {', '.join(sorted(unknown))}; there are: {', '.join(self.settings())}")
        values = {name: type(getattr(self, name))(value) for name, value in data.items()}
        for name, value in values.items():
            setattr(self, name, value)

    def clear_data(self) -> None:
        """Forgets records, ledger, calls and faults; keeps settings."""
        self.ledger = Ledger()
        self.calls = CallLog()
        self.faults.clear()

    def close(self) -> None:
        """Ends background work."""

    def dump(self) -> Data:
        """Sections for the snapshot; lists are written piece by piece."""
        return {"settings": self.settings(), "ledger": self.ledger.entries}

    def load(self, data: Data) -> None:
        # A snapshot of an older version may know settings that are gone.
        known = self.settings()
        self.change_settings({name: value for name, value in data["settings"].items() if name in known})
        self.ledger.load(data["ledger"])


A = TypeVar("A", bound=Account)
# (account, data of the request: query of a GET, JSON of a POST) -> JSON
Control = Callable[[A, Data], Any]


class Vendor(ABC, Generic[A]):
    """One vendor: its folder's front door. Its API and pages live below `/<slug>/<account>/`."""

    slug: str
    title: str
    new_account: type[A]
    predefined: tuple[str, ...]
    """Accounts that are there from the start; others come on demand."""
    controls: Mapping[tuple[str, str], Control[A]] = {}
    """(method, name) -> what `/practice/<slug>/<account>/<name>` does beside the calls every vendor has."""
    pages: Map
    """Where each practice page is; an endpoint is called with account, request and what its path says."""
    content_type = "application/json"
    refusals: Mapping[str, VendorError]
    """The vendor's own form of the faults unauthorized, too_many, limit_in_200, app_error and refused."""
    sample: Mapping[str, Any]
    """An answer of the API, with a letter that Latin-1 and UTF-8 write differently."""
    huge = (b'[{"Padding":"', b'"}]')
    """What stands around the padding of a huge answer."""
    deep = (b"[", b"]")
    """What opens and closes a level of a deeply nested answer."""

    def __init__(self) -> None:
        self.accounts: dict[str, A] = {name: self.new_account(name) for name in self.predefined}

    @abstractmethod
    def is_api(self, path: str) -> bool:
        """Whether the rest of the path after the account belongs to the API (else: the practice pages)."""

    @abstractmethod
    def reply(self, account: A, request: Request, path: str, call: Call) -> Response:
        """Does an API call; sets `call.records`. Raises VendorError."""

    def called(self, request: Request, path: str) -> str:
        """What the log of calls and the faults know an API call by."""
        return path

    def answer(self, account: A, request: Request, path: str, call: Call) -> Response:
        try:
            return self.reply(account, request, path, call)
        except VendorError as error:
            return self.refused(error)

    def refused(self, error: VendorError) -> Response:
        return json_response(error.body, error.status, error.headers, self.content_type)

    def refusal(self, kind: str) -> Response:
        return self.refused(self.refusals[kind])

    def written_sample(self) -> str:
        """The sample as the API writes it."""
        return json.dumps(self.sample, ensure_ascii=False)

    def page(self, account: A, request: Request, path: str) -> Response:
        """Raises werkzeug's NotFound and MethodNotAllowed."""
        view, arguments = self.pages.bind("practice").match(f"/{path}", method=request.method)
        response: Response = view(account, request, **arguments)
        return response

    def open_account(self, name: str) -> A:
        """The account called so, new if need be."""
        if name not in self.accounts:
            self.accounts[name] = self.new_account(name)
        return self.accounts[name]

    def reset(self, name: str) -> A:
        """A fresh account in place of the old one."""
        if name in self.accounts:
            self.accounts[name].close()
        self.accounts[name] = self.new_account(name)
        return self.accounts[name]
