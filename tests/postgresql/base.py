"""PostgreSQL as the tests use it: what a test committed is deleted row by row.

TRUNCATE makes new files for each of a hundred tables and their indexes, which takes about a second a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style: Any, tables: Iterable[str], **options: bool) -> list[str]:
        """Foreign keys are looked at when the transaction ends, so that the order doesn't matter."""
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
