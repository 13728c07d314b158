"""What an estimate has found so far, and where it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from integrations.connectors.flexpos.import_reading import Place
from integrations.connectors.flexpos.list_digest import ListDigest
from integrations.connectors.heyloyalty.plans import Act, Plan
from integrations.core.connector import SKIP_REASONS, Outcome, Record, Result, Skip
from integrations.core.mapping import digest
from integrations.core.models import Run

ORDERS, LIST, PEOPLE, DONE = "orders", "list", "people", "done"
PLANNED = {Act.CREATE: "created", Act.ANEW: "created", Act.UPDATE: "updated", Act.PATCH: "updated"}
PEOPLE_COUNTS = ("created", "updated", "unchanged", "held_back")
COUNTERS = ("counts", "skipped", "refused")
# Of a customer's digest.
DIGITS = 16


@dataclass
class Findings:
    """`skipped` counts by code, `refused` by sentence, `orders` by resource. Of the list the next `page` is read; the
    one before it began with the member `first_id`. `judged` are customers of the window being read, by their digests:
    after a break some rows are read again."""

    members: ListDigest
    phase: str = ORDERS
    place: Place = field(default_factory=Place)
    page: int = 1
    first_id: str = ""
    orders: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    judged: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, cursor: Mapping[str, Any], fields: Iterable[str]) -> Self:
        """From what `cursor` wrote, or anew. `fields`: those of the list that would be written to."""
        if not cursor:
            return cls(ListDigest(fields))
        return cls(
            ListDigest(cursor["fields"], cursor["members"]),
            place=Place.of(cursor),
            judged=set(cursor["judged"]),
            **{name: cursor[name] for name in ("phase", "page", "first_id", "orders")},
            **{name: Counter(cursor[name]) for name in COUNTERS},  # type: ignore[arg-type]
        )

    def cursor(self, run: Run) -> dict[str, Any]:
        """`done` is for whoever watches."""
        return {
            "run": run.pk,
            "done": {name: self.counts[name] for name in ("customers", "members")},
            "phase": self.phase,
            "place": self.place.saved(),
            "page": self.page,
            "first_id": self.first_id,
            "orders": self.orders,
            "fields": self.members.fields,
            "members": "" if self.phase == DONE else self.members.packed(),
            "judged": sorted(self.judged),
            **{name: dict(getattr(self, name)) for name in COUNTERS},
        }

    def reach(self, place: Place) -> None:
        """Before it everything is judged."""
        self.place = place
        if not place.left:
            self.judged.clear()

    def not_judged(self, records: Iterable[Record]) -> list[Record]:
        """Those that were not given here before; they count as judged from now on."""
        fresh = []
        for record in records:
            name = digest([record.key, record.payload])[:DIGITS]
            if name not in self.judged:
                self.judged.add(name)
                fresh.append(record)
        return fresh

    def take(self, verdict: Plan | Outcome) -> None:
        """Count what would become of one customer."""
        if isinstance(verdict, Plan):
            self.counts[PLANNED[verdict.act]] += 1
        elif verdict.result == Result.FAILED:
            self.refused[verdict.message] += 1
        elif verdict.code == Skip.CONSENT:
            self.counts["held_back"] += 1
        elif verdict.result == Result.SKIPPED:
            self.skipped[verdict.code] += 1
        else:
            self.counts[verdict.result] += 1

    @property
    def people(self) -> int:
        """How many records of customers an import would have."""
        found = sum(self.counts[name] for name in PEOPLE_COUNTS)
        return found + self.skipped.total() + self.refused.total()

    def summary(self) -> dict[str, Any]:
        return {
            **{name: self.counts[name] for name in PEOPLE_COUNTS},
            "skipped": [(str(SKIP_REASONS.get(code, code)), number) for code, number in self.skipped.most_common()],
            "refused": self.refused.most_common(),
            "orders": list(self.orders.items()),
            "left_out": {name: self.counts[name] for name in ("filtered", "merged")},
        }
