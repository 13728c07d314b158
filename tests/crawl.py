"""Walk through every page a user can reach by links, as a browser would."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.db import connection as database
from django.http import HttpResponse
from django.test import Client

LEAVE_OUT = ("/admin/logout", "/static/", "/i18n/", "/admin/jsi18n")
MOST_PAGES = 250
# Lists with filters have endless addresses: as many as this of one path are enough.
MOST_QUERIES = 6
# In which order a list stands, and which list a page leads back to: another address, the same page.
SAME_PAGE = ("o", "_changelist_filters")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


def crawl(client: Client, start: str = "/admin/") -> Iterator[tuple[str, HttpResponse]]:
    """(address, response) of every page reached from `start` by GET."""
    waiting, seen, paths = [start], {start}, {}
    while waiting and len(seen) <= MOST_PAGES:
        address = waiting.pop(0)
        response = _whole(client.get(address, follow=True))
        yield address, response
        if "text/html" not in response.get("Content-Type", ""):
            continue
        parser = Links()
        parser.feed(response.content.decode())
        for href in parser.found:
            link = urlsplit(urljoin(address, href))
            target = link.path + _asked(link.query)
            inside = not link.netloc and link.path.startswith("/admin/")
            if not inside or target in seen or link.path.startswith(LEAVE_OUT):
                continue
            paths[link.path] = paths.get(link.path, 0) + 1
            if paths[link.path] <= MOST_QUERIES:
                seen.add(target)
                waiting.append(target)


def _asked(query: str) -> str:
    """What makes it another page, in one order."""
    asked = sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in SAME_PAGE)
    return f"?{urlencode(asked)}" if asked else ""


def _whole(response: Any) -> HttpResponse:
    """A streamed file as a page like any other."""
    if not response.streaming:
        return response  # type: ignore[no-any-return]
    return HttpResponse(response.getvalue(), headers=dict(response.items()))


def everything_stored(without: Collection[str] = ()) -> str:
    """All rows of all tables as the database holds them (encrypted columns stay encrypted)."""
    rows: list[str] = []
    with database.cursor() as cursor:
        for table in set(database.introspection.table_names(cursor)).difference(without):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                rows.extend(bytes(cell).decode("latin-1") if isinstance(cell, memoryview | bytes) else str(cell)
                            for cell in row)  # fmt: skip
    return "\n".join(sorted(rows))
