"""Reading the days of an import, page by page, so that a reading that broke off goes on at the page it had reached."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from integrations.connectors.flexpos.client import FlexPOSClient, RowPage
from integrations.connectors.flexpos.customers import CustomerFilter, Row
from integrations.connectors.flexpos.initial_import import CUSTOMERS, JOURNALS, TICKETS, Choices
from integrations.connectors.flexpos.paging import Reader
from integrations.connectors.flexpos.windows import Window, oldest

# Resource -> what a row of it is known by.
IDENTITIES = {CUSTOMERS: "CustomerId", JOURNALS: "JournalId", TICKETS: "TicketId"}


@dataclass(frozen=True)
class Place:
    """Where a reading stands: of `resource` all before `reached` (ISO) is read, and of the window that begins there all
    but the pages from `left` (0: none yet) down; the window ends at `end`."""

    resource: str = ""
    reached: str = ""
    end: str = ""
    left: int = 0

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Self:
        return cls(**cursor.get("place", {}))

    def saved(self) -> dict[str, Any]:
        return asdict(self)

    def window(self, now: datetime.datetime) -> Window | None:
        """The one that was begun, if FlexPOS still answers for all of it: its pages are those of its dates only."""
        if not self.left:
            return None
        begun = Window(datetime.datetime.fromisoformat(self.reached), datetime.datetime.fromisoformat(self.end))
        return begun if begun.start >= oldest(now) else None


@dataclass(frozen=True)
class Part:
    """Rows of one page, and the place after it."""

    resource: str
    rows: list[Row]
    place: Place


def read(
    client: FlexPOSClient,
    filters: CustomerFilter,
    choices: Choices,
    started: datetime.datetime,
    now: datetime.datetime,
    place: Place,
) -> Iterator[Part]:
    """The rest of what an import that started then has to read, after `place`."""
    resources = choices.resources
    for resource in resources[resources.index(place.resource) if place.resource else 0 :]:
        here = place if place.resource == resource else Place(resource)
        yield from _read_resource(fetching(client, resource, filters), choices, started, now, here)


def _read_resource(
    fetch: Callable[[Window, int], RowPage],
    choices: Choices,
    started: datetime.datetime,
    now: datetime.datetime,
    place: Place,
) -> Iterator[Part]:
    reader = Reader(IDENTITIES[place.resource])
    for window, left in _windows(choices, started, now, place):
        start, end = window.start.isoformat(), window.end.isoformat()
        parts = reader.read(lambda page, window=window: fetch(window, page), left)  # type: ignore[misc]
        part = next(parts, None)
        while part is not None:
            # Only the next one tells whether this was the last: then the window is done, whatever `left` says.
            following = next(parts, None)
            inside = Place(place.resource, start, end, part.left)
            yield Part(place.resource, part.rows, inside if following else Place(place.resource, end))
            part = following


def _windows(
    choices: Choices, started: datetime.datetime, now: datetime.datetime, place: Place
) -> Iterator[tuple[Window, int]]:
    """Each window with the page to go on from; 0: from its beginning."""
    begun = place.window(now)
    if begun is not None:
        yield begun, place.left
    for window in choices.windows(started, now, place.end if begun is not None else place.reached):
        yield window, 0


def fetching(client: FlexPOSClient, resource: str, filters: CustomerFilter) -> Callable[[Window, int], RowPage]:
    """How a page (from 1) of a window is had."""
    if resource == CUSTOMERS:
        return lambda window, page: client.customers(window, page, filters)
    return client.journals if resource == JOURNALS else client.tickets
