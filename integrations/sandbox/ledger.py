"""What was really applied, and which calls were made: the two books a test compares with the portal's own log.

Neither ever holds a key, a header or a body.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

CALLS_KEPT = 100_000
SECRET_PARAMETERS = frozenset({"accesskey", "secretkey", "apikey", "api_key", "token", "access_token", "client_secret"})


class Entry(NamedTuple):
    """One applied change. `outcome` is created or updated, `key` the value the record was found or created by."""

    seq: int
    time: str
    operation: str
    kind: str
    id: str
    outcome: str
    key: str
    fields: tuple[str, ...]


class Ledger:
    """Append-only; the account's lock guards it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        # A hundred thousand entries share a handful of field lists.
        self._field_lists: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(
        self, time: str, operation: str, kind: str, record_id: str, outcome: str, key: str, fields: Iterable[str]
    ) -> None:
        names = tuple(fields)
        names = self._field_lists.setdefault(names, names)
        self.entries.append(Entry(len(self.entries) + 1, time, operation, kind, record_id, outcome, key, names))

    def since(self, seq: int) -> list[dict[str, Any]]:
        """Entries after number `seq`, oldest first."""
        return [entry._asdict() for entry in self.entries[max(seq, 0) :]]

    def load(self, rows: list[list[Any]]) -> None:
        self.entries = []
        for _seq, time, operation, kind, record_id, outcome, key, fields in rows:
            self.add(time, operation, kind, record_id, outcome, key, fields)


@dataclass(slots=True)
class Call:
    """One HTTP request to the vendor's API. `status` is None while it is under way or when nothing was answered."""

    seq: int
    time: str
    method: str
    path: str
    status: int | None = None
    records: int = 0
    answered: bool = False
    fault: str = ""


class CallLog:
    """The last CALLS_KEPT requests of an account, and how many there were."""

    def __init__(self) -> None:
        self.count = 0
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, query: str) -> Call:
        with self._lock:
            self.count += 1
            call = Call(self.count, datetime.now(UTC).isoformat(timespec="milliseconds"), method, path)
            if query:
                call.path += without_secrets(query)
            self.calls.append(call)
        return call

    def since(self, seq: int) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(call) for call in self.calls if call.seq > seq]


def without_secrets(query: str) -> str:
    """`?a=1` of a query string that may also carry keys; empty when nothing else is left."""
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0].lower() not in SECRET_PARAMETERS]
    return f"?{urlencode(kept)}" if kept else ""
