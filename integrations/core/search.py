"""Text that begins like another one, in the form for which the database uses an index."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q


def begins(column: str, text: str) -> Q:
    if connection.vendor == "sqlite":
        # LIKE with ESCAPE, as Django writes it, reads the whole table here; PostgreSQL sorts by language.
        return Q(**{f"{column}__gte": text, f"{column}__lt": text + "\U0010ffff"})
    return Q(**{f"{column}__startswith": text})
