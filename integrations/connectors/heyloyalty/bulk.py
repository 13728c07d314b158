"""The bulk import of members: its files, and what became of each member.

Heyloyalty takes a file, works on it later and reports by mail only. So New, Updated, Unchanged and Failed are told by
reading the members before and after: `look`, `expect`, `send`, or all of it: `import_all`.
"""

from __future__ import annotations

import csv
import datetime
import enum
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.client import LARGEST_ANSWER, LARGEST_PAGE, HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import EMAIL, MemberList
from integrations.connectors.heyloyalty.values import Normal, Value, changes, normal, read_values
from integrations.core.errors import TemporaryError

DELIMITER = ";"
# How option ids of a multi field share a cell; the vendor doesn't say.
BETWEEN_OPTIONS = ","
# The vendor names no limit. PHP, which its API is written in, takes files below 2 MB unless told otherwise.
LARGEST_FILE = 1_900_000
# Bytes of a member as read, and of each of its fields beside name, label and options; generous.
MEMBER_BYTES, FIELD_BYTES = 500, 90
PAGE_BYTES = LARGEST_ANSWER // 2
# Seconds before each look at what an import has done so far. Whatever isn't there after the last one has failed.
PAUSES = (2, 3, 5, 10, 20, 30, *[60] * 10)
# An import that has begun and does nothing between so many looks is over.
QUIET_LOOKS = 3

# What to send, by the value members are matched on as `key_of` writes it. All fields of a row are written, empty ones
# emptied; fields it doesn't have stay.
Row = Mapping[str, Value]
Rows = Mapping[str, Row]


class Told(enum.StrEnum):
    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True)
class Seen:
    """A member as the list shows it: its id, the values of the fields asked for, its address as it is written there,
    and how long after its creation it was changed last."""

    member_id: str
    values: Mapping[str, Normal]
    address: str = ""
    age: datetime.timedelta | None = None


# By key; a list that allows duplicates has several.
Look = Mapping[str, Sequence[Seen]]


@dataclass(frozen=True)
class Became:
    result: Told
    member_id: str = ""


@dataclass(frozen=True)
class ImportSettings:
    """`match`: the field members are matched on; `errors_to` gets Heyloyalty's mail about rows it refused."""

    match: str = EMAIL
    automations: bool = False
    errors_to: str = ""


@dataclass(frozen=True)
class File:
    csv: bytes
    parameters: dict[str, str | list[str]]


def key_of(member_list: MemberList, match: str, value: Any) -> str:
    """The value members are matched on, in the form in which the same person has the same: "" for none."""
    return str(normal(member_list.fields[match], value) or "")


# -- files ---------------------------------------------------------------------------------------


def files(member_list: MemberList, rows: Iterable[Row], settings: ImportSettings) -> Iterator[File]:
    """The rows as files. An empty cell empties a field, so rows share a file only with those of the same fields."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(name for name in member_list.fields if name in row), []).append(row)
    for columns, group in groups.items():
        lines = ([cell(row[name]) for name in columns] for row in group)
        for content in split(lines):
            yield File(content, parameters(member_list, columns, settings))


def parameters(member_list: MemberList, columns: Sequence[str], settings: ImportSettings) -> dict[str, str | list[str]]:
    return {
        "fields_selected": list(columns),
        "duplicate_field": settings.match,
        "handle_existing": "update",
        "delimiter": DELIMITER,
        "skip_header_line": "0",
        "date_format": member_list.import_date,
        "trigger_autoresponder": str(int(settings.automations)),
        "sendErrorsTo": settings.errors_to,
    }


def cell(value: Value) -> str:
    return BETWEEN_OPTIONS.join(value) if isinstance(value, list) else value


def line(cells: Sequence[str]) -> bytes:
    """A line of CSV: every cell in quotes, so that no delimiter, quote or line break of a value ends it."""
    file = io.StringIO()
    csv.writer(file, delimiter=DELIMITER, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return file.getvalue().encode("utf-8", "replace")


def split(lines: Iterable[Sequence[str]], largest: int = LARGEST_FILE) -> Iterator[bytes]:
    """The lines as contents of files of at most `largest` bytes."""
    content = bytearray()
    for cells in lines:
        one = line(cells)
        if content and len(content) + len(one) > largest:
            yield bytes(content)
            content.clear()
        content += one
    if content:
        yield bytes(content)


# -- before and after ----------------------------------------------------------------------------


def expect(member_list: MemberList, rows: Rows, before: Look) -> dict[str, Told]:
    """What importing each row would do, if Heyloyalty takes it."""

    def one(key: str, row: Row) -> Told:
        if not (members := before.get(key)):
            return Told.NEW
        return Told.UPDATED if _open(member_list, row, members) else Told.UNCHANGED

    return {key: one(key, row) for key, row in rows.items()}


def tell(member_list: MemberList, rows: Rows, before: Look, after: Look) -> dict[str, Became]:
    """What became of each row. A member counts as updated when any field sent has changed: what Heyloyalty makes of a
    value may look different from what it was sent."""

    def one(key: str, row: Row) -> Became:
        now, then = after.get(key), before.get(key)
        if not now:
            return Became(Told.FAILED)
        member_id = now[-1].member_id
        if not then:
            return Became(Told.NEW, member_id)
        if not _open(member_list, row, then):
            return Became(Told.UNCHANGED, member_id)
        moved = _state(row, now) != _state(row, then) or not _open(member_list, row, now)
        return Became(Told.UPDATED if moved else Told.FAILED, member_id)

    return {key: one(key, row) for key, row in rows.items()}


def _open(member_list: MemberList, row: Row, members: Sequence[Seen]) -> bool:
    """Whether no member has all the values of the row."""
    return all(changes(member_list, row, member.values) for member in members)


def _state(row: Row, members: Sequence[Seen]) -> list[list[Normal]]:
    return [[member.values.get(name) for name in row] for member in members]


# -- with a client -------------------------------------------------------------------------------


def page_size(member_list: MemberList) -> int:
    """How many members fit a page: each repeats all fields of its list, with their options."""
    frames = (json.dumps([field.name, field.name, field.label, field.options]) for field in member_list.fields.values())
    return min(LARGEST_PAGE, PAGE_BYTES // (MEMBER_BYTES + sum(FIELD_BYTES + len(frame) for frame in frames)) or 1)


def look(client: HeyloyaltyClient, member_list: MemberList, rows: Rows, match: str) -> Look:
    """The members that have the key of a row, with the fields that any row has. Those unsubscribed aren't shown."""
    names = {name for row in rows.values() for name in row}
    found: dict[str, list[Seen]] = {}
    for member in _all_members(client, member_list):
        values = read_values(member_list, member)
        key = str(values.get(match) or "")
        if key in rows:
            kept = {name: value for name, value in values.items() if name in names}
            found.setdefault(key, []).append(Seen(str(member.get("id")), kept))
    return found


def _all_members(client: HeyloyaltyClient, member_list: MemberList) -> Iterator[dict[str, Any]]:
    """Until a page is empty: a short one may just be the most that Heyloyalty gives.

    Raises TemporaryError when a page repeats, as it would for ever.
    """
    size, page, first = page_size(member_list), 1, None
    while members := client.members(member_list.id, page, size):
        if members[0].get("id") == first:
            raise TemporaryError(_("Heyloyalty sent the same page of members twice; it will be tried again."))
        yield from members
        page, first = page + 1, members[0].get("id")
        del members  # before the next are read: a page takes some 50 MB


def send(
    client: HeyloyaltyClient,
    member_list: MemberList,
    rows: Rows,
    before: Look,
    settings: ImportSettings,
    wait: Callable[[float], object],
) -> dict[str, Became]:
    """Import the rows and tell what became of each; `wait` lets so many seconds pass, eleven minutes in all at most.

    Nobody is asked to opt in. Leave out who gave no consent: Heyloyalty may bring back whoever unsubscribed.

    Raises core's errors, with files sent or not: another go looks first and sends only what isn't there yet.
    """
    for file in files(member_list, rows.values(), settings):
        client.import_members(member_list.id, file.csv, file.parameters)
    became: dict[str, Became] = {}
    counts: list[int] = []
    for seconds in PAUSES:
        wait(seconds)
        became = tell(member_list, rows, before, look(client, member_list, rows, settings.match))
        counts.append(sum(one.result != Told.FAILED for one in became.values()))
        if counts[-1] == len(rows) or (counts[-1] and counts[-QUIET_LOOKS:] == [counts[-1]] * QUIET_LOOKS):
            break
    return became


def import_all(
    client: HeyloyaltyClient,
    member_list: MemberList,
    rows: Rows,
    settings: ImportSettings,
    wait: Callable[[float], object],
) -> dict[str, Became]:
    """Look, send what is new or different, and tell what became of every row, by key."""
    before = look(client, member_list, rows, settings.match)
    expected = expect(member_list, rows, before)
    different = {key: row for key, row in rows.items() if expected[key] != Told.UNCHANGED}
    became = {key: Became(Told.UNCHANGED, before[key][-1].member_id) for key in rows if key not in different}
    return became | send(client, member_list, different, before, settings, wait) if different else became
