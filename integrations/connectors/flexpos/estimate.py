"""What an initial import would do, found out by reading both sides. Nothing is sent.

It goes through three phases: how many orders there are, who is on the list, and what would become of each customer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.client import LARGEST_PAGE
from integrations.connectors.flexpos.customers import EVERYBODY, MEMBER, Row
from integrations.connectors.flexpos.estimate_cost import Cost, Work
from integrations.connectors.flexpos.estimate_findings import DONE, LIST, ORDERS, PEOPLE, Findings
from integrations.connectors.flexpos.estimate_verdicts import judge
from integrations.connectors.flexpos.import_reading import Place, fetching, read
from integrations.connectors.flexpos.import_records import cursor_of, marked, records_of
from integrations.connectors.flexpos.initial_import import CUSTOMERS, ESTIMATE, Choices, OrderData
from integrations.connectors.flexpos.plans import Person
from integrations.connectors.heyloyalty.bulk import Seen, page_size
from integrations.connectors.heyloyalty.plans import Plan
from integrations.connectors.heyloyalty.values import read_values
from integrations.core.connector import Page
from integrations.core.errors import TemporaryError
from integrations.core.models import Run

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

# A place is kept after so many pages of FlexPOS: with it go the digests of the whole list.
PAGES_A_CHUNK = 10
# Members read by one call, of the 5,000 that Heyloyalty gives: read in, a thousand take some 35 MB.
MEMBERS_A_PAGE = 1000
TWICE = _("Heyloyalty sent the same page of members twice; it will be tried again.")


class Estimate:
    """One go at the estimate of a run: as far as this task's time allows."""

    def __init__(self, connector: FlexPOS, run: Run) -> None:
        self.connector = connector
        self.connection = connector.connection
        self.run = run
        self.choices = Choices.read(run.plan["choices"])
        targets = [row.target for row in connector.mapping(MEMBER) if row.enabled]
        self.found = Findings.of(cursor_of(run, ESTIMATE), targets)

    def pages(self) -> Iterator[Page]:
        """Pages without records: there is nothing to send, but a place to keep."""
        phases = {ORDERS: self._count_orders, LIST: self._read_list, PEOPLE: self._read_people}
        for name, phase in phases.items():
            if self.found.phase == name:
                yield from phase()
        result = self._result()
        Run.objects.filter(pk=self.run.pk).update(plan={**self.run.plan, "result": result})
        yield self._page()

    def _page(self, phase: str = "") -> Page:
        """`phase`: the one that begins now."""
        if phase:
            self.found.phase, self.found.place = phase, Place()
        return Page([], self.found.cursor(self.run))

    # -- the phases -------------------------------------------------------------------------------

    def _count_orders(self) -> Iterator[Page]:
        orders = [resource for resource in self.choices.resources if resource != CUSTOMERS]
        for resource in orders:
            if resource not in self.found.orders:
                self._count(resource)
                yield self._page()
        yield self._page(LIST if self.choices.members else DONE)

    def _count(self, resource: str) -> None:
        """From the first page of each window: how many there are, and how many of them are somebody's."""
        fetch, number = fetching(self.connector.flexpos, resource, EVERYBODY), 0
        for window in self.choices.windows(self.run.started_at, timezone.now()):
            page = fetch(window, 1)
            records, _ = records_of(self.connection, resource, page.rows)
            number += round(len(records) * page.total / len(page.rows)) if page.rows else 0
            self.found.counts["order pages"] += max(1, ceil(page.total / LARGEST_PAGE))
        self.found.orders[resource] = number

    def _read_list(self) -> Iterator[Page]:
        member_list, client = self.connector.member_list, self.connector.heyloyalty
        size, match_on = min(page_size(member_list), MEMBERS_A_PAGE), self.connector.match_on
        while members := client.members(member_list.id, self.found.page, size):
            first = str(members[0].get("id"))
            if first == self.found.first_id:
                raise TemporaryError(str(TWICE))
            for member in members:
                values = read_values(member_list, member)
                self.found.members.add(str(values.get(match_on) or ""), values)
            self.found.counts["members"] += len(members)
            self.found.page, self.found.first_id = self.found.page + 1, first
            del members  # before the next are read
            yield self._page()
        yield self._page(PEOPLE)

    def _read_people(self) -> Iterator[Page]:
        only_members, now = replace(self.choices, orders=OrderData.NONE), timezone.now()
        client, filters = self.connector.flexpos, self.connection.filters
        parts = read(client, filters, only_members, self.run.started_at, now, self.found.place)
        try:
            for number, part in enumerate(parts, 1):
                self._judge(part.rows)
                self.found.reach(part.place)
                self.found.counts["customer pages"] += bool(part.rows)
                if number % PAGES_A_CHUNK == 0:
                    yield self._page()
        except TemporaryError:
            # What was read until then is kept; the rest is read later.
            yield self._page()
            raise
        yield self._page(DONE)

    def _judge(self, rows: list[Row]) -> None:
        records, left_out = records_of(self.connection, CUSTOMERS, rows)
        self.found.counts["customers"] += len(rows)
        self.found.counts.update(left_out)
        fresh = self.found.not_judged(marked(records, self.choices))
        for verdict in judge(self.connector, self.run, fresh, self._look):
            self.found.take(verdict)
            if isinstance(verdict, Plan):
                # Whoever comes with the same address later finds what this one leaves.
                self.found.members.write(verdict.key, self.connector.member_list, verdict.row)

    def _look(self, person: Person) -> Seen | None:
        asked = {**person.defaults, **person.row}
        return self.found.members.seen(person.key, self.connector.member_list, asked)

    # -- the result -------------------------------------------------------------------------------

    def _result(self) -> dict[str, Any]:
        """What the page shows, and what the import's progress is measured by (`records`)."""
        found, lines = self.found, sum(self.found.orders.values())
        work = Work(
            created=found.counts["created"],
            updated=found.counts["updated"],
            lines=lines,
            flexpos_pages=found.counts["customer pages"] + found.counts["order pages"],
        )
        own = self.connection
        return {
            **found.summary(),
            "records": found.people + lines,
            "list_name": self.connector.member_list.name,
            **asdict(Cost.of(work, self.choices, own.calls_per_minute, own.calls_per_second)),
        }
