"""What lists and queries see: customers as they were some seconds ago. The vendor's own index is about 30 s behind."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from integrations.sandbox.contacthub.queries import valued

Customer = dict[str, Any]
# Looked up by their exact value, as long as a query asks for nothing else.
INDEXED = ("externalId", "base.contacts.email")
ANSWERS_KEPT = 8
last_change = itemgetter("updatedAt")


class SearchIndex:
    """Guarded by the account's lock. Pages of one question are cut from one answer as long as nothing changes."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, Customer]] = {}
        self.by_value: dict[tuple[str, str], dict[str, Customer]] = {}
        self.coming: deque[tuple[float, Customer, bool]] = deque()
        self.answers: dict[tuple[str, ...], list[Customer]] = {}
        self.by_change: dict[tuple[str, ...], list[Customer]] = {}

    def change(self, customer: Customer, gone: bool, delay: float) -> None:
        self.coming.append((time.monotonic() + delay, customer, gone))
        self.catch_up()

    def catch_up(self) -> None:
        now = time.monotonic()
        while self.coming and self.coming[0][0] <= now:
            _, customer, gone = self.coming.popleft()
            self.answers.clear()
            self.by_change.clear()
            self._forget(customer)
            if not gone:
                self._show(customer)

    def _forget(self, customer: Customer) -> None:
        old = self.nodes.get(customer["nodeId"], {}).pop(customer["id"], None)
        for attribute in INDEXED if old else ():
            self.by_value.get((attribute, str(valued(old, attribute))), {}).pop(customer["id"], None)

    def _show(self, customer: Customer) -> None:
        self.nodes.setdefault(customer["nodeId"], {})[customer["id"]] = customer
        for attribute in INDEXED:
            value = valued(customer, attribute)
            if value is not None:
                self.by_value.setdefault((attribute, str(value)), {})[customer["id"]] = customer

    def of(self, entries: Iterable[str]) -> list[Customer]:
        return [customer for node in entries for customer in self.nodes.get(node, {}).values()]

    def equal(self, entries: Iterable[str], attribute: str, value: Any) -> list[Customer]:
        """`attribute` is one of INDEXED."""
        found = self.by_value.get((attribute, str(value)), {}).values()
        nodes = set(entries)
        return [customer for customer in found if customer["nodeId"] in nodes and valued(customer, attribute) == value]

    def changed(self, entries: Sequence[str], moment: str, with_moment: bool) -> list[Customer]:
        """Those changed after a moment, or also at it, the oldest change first: polls ask for little else."""
        nodes = tuple(entries)
        if nodes not in self.by_change:
            self.by_change[nodes] = sorted(self.of(nodes), key=last_change)
        everybody = self.by_change[nodes]
        bisect = bisect_left if with_moment else bisect_right
        return everybody[bisect(everybody, moment, key=last_change) :]

    def keep(self, question: tuple[str, ...], answer: list[Customer]) -> list[Customer]:
        if len(self.answers) >= ANSWERS_KEPT:
            self.answers.pop(next(iter(self.answers)))
        self.answers[question] = answer
        return answer
