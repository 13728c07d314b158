"""LeadHub's limits: token buckets, a few for each family of endpoints. Times are seconds of any clock, as arguments."""

from __future__ import annotations

from dataclasses import dataclass

# A token that floating point left a hair short of whole.
WHOLE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Family:
    """Endpoints that share their limits; a call needs a token of every rate."""

    label: str
    rates: tuple[Rate, ...]


PERSON = (Rate(10, 1), Rate(30, 60))
ONE_A_MINUTE = (Rate(1, 60),)
FAMILIES = {
    "profile_read": Family("Profile reads (10 a second, 30 a minute)", PERSON),
    "profile_write": Family("Profile writes (10 a second, 30 a minute)", PERSON),
    "tag_write": Family("Tag writes (10 a second, 30 a minute)", PERSON),
    "subscription_read": Family("Subscription reads (10 a second, 30 a minute)", PERSON),
    "segment_list": Family("List of segments (1 a minute)", ONE_A_MINUTE),
    "segment_query": Family("Segment queries (1 a minute)", ONE_A_MINUTE),
    "job_list": Family("List of jobs (1 in 10 seconds)", (Rate(1, 10),)),
    # Nothing is known of the result's limit; the job's own is the careful guess.
    "job_read": Family("A job and its result (1 a second)", (Rate(1, 1),)),
}


class Bucket:
    """Full at first. It fills `speed` times as fast as its rate says."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.tokens = float(rate.calls)
        self.filled_at: float | None = None

    def wait(self, now: float, speed: float) -> float:
        """Seconds until there is a token; 0 when there is one."""
        per_second = self.rate.calls / self.rate.seconds * speed
        since = 0.0 if self.filled_at is None else now - self.filled_at
        self.tokens, self.filled_at = min(self.rate.calls, self.tokens + since * per_second), now
        return 0.0 if self.tokens >= WHOLE else (1 - self.tokens) / per_second


class Limits:
    """The buckets of an account."""

    def __init__(self) -> None:
        self.buckets = {name: [Bucket(rate) for rate in family.rates] for name, family in FAMILIES.items()}

    def take(self, family: str, now: float, speed: float) -> float:
        """Takes a call's tokens and returns 0, or takes none and returns the seconds to wait. Speed 0: no limit."""
        if not speed:
            return 0.0
        buckets = self.buckets[family]
        wait = max(bucket.wait(now, speed) for bucket in buckets)
        if not wait:
            for bucket in buckets:
                bucket.tokens -= 1
        return wait
