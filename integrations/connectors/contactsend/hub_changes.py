"""Who was changed since, by lists alone: for a token that may not read the update stream. Pure but for what looks."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from integrations.connectors.contactsend.hub_answers import Customer, CustomerPage
from integrations.connectors.contactsend.hub_values import write_moment

EQUALS, GTE, GT = "EQUALS", "GTE", "GT"
UPDATED_AT = "updatedAt"
OLDEST_CHANGE_FIRST, BY_ID = "updatedAt,asc", "id,asc"

Query = Mapping[str, Any]


class Look(Protocol):
    """A page of a node's customers."""

    def __call__(self, *, page: int, query: Query, sort: str) -> CustomerPage: ...


def where(attribute: str, operator: str, value: Any) -> Query:
    """A query with one condition, as GET /customers takes it."""
    condition = {"type": "atomic", "attribute": attribute, "operator": operator, "value": value}
    return {"name": "", "query": {"name": "", "type": "simple", "are": {"condition": condition}}}


def changed_since(look: Look, moment: datetime.datetime) -> Iterator[list[Customer]]:
    """Pages of those changed at this moment or later, the oldest change first.

    Goes on from the last change it saw rather than by page number: whoever changes meanwhile moves to the end, and
    would shift somebody else out of the next page.
    """
    operator, since = GTE, write_moment(moment)
    while True:
        found = look(page=0, query=where(UPDATED_AT, operator, since), sort=OLDEST_CHANGE_FIRST)
        rows = found.customers
        if not rows:
            return
        if found.total <= len(rows):
            yield rows
            return
        # The last millisecond of a full page may go on behind it: it is left for the next round.
        last = str(rows[-1][UPDATED_AT])
        before = [row for row in rows if row[UPDATED_AT] != last]
        if before:
            yield before
        else:
            yield from _changed_at(look, last)
        operator, since = (GTE if before else GT), last


def _changed_at(look: Look, moment: str) -> Iterator[list[Customer]]:
    """Those whose last change was in this one millisecond: more than a page, as after an import."""
    page, total = 0, -1
    while True:
        found = look(page=page, query=where(UPDATED_AT, EQUALS, moment), sort=BY_ID)
        if found.customers:
            yield found.customers
        if found.total < total:
            # Somebody left this millisecond and moved others to pages already read: once more from the start.
            page, total = 0, found.total
            continue
        if found.is_last:
            return
        page, total = page + 1, found.total
