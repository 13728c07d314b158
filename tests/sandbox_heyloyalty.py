"""Heyloyalty in practice mode, for tests and benchmarks.

with Sandbox() as sandbox:
    practice = sandbox.heyloyalty()
    practice.settings(import_delay_s=0)
    practice.api("POST", "lists/1/members/upsert", {"unique_field": "email", "member": {…}})
    assert [mail["kind"] for mail in practice.mails()] == ["automation"]
"""

from __future__ import annotations

import base64
import csv
import hmac
import io
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import requests

from tests.sandbox_server import JSON, Account

# The lists that are there from the start; the second has no tracking.
CUSTOMERS, NEWSLETTER = 1, 2


class HeyloyaltyAccount(Account):
    """A Heyloyalty account in practice mode. `url` is the address of the API and of tracking, without their paths."""

    @property
    def api_key(self) -> str:
        return f"practice-key-{self.name}"

    @property
    def api_secret(self) -> str:
        return f"practice-secret-{self.name}"

    @property
    def tracking_id(self) -> str:
        """Of the list of customers."""
        return f"tracking-{self.name}"

    def signed(self, timestamp: str = "", secret: str = "") -> dict[str, str]:
        """The headers of a call made now, in RFC 1123."""
        timestamp = timestamp or format_datetime(datetime.now(UTC), usegmt=True)
        digest = hmac.new((secret or self.api_secret).encode(), timestamp.encode(), "sha256").hexdigest()
        password = base64.b64encode(digest.encode()).decode()
        basic = base64.b64encode(f"{self.api_key}:{password}".encode()).decode()
        return {"Authorization": f"Basic {basic}", "X-Request-Timestamp": timestamp}

    def api(
        self, method: str, path: str, body: Any = None, version: int = 1, headers: Any = None, **options: Any
    ) -> requests.Response:
        """A call to the emulated API itself, e.g. api("GET", "lists/1"); options as of requests: params, data, …"""
        return self.sandbox.http.request(
            method,
            f"{self.url}/loyalty/v{version}/{path}",
            json=body,
            headers=headers or self.signed(),
            timeout=60,
            **options,
        )

    def import_csv(
        self, rows: Iterable[Sequence[Any]], columns: Sequence[str], list_id: int = CUSTOMERS, **parameters: Any
    ) -> requests.Response:
        """The bulk import of members; `rows` are the cells."""
        return self.send_csv(f"loyalty/v1/lists/{list_id}/import", rows, columns, parameters)

    def import_tracking(
        self,
        rows: Iterable[Sequence[Any]],
        columns: Sequence[str],
        kind: str = "transaction",
        tracking_id: str = "",
        **parameters: Any,
    ) -> requests.Response:
        """Purchases (transaction) or bookings (booking) into the activity feed."""
        needed = {"skip_header_line": 0, "date_format": "Y-m-d H:i:s", "sendErrorsTo": "it@example.test"}
        path = f"api/{kind}/import/{tracking_id or self.tracking_id}"
        return self.send_csv(path, rows, columns, needed | parameters)

    def send_csv(
        self, path: str, rows: Iterable[Sequence[Any]], columns: Sequence[str], parameters: JSON
    ) -> requests.Response:
        file = io.StringIO()
        csv.writer(file, delimiter=";").writerows(rows)
        return self.sandbox.http.post(
            f"{self.url}/{path}",
            data={"fields_selected[]": list(columns), "delimiter": ";"} | parameters,
            files={"file": ("members.csv", file.getvalue().encode(), "text/csv")},
            headers=self.signed(),
            timeout=60,
        )

    def lists(self) -> list[JSON]:
        """Every list: settings, fields, and `states`: how many members are active, pending, unsubscribed."""
        return self.call("GET", "lists")

    def list_of(self, list_id: int = CUSTOMERS) -> JSON:
        return next(one for one in self.lists() if one["id"] == list_id)

    def save_list(self, list_id: int | None = CUSTOMERS, **options: Any) -> JSON:
        """Changes a list, or makes one (None): name, duplicates, date_format, tracking_id, automations, fields, …"""
        return self.call("POST", "lists", id=list_id, **options)

    def remove_list(self, list_id: int) -> None:
        self.call("DELETE", "lists", id=list_id)

    def remove_field(self, name: str, list_id: int = CUSTOMERS) -> None:
        self.call("DELETE", "fields", list_id=list_id, name=name)

    def option(self, field: str, label: str, list_id: int = CUSTOMERS) -> str:
        """The id of the option with this label."""
        options = self.list_of(list_id)["fields"][field]["options"]
        return next(option_id for option_id, one in options.items() if one == label)

    def seed(
        self, count: int, start: int = 1, list_id: int = CUSTOMERS, created_at: str = "", opt_in: int = 1, **values: Any
    ) -> list[str]:
        """Invented members member000001@example.test and on; not in the ledger. Their ids."""
        how: JSON = {"created_at": created_at, "opt_in": opt_in, "values": values}
        return self.call("POST", "seed", list_id=list_id, count=count, start=start, **how)["ids"]

    def members(self, list_id: int = CUSTOMERS, limit: int = 1_000_000, **search: Any) -> list[JSON]:
        """Members in every state, oldest first, or those with `email=`: id, state, values, unsubscribed_at, …"""
        return self.call("GET", "members", list_id=list_id, limit=limit, **search)["members"]

    def member(self, email: str, list_id: int = CUSTOMERS) -> JSON:
        """The one member with this address, in whatever state."""
        (found,) = self.members(list_id, email=email)
        return found

    def save_member(self, member_id: str = "", list_id: int = CUSTOMERS, **values: Any) -> str:
        """Creates (no id) or edits a member as a user would. Its id."""
        return self.call("POST", "members", list_id=list_id, id=member_id, values=values)["id"]

    def unsubscribe(self, member_id: str, list_id: int = CUSTOMERS) -> None:
        """As the member would; also resubscribe, and confirm (the link in the opt-in mail)."""
        self.call("POST", "unsubscribe", list_id=list_id, id=member_id)

    def resubscribe(self, member_id: str, list_id: int = CUSTOMERS) -> None:
        self.call("POST", "resubscribe", list_id=list_id, id=member_id)

    def confirm(self, member_id: str, list_id: int = CUSTOMERS) -> None:
        self.call("POST", "confirm", list_id=list_id, id=member_id)

    def activities(self, list_id: int = CUSTOMERS) -> list[JSON]:
        """The activity feed: time, kind, email, member_id, values."""
        return self.call("GET", "activities", list_id=list_id)

    def mails(self, kind: str = "") -> list[JSON]:
        """The mails that calls caused: kind (opt_in, automation, import_errors, webhook_failed), to, attachment, …"""
        return [mail for mail in self.call("GET", "mails") if kind in ("", mail["kind"])]

    def imports(self) -> list[JSON]:
        """state (queued, running, done), read, created, updated, skipped, failed, errors, …"""
        return self.call("GET", "imports")

    def wait_for_imports(self, count: int = 1, timeout: float = 60.0) -> list[JSON]:
        """Until `count` imports are done. Raises AssertionError after `timeout` seconds."""
        return wait_for(count, timeout, lambda: [one for one in self.imports() if one["state"] == "done"])

    def deliveries(self) -> list[JSON]:
        return self.call("GET", "deliveries")

    def wait_for_deliveries(self, count: int, timeout: float = 20.0) -> list[JSON]:
        """Until `count` webhooks were delivered or given up. Raises AssertionError after `timeout` seconds."""
        return wait_for(count, timeout, lambda: [one for one in self.deliveries() if one["state"] != "pending"])


def wait_for(count: int, timeout: float, done: Callable[[], list[JSON]]) -> list[JSON]:
    until = time.monotonic() + timeout
    while len(found := done()) < count:
        assert time.monotonic() < until, f"{len(found)} of {count} are done: {found}"
        time.sleep(0.02)
    return found
