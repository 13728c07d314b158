"""The practice vendors for tests and benchmarks: a server in a thread or a process of its own, and its control calls.

with Sandbox() as sandbox:
    destination = sandbox.leadsquared("destination")
    destination.settings(calls_per_5s=0, bulk_calls_per_5s=0)
    destination.fault("applied_unanswered", path="Bulk", times=1)
    ...
    assert [entry["outcome"] for entry in destination.ledger()] == ["created", "updated"]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import requests

if TYPE_CHECKING:
    from tests.sandbox_contacthub import ContacthubAccount
    from tests.sandbox_contactsend import ContactsendAccount
    from tests.sandbox_flexpos import FlexPOSAccount
    from tests.sandbox_heyloyalty import HeyloyaltyAccount
    from tests.sandbox_leadhub import LeadHubAccount
    from tests.sandbox_raptor import RaptorAccount

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_MODULE = "config.test_settings"
ANNOUNCEMENT = "Practice vendors at "
JSON = dict[str, Any]
A = TypeVar("A", bound="Account")


class Sandbox:
    """A running practice server. `process=True` gives it a process (and a core) of its own, as benchmarks need.

    `state` is the snapshot file; `url` has no slash at the end.
    """

    def __init__(self, process: bool = False, state: Path | None = None, port: int = 0) -> None:
        self.process = process
        self.state = state
        self.port = port
        self.url = ""
        self.http = requests.Session()
        self.http.trust_env = False
        self._running: Any = None

    def start(self) -> Self:
        if self.process:
            self._running, self.url = started_process(self.port, self.state)
        else:
            from integrations.sandbox.server import PracticeServer

            self._running = PracticeServer(port=self.port, state=self.state)
            self._running.start()
            self.url = self._running.url
        return self

    def stop(self) -> None:
        self.http.close()
        if self.process:
            self._running.terminate()
            self._running.wait(timeout=20)
            self._running.stdout.close()
        else:
            self._running.stop()

    def kill(self) -> None:
        """SIGKILL, for a sandbox in a process of its own."""
        self._running.kill()
        self._running.wait(timeout=20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Every account of every vendor as at the first start."""
        self.control("POST", "reset")

    # Each vendor's account of this name, made if need be.

    def leadsquared(self, name: str = "destination") -> LeadSquaredAccount:
        return self._opened(LeadSquaredAccount(self, "leadsquared", name))

    def leadhub(self, name: str = "practice") -> LeadHubAccount:
        from tests.sandbox_leadhub import LeadHubAccount

        return self._opened(LeadHubAccount(self, "leadhub", name))

    def flexpos(self, name: str = "shop") -> FlexPOSAccount:
        from tests.sandbox_flexpos import FlexPOSAccount

        return self._opened(FlexPOSAccount(self, "flexpos", name))

    def heyloyalty(self, name: str = "practice") -> HeyloyaltyAccount:
        from tests.sandbox_heyloyalty import HeyloyaltyAccount

        return self._opened(HeyloyaltyAccount(self, "heyloyalty", name))

    def raptor(self, name: str = "practice") -> RaptorAccount:
        from tests.sandbox_raptor import RaptorAccount

        return self._opened(RaptorAccount(self, "raptor", name))

    def contacthub(self, name: str = "practice") -> ContacthubAccount:
        from tests.sandbox_contacthub import ContacthubAccount

        return self._opened(ContacthubAccount(self, "contacthub", name))

    def contactsend(self, name: str = "practice") -> ContactsendAccount:
        from tests.sandbox_contactsend import ContactsendAccount

        return self._opened(ContactsendAccount(self, "contactsend", name))

    def _opened(self, account: A) -> A:
        account.call("POST", "open")
        return account

    def control(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """A control call below /practice/. Raises AssertionError with the server's words when it is refused."""
        options = {"params": data} if method == "GET" else {"json": data or {}}
        response = self.http.request(method, f"{self.url}/practice/{path}", timeout=60, **options)
        assert response.status_code == 200, response.text
        return response.json()


class Account:
    """An account at any practised vendor."""

    def __init__(self, sandbox: Sandbox, vendor: str, name: str) -> None:
        self.sandbox = sandbox
        self.name = name
        self.path = f"{vendor}/{name}"

    @property
    def url(self) -> str:
        """The API address to put into a connection, and the address of its practice pages (with a slash)."""
        return f"{self.sandbox.url}/{self.path}"

    def call(self, method: str, name: str, /, **data: Any) -> Any:
        return self.sandbox.control(method, f"{self.path}/{name}", data)

    def reset(self, data_only: bool = False) -> None:
        self.call("POST", "reset", data_only=data_only)

    def settings(self, **changes: Any) -> JSON:
        """The settings after these changes (latency_ms, calls_per_5s, …)."""
        return self.call("POST" if changes else "GET", "settings", **changes)

    def latency(self, milliseconds: float) -> None:
        self.settings(latency_ms=milliseconds)

    def ledger(self, since: int = 0) -> list[JSON]:
        """What was applied: seq, time, operation, kind, id, outcome, key, fields."""
        return self.call("GET", "ledger", since=since)

    def calls(self, since: int = 0) -> list[JSON]:
        """API calls: seq, time, method, path, status, records, answered, fault."""
        return self.call("GET", "calls", since=since)["calls"]

    def call_count(self) -> int:
        return self.call("GET", "calls", since=2**53)["count"]

    def fault(self, kind: str, **options: Any) -> JSON:
        """Sets a fault; options: path, times (None: until cleared), at, applied, seconds, retry_after, …"""
        return self.call("POST", "faults", kind=kind, **options)

    def faults(self) -> list[JSON]:
        return self.call("GET", "faults")

    def clear_faults(self, kind: str = "") -> None:
        self.call("DELETE", "faults", kind=kind)


class LeadSquaredAccount(Account):
    """A LeadSquared account in practice mode."""

    @property
    def access_key(self) -> str:
        return f"u$rpractice-{self.name}"

    @property
    def secret_key(self) -> str:
        return f"practice-secret-{self.name}"

    @property
    def headers(self) -> dict[str, str]:
        return {"x-LSQ-AccessKey": self.access_key, "x-LSQ-SecretKey": self.secret_key}

    def limits(self, calls_per_5s: int = 0, bulk_calls_per_5s: int = 0, answer: int = 429) -> None:
        """0 lifts a limit; `answer` is 429 or 200."""
        self.settings(calls_per_5s=calls_per_5s, bulk_calls_per_5s=bulk_calls_per_5s, limit_answer=answer)

    def api(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """A call to the emulated API itself, e.g. api("GET", "UserManagement.svc/Users.Get")."""
        return self.sandbox.http.request(
            method, f"{self.url}/v2/{path}", params=params, json=body, headers=self.headers, timeout=60
        )

    def seed(self, count: int, start: int = 1, **values: Any) -> list[str]:
        """Invented leads lead000001@example.test and on; not in the ledger. Their ids."""
        return self.call("POST", "seed", count=count, start=start, values=values)["ids"]

    def leads(self, limit: int = 1_000_000, **search: Any) -> list[JSON]:
        """Leads newest first, or the one with `email=`."""
        return self.call("GET", "leads", limit=limit, **search)["leads"]

    def lead(self, email: str) -> JSON | None:
        return next(iter(self.leads(email=email)), None)

    def lead_count(self) -> int:
        return self.call("GET", "leads", limit=0)["total"]

    def save_lead(self, lead_id: str = "", **values: Any) -> str:
        """Creates (no id) or edits a lead as a user would, so that automations fire. Its id."""
        return self.call("POST", "leads", id=lead_id, values=values)["id"]

    def activities(self, lead_id: str = "") -> list[JSON]:
        return self.call("GET", "activities", lead_id=lead_id)

    def save_activity(self, lead_id: str, code: int = 201, note: str = "", activity_id: str = "", **values: Any) -> str:
        """Posts an activity, or changes `activity_id`, as a user would. Its id."""
        return self.call("POST", "activities", lead_id=lead_id, code=code, note=note, id=activity_id, values=values)[
            "id"
        ]

    def field(self, **options: Any) -> JSON:
        """Adds a custom field (DisplayName, DataType, IsMandatory, IsUnique, Options) or changes SchemaName=…"""
        return self.call("POST", "fields", **options)

    def automations(self) -> list[JSON]:
        return self.call("GET", "automations")

    def automation(
        self, url: str, triggers: Iterable[str] = ("new_lead", "lead_update"), variant: str = "standard", **options: Any
    ) -> JSON:
        """Publishes an automation with a Webhook card; options: headers, enabled, name, id (to change one)."""
        return self.call("POST", "automations", url=url, triggers=list(triggers), variant=variant, **options)

    def verify(self, url: str, **headers: str) -> JSON:
        """The Verify button: {"verified", "result"}."""
        return self.call("POST", "verify", url=url, headers=headers)

    def fire(self, trigger: str = "new_lead", **options: Any) -> list[JSON]:
        """Sends a webhook now; options: variant, url, headers, lead_ids, copies. The deliveries."""
        return self.call("POST", "fire", trigger=trigger, **options)

    def deliveries(self, since: int = 0) -> list[JSON]:
        return self.call("GET", "deliveries", since=since)

    def wait_for_deliveries(self, count: int, timeout: float = 20.0) -> list[JSON]:
        """Until `count` webhooks were delivered or given up. Raises AssertionError after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            done = [delivery for delivery in self.deliveries() if delivery["state"] != "pending"]
            if len(done) >= count:
                return done
            assert time.monotonic() < until, f"{len(done)} of {count} webhooks were settled: {self.deliveries()}"
            time.sleep(0.02)


def started_process(port: int, state: Path | None) -> tuple[subprocess.Popen[str], str]:
    """The process and its address, once it listens."""
    command = [sys.executable, "-m", "django", "sandbox", "--port", str(port)]
    command += ["--state", str(state)] if state else []
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS_MODULE, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(ANNOUNCEMENT):
        process.kill()
        raise RuntimeError(f"the practice server didn't start: {line!r}")
    return process, line.removeprefix(ANNOUNCEMENT).strip().rstrip("/")
