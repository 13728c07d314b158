"""Reading an uploaded CSV file, whichever way the user's spreadsheet wrote it."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 50_000
DELIMITERS = (";", ",", "\t")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(Exception):
    """The file as a whole can't be taken; the text says what to do."""


@dataclass(frozen=True)
class CsvFile:
    """`rows` are as wide as `columns`; `lines` are where each stands in the file. `digest` tells files apart.

    `secret` columns aren't shown.
    """

    columns: list[str]
    rows: list[list[str]] = field(repr=False)
    lines: list[int]
    encoding: str
    delimiter: str
    digest: str
    secret: Collection[str] = ()

    @property
    def shown_columns(self) -> list[str]:
        return [column for column in self.columns if column not in self.secret]

    def start(self, number: int) -> list[tuple[int, list[tuple[str, str]]]]:
        """Line, and column and value pairs, of the first rows, without secrets."""
        return [
            (line, [(name, value) for name, value in zip(self.columns, row, strict=True) if name not in self.secret])
            for line, row in zip(self.lines[:number], self.rows[:number], strict=True)
        ]


def check_size(size: int | None) -> None:
    """Raises Unreadable."""
    if size is None or size > MOST_BYTES:
        raise Unreadable(_("The file is larger than 5 MB. Divide it into several files, each with the header row."))


def read(raw: bytes, check: Callable[[list[str]], None], secret: Collection[str] = ()) -> CsvFile:
    """`check` raises Unreadable for columns that the file may not have. Raises Unreadable."""
    text, encoding = _decoded(raw)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    lines, rows = _split(text, delimiter)
    if not rows:
        raise Unreadable(_("The file is empty. Its first row must name the columns."))
    columns = [name.strip().lower().replace(" ", "_") for name in rows[0]]
    check(columns)
    _check_twice(columns)
    if len(rows) == 1:
        raise Unreadable(_("The file has no rows below its header row."))
    return CsvFile(
        columns,
        [_as_wide(row, len(columns), line) for line, row in zip(lines[1:], rows[1:], strict=True)],
        lines[1:],
        encoding,
        delimiter,
        hashlib.sha256(raw).hexdigest(),
        secret,
    )


def _decoded(raw: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding."""
    if raw.startswith(UTF_16):
        raise Unreadable(_("The file is encoded as UTF-16. Save it as “CSV UTF-8” and upload it again."))
    if b"\0" in raw:
        raise Unreadable(_("This isn't a CSV file. In your spreadsheet choose Save as – CSV UTF-8, and upload that."))
    for codec, name in (("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return raw.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise Unreadable(_("The file is encoded neither as UTF-8 nor as Windows-1252. Save it as “CSV UTF-8”."))


def _split(text: str, delimiter: str) -> tuple[list[int], list[list[str]]]:
    """Rows that aren't blank, and the lines on which they end."""
    lines, rows = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(reader.line_num)
                rows.append(row)
            if len(rows) > MOST_ROWS + 1:
                raise Unreadable(_("The file has more than 50,000 rows. Divide it into several files."))
    except csv.Error:
        where = {"line": reader.line_num}
        raise Unreadable(_("Line %(line)s can't be read: check its quotation marks.") % where) from None
    return lines, rows


def _check_twice(columns: list[str]) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise Unreadable(_("These columns are there twice: %(twice)s.") % {"twice": ", ".join(twice)})


def _as_wide(row: list[str], width: int, line: int) -> list[str]:
    if len(row) > width:
        text = _("Line %(line)s has more values than there are columns. Put quotation marks around values that hold a "
                 "comma or semicolon.")  # fmt: skip
        raise Unreadable(text % {"line": line})
    return row + [""] * (width - len(row)) if len(row) < width else row
