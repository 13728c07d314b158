"""Long lists: text that begins like another one, and pages, both without reading the whole table."""

from __future__ import annotations

from django.core.paginator import InvalidPage
from django.db import connection
from django.db.models import Q
from unfold import paginator

# Who is not among so many pages of the newest is found by the search.
MOST_PAGES = 200


def begins(column: str, text: str) -> Q:
    """`column` begins with the text, in the form for which the database uses the column's index."""
    if connection.vendor == "sqlite":
        # LIKE with ESCAPE, as Django writes it, reads the whole table here; PostgreSQL sorts by language.
        return Q(**{f"{column}__gte": text, f"{column}__lt": text + "\U0010ffff"})
    return Q(**{f"{column}__startswith": text})


class InfinitePaginator(paginator.InfinitePaginator):  # type: ignore[misc]
    """Pages without a count; only so many, because each one skips all before it. (unfold goes by the name.)"""

    def validate_number(self, number: int | str) -> int:
        page: int = super().validate_number(number)
        if page > MOST_PAGES:
            raise InvalidPage
        return page
