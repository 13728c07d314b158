"""The pages of one window, whatever happens between two of them. Pure but for `fetch`.

A row that is edited leaves its window, and all behind it move up: whoever turns pages forward steps over one that
nobody edited. So they are turned backward: what moves up moves to a page that is still to be read. The first page comes
first, for how many there are, and once more at the end if rows left since. A vendor that ignores the dates lets rows
move the other way, too; some show twice then, and the window is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from integrations.connectors.flexpos.client import RowPage
from integrations.connectors.flexpos.customers import Row
from integrations.core.errors import ConfigurationError, TemporaryError
from integrations.core.mapping import digest

MOST_PASSES = 3

Fetch = Callable[[int], RowPage]


@dataclass(frozen=True)
class Part:
    """Rows that weren't given in this run yet, or not as they are now; `left` is where to go on after a break."""

    rows: list[Row]
    left: int


class Reader:
    """Reads windows of one resource for the length of a run; a row is given once in each of its versions.

    `identity` is the name of the id (`CustomerId`); rows without one are told apart by what they hold.
    """

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._given: set[str] = set()

    def read(self, fetch: Fetch, left: int = 0) -> Iterator[Part]:
        """All rows of a window, page by page; of a window that was begun before, from page `left` on.

        Raises ConfigurationError when FlexPOS doesn't turn pages, TemporaryError when rows stay away.
        """
        ids: set[str] = set()
        for _pass in range(MOST_PASSES):
            walk = _Walk(fetch, self._key)
            news = 0
            for rest, rows in walk.down_from(left) if left else walk.pages():
                fresh = self._fresh(rows)
                news += len(fresh)
                yield Part(fresh, rest)
            ids |= walk.ids
            # Everybody was seen, or there was nothing to be seen that wasn't before: two rows may share an id.
            known = len(ids) >= walk.most or (walk.has_all and not news)
            if left or walk.is_complete or known:
                return
        raise TemporaryError(
            _(
                "FlexPOS counts %(total)s rows, but of what it gave some came twice and some never "
                "(%(received)s in all). Nothing is lost; it will be tried again."
            )
            % {"total": walk.total, "received": walk.received}
        )

    def _key(self, row: Row) -> str:
        found = row.get(self._identity)
        return digest(row) if found in (None, "") else str(found)

    def _fresh(self, rows: Iterable[Row]) -> list[Row]:
        fresh = []
        for row in rows:
            if (version := digest(row)) not in self._given:
                self._given.add(version)
                fresh.append(row)
        return fresh


class _Walk:
    """Once through the pages of a window."""

    def __init__(self, fetch: Fetch, key: Callable[[Row], str]) -> None:
        self._fetch = fetch
        self._key = key
        self._last: list[str] = []
        self.ids: set[str] = set()
        self._repeats = self._gone = 0
        self.total = self.most = self.received = 0

    @property
    def has_all(self) -> bool:
        return self.received >= self.total

    @property
    def is_complete(self) -> bool:
        """Each row that left may let one move up that was read already; more repeats than that came from elsewhere."""
        return self.has_all and self._repeats <= self._gone

    def pages(self) -> Iterator[tuple[int, list[Row]]]:
        """(page to go on with, rows) of each page."""
        first = self._turn(1)
        # What came tells the size of a page better than what was agreed.
        last = ceil(first.total / len(first.rows)) if first.rows else 1
        yield last, first.rows
        for page in range(last, 1, -1):
            yield page - 1, self._turn(page).rows
        if self.total < first.total:
            yield 1, self._fetch(1).rows

    def down_from(self, left: int) -> Iterator[tuple[int, list[Row]]]:
        for page in range(left, 0, -1):
            yield max(page - 1, 1), self._turn(page).rows

    def _turn(self, number: int) -> RowPage:
        page = self._fetch(number)
        if self._is_stuck(page):
            page = self._fetch(number)
        if self._is_stuck(page):
            raise ConfigurationError(
                _(
                    "FlexPOS answers page %(number)s with the rows of another one, so not all of its %(total)s "
                    "rows can be read. Nothing is lost. Show this to FlexPOS support, then enable the connection "
                    "again."
                )
                % {"number": number, "total": page.total}
            )
        keys = self._keys(page)
        self._repeats += len(self.ids.intersection(keys))
        self._gone += max(0, self.total - page.total)
        self.ids.update(keys)
        self._last, self.total, self.most = keys, page.total, max(self.most, page.total)
        self.received += len(keys)
        return page

    def _is_stuck(self, page: RowPage) -> bool:
        return bool(page.rows) and self._keys(page) == self._last and page.total >= self.total

    def _keys(self, page: RowPage) -> list[str]:
        return [self._key(row) for row in page.rows]
