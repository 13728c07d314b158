"""CSV that spreadsheets open as it is meant: as UTF-8, and no cell of it a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

# A cell that begins so would be a formula to whoever opens the file.
FORMULA = re.compile(r"[=+\-@\t\r]")
# So that spreadsheets read it as UTF-8.
BOM = "\ufeff"


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def line(cells: Iterable[str]) -> str:
    """One line of CSV, its cells inert."""
    written: str = csv.writer(_Echo()).writerow([inert(cell) for cell in cells])
    return written


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text
