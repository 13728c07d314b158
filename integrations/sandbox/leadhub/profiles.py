"""The profiles of one account, found by user id and by e-mail address without regard to case."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import merge
from typing import Any, NamedTuple
from uuid import uuid4

from integrations.sandbox.leadhub.payloads import IDENTIFIERS, NAMES, TagData, Values
from integrations.sandbox.vendor import Data

# Nobody is subscribed to anything by being created.
FIRST_SUBSCRIPTIONS = {"newsletters": "unsubscribed"}
PLAIN = ("id", "created_at", *IDENTIFIERS, *NAMES, "is_suppressed")


class Occurrence(NamedTuple):
    """One captured tag. `at`: UTC, ISO 8601."""

    at: str
    name: str
    data: TagData


@dataclass(slots=True)
class Profile:
    """`occurrences` are every tag in order, `tags` the last of each name. Reads see what was written only later."""

    id: str
    created_at: str
    user_id: str | None = None
    email_address: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    occurrences: list[Occurrence] = field(default_factory=list)
    tags: dict[str, Occurrence] = field(default_factory=dict)
    subscriptions: dict[str, str] = field(default_factory=FIRST_SUBSCRIPTIONS.copy)
    is_suppressed: bool = False
    seen: Data | None = None
    coming: deque[tuple[float, Data]] = field(default_factory=deque)

    def written(self) -> Data:
        """The profile as GET /profiles answers once everything shows."""
        credentials = {name: getattr(self, name) for name in (*IDENTIFIERS, *NAMES)}
        tags = [{"name": tag.name, "data": tag.data} for tag in self.tags.values()]
        return {"credentials": credentials, "tags": tags}

    def visible(self, now: float) -> Data | None:
        """The profile as a read sees it now; None while even its creation doesn't show."""
        while self.coming and self.coming[0][0] <= now:
            self.seen = self.coming.popleft()[1]
        return self.seen

    def show(self, now: float, delay: float) -> None:
        """After a write: reads see it `delay` seconds from now."""
        self.coming.append((now + delay, self.written()))
        self.visible(now)

    def capture(self, tag: Occurrence) -> None:
        self.occurrences.append(tag)
        self.tags[tag.name] = tag

    def absorb(self, other: Profile) -> None:
        """Takes over what another profile of the same person had; own values stay."""
        self.occurrences = list(merge(self.occurrences, other.occurrences, key=lambda tag: tag.at))
        self.tags = {tag.name: tag for tag in self.occurrences}
        self.subscriptions = other.subscriptions | self.subscriptions
        self.is_suppressed = self.is_suppressed or other.is_suppressed
        for name in NAMES:
            setattr(self, name, getattr(self, name) or getattr(other, name))

    def dump(self) -> Data:
        """What is kept, and what a control call tells; a copy."""
        plain = {name: getattr(self, name) for name in PLAIN}
        return plain | {"occurrences": list(self.occurrences), "subscriptions": dict(self.subscriptions)}


class ProfileBook:
    """Guarded by the account's lock."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.by_user_id: dict[str, Profile] = {}
        self.by_email: dict[str, Profile] = {}

    def find(self, identification: Mapping[str, str | None]) -> Profile | None:
        """By user_id, else by email_address."""
        user_id, email = (identification.get(name) or "" for name in IDENTIFIERS)
        return self.by_user_id.get(user_id) or self.by_email.get(email.lower())

    def put(self, values: Values, at: str) -> tuple[Profile, bool]:
        """Updates or creates (then True). Two profiles that the values show to be one person become one.

        A null name clears; a null user_id or email_address leaves the one that is known.
        """
        profile = self.find(values)
        created = profile is None
        if profile is None:
            profile = Profile(uuid4().hex, at)
            self.profiles[profile.id] = profile
        twin = self.find({"email_address": values.get("email_address")})
        if twin is not None and twin is not profile:
            self.remove(twin)
            profile.absorb(twin)
        self.unindex(profile)
        for name, value in values.items():
            if value is not None or name in NAMES:
                setattr(profile, name, value)
        self.index(profile)
        return profile, created

    def remove(self, profile: Profile) -> None:
        self.unindex(profile)
        del self.profiles[profile.id]

    def index(self, profile: Profile) -> None:
        if profile.user_id:
            self.by_user_id[profile.user_id] = profile
        if profile.email_address:
            self.by_email[profile.email_address.lower()] = profile

    def unindex(self, profile: Profile) -> None:
        self.by_user_id.pop(profile.user_id or "", None)
        self.by_email.pop((profile.email_address or "").lower(), None)

    def load(self, rows: list[dict[str, Any]]) -> None:
        """Everything that was kept shows at once."""
        for row in rows:
            profile = Profile(**(row | {"occurrences": []}))
            for occurrence in row["occurrences"]:
                profile.capture(Occurrence(*occurrence))
            profile.seen = profile.written()
            self.profiles[profile.id] = profile
            self.index(profile)
