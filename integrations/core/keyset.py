"""Pages and counts of tables with millions of rows: by index prefix and id, bounded, without COUNT(*) or OFFSET.

A *stream* is the rows that share an index's leading values ("connection 5, failed"); the index gives them by id.
What no index answers (record type, job status) is asked of a *window*: the next so many rows of each stream. A page
therefore costs the same whatever the table holds, and says how far it has looked.

For PostgreSQL a row comparison – `(outcome, id) < ('failed', 900) AND outcome >= 'failed'`, ordered by both – rather
than `outcome = 'failed' AND id < 900 ORDER BY id`, for which it may walk the primary key instead and read a million
rows when the wanted ones are old (measured: 590 ms against 1 ms). SQLite finds both ends of the plain form in the
index.
"""

# ruff: noqa: S608 – table and column names are the constants of logbook.py; every value is a parameter
from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

LAST_ID = 2**63 - 1
# Rows looked through for what no index answers, shared among the streams, and the least share of one.
WINDOW, SHARE = 20_000, 100
# So many streams are counted to the cap each; of more, each counts a share.
FEW = 10
# SELECTs joined in one statement; SQLite takes 500.
BRANCHES = 100


@dataclass(frozen=True)
class Stream:
    """Column and value pairs that lead an index ending in an ascending id; none means the primary key."""

    prefix: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Condition:
    """What no index answers: SQL over the window's columns `w.…`.

    Another table is asked by a scalar subquery on its primary key; joins made PostgreSQL read all of it per stream.
    """

    sql: str
    params: tuple[Any, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The rows of `table` in any of the streams, low ≤ id < high, that meet the condition."""

    table: str
    streams: tuple[Stream, ...]
    condition: Condition | None = None
    low: int = 0
    high: int = LAST_ID
    window: int = WINDOW

    @property
    def share(self) -> int:
        return max(SHARE, self.window // max(1, len(self.streams)))


@dataclass(frozen=True)
class Found:
    """Ids in the order they were walked. `horizon`: looked as far as this id and no further; None: to the end."""

    ids: list[int]
    horizon: int | None = None


@dataclass(frozen=True)
class Page:
    """Ids newest first, and where the next pages start. `looked_to` is set when the window ended before the page."""

    ids: list[int]
    before: int | None = None
    after: int | None = None
    looked_to: int | None = None


def page(rows: Rows, size: int, *, before: int | None = None, after: int | None = None) -> Page:
    """The page of `size` rows older than `before`, newer than `after`, or the newest."""
    if after is not None:
        found = walk(replace(rows, low=max(rows.low, after + 1)), size + 1, newest_first=False)
        if len(found.ids) > size or found.horizon is not None:
            ids = found.ids[:size][::-1]
            newer = ids[0] if ids and len(found.ids) > size else found.horizon
            return Page(ids, before=ids[-1] if ids else after + 1, after=newer)
        before = None
    found = walk(replace(rows, high=min(rows.high, before or LAST_ID)), size + 1)
    ids = found.ids[:size]
    newer = (ids[0] if ids else before - 1) if before is not None else None
    if len(found.ids) > size:
        return Page(ids, before=ids[-1], after=newer)
    return Page(ids, before=found.horizon, after=newer, looked_to=found.horizon)


def walk(rows: Rows, limit: int, *, newest_first: bool = True) -> Found:
    """The first `limit` ids from one end."""
    direction = "DESC" if newest_first else "ASC"
    ids: set[int] = set()
    for sql, params in _branches(rows, limit, direction):
        # Streams may overlap: a row that is in two of them counts once.
        first = f"SELECT DISTINCT id FROM ({sql}) AS u ORDER BY id {direction} LIMIT {limit}"
        ids.update(row[0] for row in _fetch(first, params))
    ordered = sorted(ids, reverse=newest_first)[:limit]
    if rows.condition is None or (len(ordered) == limit and len(rows.streams) == 1):
        return Found(ordered)
    horizon = _horizon(rows, direction)
    if horizon is None:
        return Found(ordered)
    # Beyond it, the stream whose window ended there may hold rows that were not looked at.
    kept = [id_ for id_ in ordered if (id_ >= horizon if newest_first else id_ <= horizon)]
    return Found(kept, horizon)


def all_ids(rows: Rows, cap: int, chunk: int) -> list[int]:
    """Up to `cap` ids, oldest first, however many windows that takes."""
    ids: list[int] = []
    while len(ids) < cap:
        limit = min(chunk, cap - len(ids))
        found = walk(rows, limit, newest_first=False)
        ids += found.ids
        last = found.ids[-1] if len(found.ids) == limit else found.horizon
        if last is None:
            break
        rows = replace(rows, low=last + 1)
    return ids


def chunks(rows: Rows, size: int) -> Iterator[list[int]]:
    """All ids, newest first, at most `size` at a time, however many windows that takes."""
    while True:
        found = walk(rows, size)
        if found.ids:
            yield found.ids
        last = found.ids[-1] if len(found.ids) == size else found.horizon
        if last is None:
            return
        rows = replace(rows, high=last)


def newest(each: Sequence[Rows]) -> list[int]:
    """The newest id of each of these, which have one stream each; one statement for every BRANCHES."""
    parts = [part for rows in each for part in _branches(rows, 1, "DESC")]
    return [row[0] for sql, params in _joined(parts, "id") for row in _fetch(sql, params)]


def counts(rows: Rows, column: str, cap: int) -> dict[str, tuple[int, bool]]:
    """By value of `column`: how many rows, and whether there are (or may be) more than were counted."""
    limit = max(SHARE + 1, rows.window // 3 // max(1, len(rows.streams)))
    limit = limit if rows.condition else min(cap, limit) if len(rows.streams) > FEW else cap
    numbers: Counter[str] = Counter()
    more: defaultdict[str, bool] = defaultdict(bool)
    for value, matching, seen in _counted(rows, column, limit):
        numbers[value] += matching
        more[value] = more[value] or seen >= limit
    return {value: (min(number, cap), more[value] or number >= cap) for value, number in numbers.items()}


def _counted(rows: Rows, column: str, limit: int) -> Iterator[tuple[str, int, int]]:
    """(value, rows that match, rows of the stream's window), for each value in each stream's window."""
    condition = rows.condition or Condition("1 = 1")
    parts = []
    for number, stream in enumerate(rows.streams):
        inner, params = _window(rows, stream, {column, *condition.columns}, limit, "DESC")
        parts.append(
            (
                f"SELECT {number} AS stream, w.{column}, SUM(CASE WHEN {condition.sql} THEN 1 ELSE 0 END), COUNT(*)"
                f" FROM ({inner}) AS w GROUP BY w.{column}",
                (*condition.params, *params),
            )
        )
    found = [row for sql, params in _joined(parts) for row in _fetch(sql, params)]
    whole: Counter[int] = Counter()
    for stream_number, _, _, seen in found:
        whole[stream_number] += seen
    for stream_number, value, matching, _ in found:
        yield value, int(matching), whole[stream_number]


def _branches(rows: Rows, limit: int, direction: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each stream's first matching ids, as statements of at most BRANCHES streams."""
    parts = []
    for stream in rows.streams:
        if rows.condition is None:
            parts.append(_window(rows, stream, set(), limit, direction))
            continue
        condition = rows.condition
        inner, params = _window(rows, stream, set(condition.columns), rows.share, direction)
        order = ", ".join(f"w.{column} {direction}" for column in _columns(stream))
        sql = f"SELECT w.id FROM ({inner}) AS w WHERE {condition.sql} ORDER BY {order} LIMIT {limit}"
        parts.append((sql, (*params, *condition.params)))
    yield from _joined(parts, "id")


def _joined(parts: Sequence[tuple[str, tuple[Any, ...]]], columns: str = "*") -> Iterator[tuple[str, tuple[Any, ...]]]:
    for start in range(0, len(parts), BRANCHES):
        chunk = parts[start : start + BRANCHES]
        selects = (f"SELECT {columns} FROM ({sql}) AS s{number}" for number, (sql, _) in enumerate(chunk))
        yield " UNION ALL ".join(selects), tuple(value for _, params in chunk for value in params)


def _horizon(rows: Rows, direction: str) -> int | None:
    """The nearest id at which a stream's window ended; None when none of them was full."""
    parts = [_window(rows, stream, set(), 1, direction, offset=rows.share - 1) for stream in rows.streams]
    ends = [row[0] for sql, params in _joined(parts, "id") for row in _fetch(sql, params)]
    if not ends:
        return None
    return int(max(ends) if direction == "DESC" else min(ends))


def _columns(stream: Stream) -> list[str]:
    return [*(column for column, _ in stream.prefix), "id"]


def _window(
    rows: Rows, stream: Stream, extra: set[str], limit: int, direction: str, offset: int = 0
) -> tuple[str, tuple[Any, ...]]:
    """The first rows of one stream, straight from its index."""
    columns = _columns(stream)
    selected = ", ".join(dict.fromkeys([*columns, *sorted(extra)]))
    order = ", ".join(f"{column} {direction}" for column in columns)
    tests = _bounds(rows, stream, direction)
    where = " AND ".join(sql for sql, _ in tests)
    sql = f"SELECT {selected} FROM {rows.table} WHERE {where} ORDER BY {order} LIMIT {limit}"
    return (f"{sql} OFFSET {offset}" if offset else sql), tuple(value for _, values in tests for value in values)


def _bounds(rows: Rows, stream: Stream, direction: str) -> list[tuple[str, tuple[Any, ...]]]:
    bounds: list[tuple[str, tuple[Any, ...]]] = [("id >= %s", (rows.low,)), ("id < %s", (rows.high,))]
    if not stream.prefix or connection.vendor != "postgresql":
        return [*((f"{column} = %s", (value,)) for column, value in stream.prefix), *bounds]
    *equal, (last, value) = stream.prefix
    # The row comparison is where the scan starts, the plain one where it stops.
    if direction == "DESC":
        ends = [(f"({last}, id) < (%s, %s)", (value, rows.high)), (f"{last} >= %s", (value,)), bounds[0]]
    else:
        ends = [(f"({last}, id) >= (%s, %s)", (value, rows.low)), (f"{last} <= %s", (value,)), bounds[1]]
    return [*((f"{column} = %s", (known,)) for column, known in equal), *ends]


_FIRST_SINCE = """
WITH RECURSIVE search (low, high) AS (
    SELECT COALESCE((SELECT MIN(id) FROM {table}), 0), COALESCE((SELECT MAX(id) FROM {table}), -1) + 1
    UNION ALL
    SELECT CASE WHEN {earlier} THEN (low + high) / 2 + 1 ELSE low END,
           CASE WHEN {earlier} THEN high ELSE (low + high) / 2 END
    FROM search WHERE low < high
)
SELECT low FROM search WHERE low >= high
"""
_EARLIER = "(SELECT {column} < %s FROM {table} WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1)"


def first_id_since(table: str, column: str, moment: datetime.datetime) -> int:
    """The smallest id of a row not older than `moment`: a binary search on the primary key, in one statement.

    Ids grow with time. Rows of transactions that ran at the same instant may stand on the other side of it.
    """
    value = connection.ops.adapt_datetimefield_value(moment)
    sql = _FIRST_SINCE.format(table=table, earlier=_EARLIER.format(table=table, column=column))
    return int(_fetch(sql, (value, value))[0][0])


def _fetch(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())
