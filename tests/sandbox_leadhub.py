"""LeadHub in practice mode, for tests.

leadhub = sandbox.leadhub()
leadhub.limits(20)                                   twenty times as fast as LeadHub's own; 0: none
leadhub.settings(visibility_delay_s=0, strict=True)
leadhub.fault("applied_unanswered", path="profiles/tags")
...
assert [entry["tag"] for entry in leadhub.ledger(kind="tag")] == ["ellity_account_changed"]
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import quote

import requests

from tests.sandbox_server import JSON, Account

FAMILIES = (
    "profile_read",
    "profile_write",
    "tag_write",
    "subscription_read",
    "segment_list",
    "segment_query",
    "job_list",
    "job_read",
)


class LeadHubAccount(Account):
    """A LeadHub account in practice mode."""

    @cached_property
    def token(self) -> str:
        """The API key to put into a connection, as it was when first asked for."""
        return str(self.settings()["token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.token}

    def limits(self, speed: float = 0, **families: float) -> None:
        """All limits `speed` times as fast as LeadHub's own (0: no limit), or only some: limits(tag_write=20)."""
        chosen = families or dict.fromkeys(FAMILIES, speed)
        self.settings(**{f"{family}_limit": value for family, value in chosen.items()})

    def api(self, method: str, path: str, body: object = None) -> requests.Response:
        """A call to the emulated API itself, e.g. api("GET", "segments")."""
        return self.sandbox.http.request(method, f"{self.url}/{path}", json=body, headers=self.headers, timeout=60)

    def put(self, user_id: str | None, email: str | None, **names: str | None) -> requests.Response:
        return self.api("PUT", "profiles", {"user_id": user_id, "email_address": email, **names})

    def tag(self, user_id: str, name: str, /, **data: object) -> requests.Response:
        body = {"profile_identification": {"user_id": user_id}, "tag": {"name": name, "data": data}}
        return self.api("POST", "profiles/tags", body)

    def read(self, email: str) -> requests.Response:
        """The profile as the API shows it, late."""
        return self.api("GET", f"profiles/email-address/{quote(email, safe='')}")

    def ledger(self, since: int = 0, kind: str = "") -> list[JSON]:
        """What was applied, in order: seq, at, kind (profile or tag), user_id, email_address, outcome, tag, data."""
        return self.call("GET", "ledger", since=since, kind=kind)

    def lost(self) -> list[JSON]:
        """The last tags that were accepted for profiles nobody knew: at, user_id or email_address, tag."""
        return self.call("GET", "lost")

    def seed(self, count: int, start: int = 1) -> None:
        """Invented profiles seed-1, customer000001@example.test and on; visible at once, not in the ledger."""
        self.call("POST", "seed", count=count, start=start)

    def profiles(self, limit: int = 1_000_000, **search: str) -> list[JSON]:
        """Profiles as written, newest first, or the one with `user_id=` or `email_address=`.

        Each with id, user_id, email_address, first_name, last_name, tags (name → latest data), occurrences
        (at, name, data; in order), subscriptions, is_suppressed.
        """
        return self.call("GET", "profiles", limit=limit, **search)["profiles"]

    def profile(self, email: str) -> JSON | None:
        return next(iter(self.profiles(email_address=email)), None)

    def profile_count(self) -> int:
        return self.call("GET", "profiles", limit=0)["total"]

    def subscribe(self, email: str, suppressed: bool = False, **subscriptions: str) -> JSON:
        """Sets states by code: subscribe("ada@example.test", newsletters="subscribed")."""
        return self.call(
            "POST", "subscriptions", email_address=email, subscriptions=subscriptions, is_suppressed=suppressed
        )
