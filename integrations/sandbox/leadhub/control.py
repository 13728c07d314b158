"""Control calls of LeadHub, below `/practice/leadhub/<account>/`. Bodies and answers are JSON.

POST seed           {"count": 200, "start": 1}      invented profiles, fast, visible at once, not in the ledger
GET  profiles       ?limit=100&offset=0&user_id=…&email_address=…     as written, newest first, and their total number
POST subscriptions  {"email_address", "subscriptions": {"newsletters": "subscribed"}, "is_suppressed": false}
GET  ledger         ?since=0&kind=tag               what was accepted: profile and tag, or one kind
GET  lost           the last tags for profiles nobody knew: answered with 202, and gone
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.leadhub.account import LeadHubAccount, utc_now
from integrations.sandbox.leadhub.errors import missing
from integrations.sandbox.leadhub.payloads import IDENTIFIERS
from integrations.sandbox.leadhub.profiles import Profile
from integrations.sandbox.vendor import Data


def seed(account: LeadHubAccount, data: Data) -> Any:
    count, start = int(data.get("count", 1)), int(data.get("start", 1))
    with account.lock:
        for number in range(start, start + count):
            values: dict[str, str | None] = {
                "user_id": f"seed-{number}",
                "email_address": f"customer{number:06}@example.test",
                "first_name": "Customer",
                "last_name": str(number),
            }
            profile, _ = account.book.put(values, utc_now())
            profile.show(time.monotonic(), 0)
    return {"created": count}


def list_profiles(account: LeadHubAccount, data: Data) -> Any:
    offset, limit = int(data.get("offset", 0)), int(data.get("limit", 100))
    with account.lock:
        found = list(reversed(account.book.profiles.values()))
        if any(data.get(name) for name in IDENTIFIERS):
            one = account.book.find(data)
            found = [one] if one else []
        return {"total": len(found), "profiles": [told(profile) for profile in found[offset : offset + limit]]}


def told(profile: Profile) -> Data:
    tags = {name: tag.data for name, tag in profile.tags.items()}
    return profile.dump() | {"tags": tags, "occurrences": [tag._asdict() for tag in profile.occurrences]}


def set_subscriptions(account: LeadHubAccount, data: Data) -> Any:
    with account.lock:
        profile = account.book.find({"email_address": data["email_address"]})
        if profile is None:
            raise missing("profile")
        profile.subscriptions |= data.get("subscriptions", {})
        profile.is_suppressed = bool(data.get("is_suppressed", profile.is_suppressed))
        return told(profile)


def list_ledger(account: LeadHubAccount, data: Data) -> Any:
    kind = data.get("kind")
    with account.lock:
        entries = account.ledger.since(int(data.get("since", 0)))
    return [entry for entry in entries if kind in (None, "", entry["kind"])]


def list_lost(account: LeadHubAccount, data: Data) -> Any:
    with account.lock:
        return list(account.lost)


CONTROLS: Mapping[tuple[str, str], Callable[[LeadHubAccount, Data], Any]] = {
    ("POST", "seed"): seed,
    ("GET", "profiles"): list_profiles,
    ("POST", "subscriptions"): set_subscriptions,
    ("GET", "ledger"): list_ledger,
    ("GET", "lost"): list_lost,
}
