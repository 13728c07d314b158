"""Writing a portion of a file's rows, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.exceptions import NON_FIELD_ERRORS
from tablib import Dataset  # type: ignore[import-untyped]

from integrations.core.batch import Outcome
from integrations.core.imports.columns import BulkFile
from integrations.core.imports.files import CsvFile

# Of the refused rows so many are named; the others are counted.
PROBLEMS_KEPT = 100


class Problem(NamedTuple):
    """Why a row is refused: the line in the file, the column (or none) and a sentence without the row's values."""

    line: int
    column: str
    message: str


@dataclass
class Report:
    """Rows by what became of them, and the first refused ones, by line."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.counts[Outcome.REFUSED]

    def add(self, other: Report) -> None:
        self.counts += other.counts
        self.problems = sorted([*self.problems, *other.problems])[:PROBLEMS_KEPT]


def load(resource: BulkFile, file: CsvFile, numbers: Sequence[int]) -> Report:
    """Write the rows with these numbers, in a transaction. Rows that were written before change nothing. Raises
    DatabaseError.
    """
    resource.begin(numbers)
    rows = Dataset(*(file.rows[number - 1] for number in numbers), headers=file.columns)
    result = resource.import_data(rows, use_transactions=True)
    for error in [*result.base_errors, *(error for row in result.error_rows for error in row.errors)]:
        raise error.error
    counts = Counter({str(outcome): number for outcome, number in resource.outcomes.items()})
    counts[Outcome.REFUSED] = len(result.invalid_rows)
    report = Report(+counts)
    report.problems = sorted(_problems(file, numbers, result.invalid_rows))[:PROBLEMS_KEPT]
    return report


def _problems(file: CsvFile, numbers: Sequence[int], invalid_rows: list[object]) -> Iterator[Problem]:
    for row in invalid_rows:
        line = file.lines[numbers[row.number - 1] - 1]  # type: ignore[attr-defined]
        for column, messages in row.error.message_dict.items():  # type: ignore[attr-defined]
            yield Problem(line, "" if column == NON_FIELD_ERRORS else column, " ".join(messages))
