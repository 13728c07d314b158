"""One practice account of LeadHub: its token, limits, and the profiles it holds."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from hashlib import sha512
from math import ceil

from integrations.sandbox.leadhub.errors import missing, over_limit
from integrations.sandbox.leadhub.jobs import Job
from integrations.sandbox.leadhub.ledger import TagLedger
from integrations.sandbox.leadhub.limits import FAMILIES, Limits
from integrations.sandbox.leadhub.payloads import TagWrite, Values
from integrations.sandbox.leadhub.profiles import Occurrence, Profile, ProfileBook
from integrations.sandbox.vendor import Account, Data

LONGEST_DELAY = 2.0
FASTEST = 10_000.0
LOST_KEPT = 50
# family -> the setting that says how many times as fast as LeadHub's own its limit is; 0: no limit.
SPEEDS = {family: f"{family}_limit" for family in FAMILIES}
# What a settings call may change, beside latency_ms and the speeds. strict: 404 for tags of unknown profiles.
SETTINGS = ("token", "strict", "visibility_delay_s", "job_seconds")
MOST = {"visibility_delay_s": LONGEST_DELAY, "job_seconds": 3600.0, **dict.fromkeys(SPEEDS.values(), FASTEST)}


class LeadHubAccount(Account):
    """Every name has a token of its own, the same after each reset."""

    ledger: TagLedger
    changeable = (*SETTINGS, *SPEEDS.values())

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.token = sha512(f"leadhub/{name}".encode()).hexdigest()
        self.strict = False
        self.visibility_delay_s = 1.0
        self.job_seconds = 2.0
        for setting in SPEEDS.values():
            setattr(self, setting, 1.0)
        self.empty()

    def empty(self) -> None:
        self.ledger = TagLedger()
        self.book = ProfileBook()
        self.lost: deque[Data] = deque(maxlen=LOST_KEPT)
        self.jobs: dict[str, Job] = {}
        self.limits = Limits()

    def change_settings(self, data: Data) -> None:
        if not data.get("token", self.token):
            raise ValueError("the token can't be empty")
        for name, most in MOST.items():
            if name in data and not 0 <= float(data[name]) <= most:
                raise ValueError(f"{name} is a number from 0 to {most:g}")
        super().change_settings(data)

    def refuse_above_limit(self, family: str) -> None:
        """Raises LeadHubError (429) with the whole seconds after which a call would be taken."""
        wait = self.limits.take(family, time.monotonic(), getattr(self, SPEEDS[family]))
        if wait:
            raise over_limit(ceil(wait))

    def put_profile(self, values: Values) -> None:
        at = utc_now()
        profile, created = self.book.put(values, at)
        outcome = "created" if created else "updated"
        self.ledger.profile(at, profile.user_id, profile.email_address, outcome, dict(values))
        profile.show(time.monotonic(), self.visibility_delay_s)

    def set_tag(self, tag: TagWrite) -> None:
        """A tag for nobody is lost; where the account is strict, raises LeadHubError (404) instead."""
        at, profile = utc_now(), self.book.find(tag.identification)
        if profile is None and self.strict:
            raise missing("profile")
        if profile is None:
            self.lost.append({"at": at, **tag.identification, "tag": tag.name})
            return
        outcome = "updated" if tag.name in profile.tags else "created"
        profile.capture(Occurrence(at, tag.name, tag.data))
        self.ledger.tag(at, profile.user_id, profile.email_address, outcome, tag.name, dict(tag.data))
        profile.show(time.monotonic(), self.visibility_delay_s)

    def seen(self, email: str) -> tuple[Profile, Data]:
        """A profile and what a read shows of it now. Raises LeadHubError (404)."""
        profile = self.book.find({"email_address": email})
        shown = profile.visible(time.monotonic()) if profile else None
        if profile is None or shown is None:
            raise missing("profile")
        return profile, shown

    def all_seen(self) -> list[Data]:
        now = time.monotonic()
        shown = (profile.visible(now) for profile in self.book.profiles.values())
        return [profile for profile in shown if profile is not None]

    def clear_data(self) -> None:
        super().clear_data()
        self.empty()

    def dump(self) -> Data:
        return super().dump() | {
            "ledger_details": list(self.ledger.details),
            "profiles": [profile.dump() for profile in self.book.profiles.values()],
            "lost": list(self.lost),
            "jobs": [[job.id, job.created] for job in self.jobs.values()],
        }

    def load(self, data: Data) -> None:
        super().load(data)
        self.ledger.details = data["ledger_details"]
        self.book.load(data["profiles"])
        self.lost.extend(data["lost"])
        self.jobs = {job_id: Job(job_id, created) for job_id, created in data["jobs"]}


def utc_now() -> str:
    """Now in ISO 8601, with a blank that reads better on the pages."""
    return datetime.now(UTC).isoformat(" ", "microseconds")
