"""What a file would do or does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS
from tablib import Dataset  # type: ignore[import-untyped]

from integrations.core.admin.imports.columns import BulkFile
from integrations.core.admin.imports.files import CsvFile
from integrations.core.batch import Outcome


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: the line in the file, the column (or none) and a sentence without the row's values."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Report:
    """`outcomes` of the rows that could be read; `problems` by line; whether any of it was `saved`."""

    outcomes: Counter[Outcome]
    problems: list[Problem]
    refused: int
    saved: bool


def load(file: CsvFile, kind: type[BulkFile], *, all_or_nothing: bool, dry_run: bool) -> Report:
    """Write the rows, in one transaction; nothing stays of a dry run, or when a row is refused and it is all or
    nothing. The same file again changes nothing. Raises DatabaseError.
    """
    resource = kind(file)
    result = resource.import_data(
        Dataset(*file.rows, headers=file.columns),
        dry_run=dry_run,
        use_transactions=True,
        rollback_on_validation_errors=all_or_nothing,
    )
    for error in [*result.base_errors, *(error for row in result.error_rows for error in row.errors)]:
        raise error.error
    problems = sorted(_problems(file, result.invalid_rows), key=lambda problem: problem.line)
    refused = len(result.invalid_rows)
    changed = resource.outcomes[Outcome.CREATED] or resource.outcomes[Outcome.UPDATED]
    return Report(
        resource.outcomes, problems, refused, bool(changed and not dry_run and not (all_or_nothing and refused))
    )


def _problems(file: CsvFile, invalid_rows: list[object]) -> Iterator[Problem]:
    for row in invalid_rows:
        line = file.lines[row.number - 1]  # type: ignore[attr-defined]
        for column, messages in row.error.message_dict.items():  # type: ignore[attr-defined]
            yield Problem(line, "" if column == NON_FIELD_ERRORS else column, " ".join(messages))
