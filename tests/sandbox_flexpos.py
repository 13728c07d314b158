"""FlexPOS in practice mode, for tests and benchmarks.

shop = sandbox.flexpos()
shop.unlimited()
shop.at("2026-03-09T12:00:00Z")
shop.seed(customers=500, journals=2000)
shop.customer(50_001, Email="mette@example.test")
shop.sale(50_001, {"7711": 2})
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from tests.sandbox_server import JSON, Account


class FlexPOSAccount(Account):
    """A FlexPOS account in practice mode."""

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def attraction_api_url(self) -> str:
        return f"{self.url}/attractions/v1"

    @property
    def client(self) -> tuple[str, str]:
        """Client_id and Client_secret of the main API."""
        return f"practice-{self.name}", f"practice-secret-{self.name}"

    @property
    def attraction_client(self) -> tuple[str, str]:
        return f"practice-attractions-{self.name}", f"practice-attractions-secret-{self.name}"

    def unlimited(self) -> None:
        self.settings(calls_per_minute=0)

    def ask_token(self, attractions: bool = False, **form: Any) -> requests.Response:
        """The token call; `form` overrides what is sent."""
        client_id, client_secret = self.attraction_client if attractions else self.client
        right = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        base = self.attraction_api_url if attractions else self.api_url
        return self.sandbox.http.post(f"{base}/oauth/token", data=right | form, timeout=60)

    def token(self, attractions: bool = False) -> str:
        reply = self.ask_token(attractions)
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    def api(self, path: str, token: str, attractions: bool = False, **params: Any) -> requests.Response:
        """GET of the emulated API itself, e.g. api("Customers", token, PageSize=500)."""
        base = self.attraction_api_url if attractions else self.api_url
        headers = {"Authorization": f"Bearer {token}"}
        return self.sandbox.http.get(f"{base}/{path}", params=params, headers=headers, timeout=60)

    def seed(self, **counts: Any) -> JSON:
        """Invented customers=, journals=, tickets=, memberships=, the same for the same seed=; not in the ledger.

        `start` and `end` are ISO times with zone (default: the last thirty days). How many there are now.
        """
        names = {"start": "from", "end": "to"}
        return self.call("POST", "seed", **{names.get(name, name): value for name, value in counts.items()})

    def customers(self, limit: int = 1_000_000, **search: Any) -> list[JSON]:
        """Customers as the API gives them, newest first, or those with `email=` or `id=`."""
        return self.call("GET", "customers", limit=limit, **search)["customers"]

    def customer(self, customer_id: int = 0, /, *, filler_kb: int = 0, extra: JSON | None = None, **values: Any) -> int:
        """Creates (no id) or edits a customer at the till. The number."""
        data = {"id": customer_id, "values": values, "extra": extra, "filler_kb": filler_kb}
        return self.call("POST", "customers", **data)["CustomerId"]

    def sale(self, customer_id: int | None, basket: Mapping[str, int], store_id: int = 3) -> JSON:
        """Rings up product number -> quantity, negative for a return; no customer: anonymous. The journal."""
        return self.call("POST", "sales", customer_id=customer_id, basket=dict(basket), store_id=store_id)

    def ticket(self, customer_id: int | None, attraction_id: int = 14, quantity: int = 1) -> JSON:
        """Sells a ticket, or a membership when the attraction is one (15, 18)."""
        return self.call("POST", "tickets", customer_id=customer_id, attraction_id=attraction_id, quantity=quantity)

    def ticket_status(self, ticket_id: int, status: str) -> JSON:
        return self.call("POST", "tickets", id=ticket_id, status=status)

    def membership_status(self, membership_id: int, status: str) -> JSON:
        return self.call("POST", "memberships", id=membership_id, status=status)

    def journals(self, limit: int = 1_000_000) -> list[JSON]:
        return self.call("GET", "journals", limit=limit)["journals"]

    def tickets(self, limit: int = 1_000_000) -> list[JSON]:
        return self.call("GET", "tickets", limit=limit)["tickets"]

    def memberships(self, limit: int = 1_000_000) -> list[JSON]:
        return self.call("GET", "memberships", limit=limit)["memberships"]

    def at(self, now: datetime | str, runs: bool = False) -> str:
        """Sets the vendor's clock (with zone), where it stands still unless it `runs`. The local time it shows."""
        text = now if isinstance(now, str) else now.isoformat()
        return self.call("POST", "clock", now=text, runs=runs)["local"]

    def real_time(self) -> None:
        self.call("POST", "clock")

    def now(self) -> datetime:
        return datetime.fromisoformat(self.call("GET", "clock")["now"])

    def forward(self, **duration: float) -> str:
        """forward(minutes=5): the clock stands still that much later. The local time it shows."""
        return self.at(self.now() + timedelta(**duration))

    def counts(self, since: int = 0) -> dict[str, int]:
        """Calls for each endpoint: {"v1/oauth/token": 1, "v1/Customers": 3, "attractions/v1/Memberships": 1}."""
        return self.call("GET", "counts", since=since)
