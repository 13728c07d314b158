"""Practice mode's server: one port, every vendor below its own path, and what all of them share.

/                       the vendors and their accounts
/practice/…             control calls (control.py)
/<vendor>/<account>/…   a vendor's API and its practice pages
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from integrations.sandbox.contacthub.front import Contacthub
from integrations.sandbox.contactsend.front import Contactsend
from integrations.sandbox.control import control
from integrations.sandbox.faults import KINDS, play
from integrations.sandbox.flexpos.front import FlexPOS
from integrations.sandbox.heyloyalty.front import Heyloyalty
from integrations.sandbox.leadhub.front import LeadHub
from integrations.sandbox.leadsquared.front import LeadSquared
from integrations.sandbox.raptor.front import Raptor
from integrations.sandbox.responses import html
from integrations.sandbox.snapshot import Snapshot, State
from integrations.sandbox.vendor import Account, Vendor
from integrations.sandbox.wire import STOPPING_KEY, KeepAliveHandler

logger = logging.getLogger(__name__)

# One line a vendor.
VENDORS: Sequence[type[Vendor[Any]]] = (LeadSquared, LeadHub, FlexPOS, Heyloyalty, Raptor, Contacthub, Contactsend)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not bound to
STYLESHEET = Path(__file__).parent / "templates" / "sandbox" / "sandbox.css"


class Practice:
    """The WSGI application. `host` is the address it is served on: any other than loopback's opens that name too."""

    def __init__(self, host: str = "127.0.0.1", state: Path | None = None) -> None:
        self.vendors: dict[str, Vendor[Any]] = {vendor.slug: vendor() for vendor in VENDORS}
        self.hosts = None if host in EVERYWHERE else LOOPBACK | {host.lower()}
        self.snapshot = Snapshot(state, self.dump)
        self.load(self.snapshot.read())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self.respond(request)
        except HTTPException as error:
            response = error.get_response(environ)
        except Exception:
            logger.exception("practice mode failed on %s %s", request.method, request.path)
            response = Response("Practice mode failed; its log says why.", 500, mimetype="text/plain")
        answer: Iterable[bytes] = response(environ, start_response)
        return answer

    def respond(self, request: Request) -> Response:
        if not self.is_own_host(request.host):
            return Response("Practice mode answers to its own name only.", 403, mimetype="text/plain")
        _, top, *rest = request.path.split("/", 3)
        if top in self.vendors:
            return self.vendor_call(self.vendors[top], request, *rest)
        if top == "practice":
            response = control(self, request)
            self.snapshot.changed()
            return response
        if top == "sandbox.css":
            return Response(STYLESHEET.read_text(), mimetype="text/css")
        if top:
            raise NotFound
        return html("sandbox/index.html", {"vendors": self.vendors.values()})

    def is_own_host(self, host: str) -> bool:
        """Guards against DNS rebinding: a web page elsewhere must not reach in under a name of its own."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return self.hosts is None or name.lower() in self.hosts

    def vendor_call(self, vendor: Vendor[Any], request: Request, name: str = "", path: str = "") -> Response:
        account = vendor.accounts.get(name)
        if account is None:
            raise NotFound(f"No practice account called {name!r} at {vendor.title}.")
        if vendor.is_api(path):
            response = self.api_call(vendor, account, request, path)
        else:
            response = vendor.page(account, request, path)
        if request.method != "GET":
            self.snapshot.changed()
        return response

    def api_call(self, vendor: Vendor[Any], account: Account, request: Request, path: str) -> Response:
        """A call to the vendor's API: logged, delayed, perhaps spoilt, else answered."""
        called = vendor.called(request, path)
        call = account.calls.begin(request.method, called, request.query_string.decode("latin-1"))
        stopping: threading.Event = request.environ[STOPPING_KEY]
        if account.latency_ms:
            stopping.wait(account.latency_ms / 1000)
        fault = account.faults.take(called)
        if fault is None:
            response = vendor.answer(account, request, path, call)
        else:
            call.fault = fault.kind
            response = play(fault, lambda: vendor.answer(account, request, path, call), vendor, stopping)
        if fault is None or KINDS[fault.kind].answered:
            call.status, call.answered = response.status_code, True
        return response

    def dump(self) -> State:
        """A copy of everything that is kept, taken account by account."""
        state: State = {}
        for vendor in self.vendors.values():
            for account in list(vendor.accounts.values()):
                with account.lock:
                    sections = account.dump()
                    state[f"{vendor.slug}/{account.name}"] = sections | {"ledger": list(sections["ledger"])}
        return state

    def load(self, state: State) -> None:
        for name, sections in state.items():
            slug, account = name.split("/", 1)
            if slug in self.vendors:
                self.vendors[slug].open_account(account).load(sections)


class PracticeServer:
    """The application on a port of its own, in a background thread until stopped. Port 0 picks a free one."""

    def __init__(self, host: str = "127.0.0.1", port: int = 8010, state: Path | None = None) -> None:
        self.practice = Practice(host, state)
        self.server = make_server(host, port, self.practice, threaded=True, request_handler=KeepAliveHandler)
        self.server.stopping = threading.Event()
        self.server.connections = set()
        self.port: int = self.server.server_port
        shown = "127.0.0.1" if host in EVERYWHERE else host
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), name="sandbox", daemon=True)

    def start(self) -> None:
        self.practice.snapshot.start()
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection, also hanging ones, and writes the state."""
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.server.connections):
            cut(connection)
        for vendor in self.practice.vendors.values():
            for account in vendor.accounts.values():
                account.close()
        self.practice.snapshot.stop()


def cut(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        pass
