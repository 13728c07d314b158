"""Bulk reads: a query becomes a job, and the job some seconds later a file of profiles."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from integrations.sandbox.vendor import Data


@dataclass(frozen=True, slots=True)
class Job:
    """`created`: seconds since 1970."""

    id: str
    created: float

    def state(self, seconds: float) -> str:
        """waiting, processing for the second half of `seconds`, then done."""
        age = time.time() - self.created
        if age >= seconds:
            return "done"
        return "processing" if age >= seconds / 2 else "waiting"

    def told(self, seconds: float) -> Data:
        """The job as the API tells it."""
        created = datetime.fromtimestamp(self.created, UTC).isoformat(timespec="seconds")
        return {"job_id": self.id, "state": self.state(seconds), "errors": [], "created_date": created}


def new_job() -> Job:
    return Job(uuid4().hex, time.time())


def file_of(profiles: Iterable[Data]) -> bytes:
    """gzip of JSON Lines, a profile a line."""
    return gzip.compress("".join(f"{json.dumps(profile)}\n" for profile in profiles).encode())
