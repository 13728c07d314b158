"""The order of locks, the same everywhere: persons, definitions, attributes, audiences; rows in the order of their ids.

Definitions stand still while persons change. A person's change looks up which audiences and attributes it concerns, and
commits later. If a definition changed in between, neither this change nor the calculation that follows the definition
might see both, and the person would stay in an audience for ever. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from django.db import connection

# Any number that nobody else in the database uses for an advisory lock.
KEY = 0x6364_7001


def hold_definitions() -> None:
    """For the rest of the transaction, no definition changes. Many may hold them at once."""
    _lock("pg_advisory_xact_lock_shared")


def change_definitions() -> None:
    """For the rest of the transaction, nobody holds them: before anything else is locked or read."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [KEY])
