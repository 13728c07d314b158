"""The CSV files of imports: what their parameters may be, and their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from integrations.sandbox.heyloyalty.errors import invalid

DELIMITERS = (",", ";", ":", "|")
# Letters of a PHP date format.
DATE_LETTERS = {
    "Y": "%Y",
    "y": "%y",
    "m": "%m",
    "n": "%m",
    "d": "%d",
    "j": "%d",
    "H": "%H",
    "G": "%H",
    "i": "%M",
    "s": "%S",
}
ISO = "iso8601"

DateReader = Callable[[str], datetime]


def delimiter_of(parameters: Mapping[str, Any]) -> str:
    delimiter = str(parameters.get("delimiter", ";"))
    if delimiter not in DELIMITERS:
        raise invalid(f"delimiter is one of {' '.join(DELIMITERS)}")
    return delimiter


def columns_of(parameters: Mapping[str, Any]) -> list[str]:
    """The names in column order, empty for a column that is left out."""
    columns = parameters.get("fields_selected")
    if not isinstance(columns, list) or not any(columns):
        raise invalid("fields_selected[] names the columns of the file")
    return [str(name) for name in columns]


def text_of(file: Any) -> str:
    if file is None:
        raise invalid("The part 'file' is missing")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise invalid("The file is not UTF-8") from None
    return text


def rows_of(content: str, delimiter: str, skip_header: bool) -> Iterator[list[str]]:
    """The rows that have anything in them."""
    rows = csv.reader(io.StringIO(content), delimiter=delimiter)
    if skip_header:
        next(rows, None)
    return (row for row in rows if any(row))


def named(row: list[str], columns: list[str]) -> dict[str, str]:
    """The cells by name. Cells beyond the columns are ignored: vendor files end each line with a delimiter."""
    if len(row) < len(columns):
        raise invalid(f"The row has {len(row)} columns instead of {len(columns)}")
    return {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}


def date_reader(format: str) -> DateReader:
    """Reads dates of a PHP format (`Y-m-d H:i:s`) or `iso8601`. Raises HeyloyaltyError for a letter it doesn't know."""
    if format.lower() == ISO:
        return datetime.fromisoformat
    unknown = [letter for letter in format if letter.isalpha() and letter not in DATE_LETTERS]
    if unknown or not format:
        raise invalid(f"date_format '{format}' is not a date format")
    pattern = "".join(DATE_LETTERS.get(letter, letter) for letter in format)
    return lambda text: datetime.strptime(text, pattern)


def written(rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=";").writerows(rows)
    return file.getvalue()
