"""Finding a person: from a name or an id to records, and from there to events. Bounded in every direction.

Names lead to records (the log's labels, and what sources know), an id leads to records by key and by Link, and those
to the names their newest events have. There it ends: what else was ever labelled like a record is not followed, as two
people may share an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from integrations.core import keyset
from integrations.core.keyset import Condition, Rows, Stream
from integrations.core.logbook import EVENTS
from integrations.core.models import Event, Link
from integrations.core.persons.holders import Holder, holders
from integrations.core.persons.person import Person, RecordKey, is_personal, spellings

# Records of one person, names of one person, and events looked at to find the records.
RECORDS, NAMES, LOOKED = 50, 20, 1000

Visible = Sequence[int] | None


def find(term: str, visible: Visible, user: Any = None, *, records_at_most: int = RECORDS) -> Person:
    """Everything a term leads to among these connections (None: all). With a `user` only sources that this user may see
    are asked."""
    known = [one for one in holders() if user is None or not one.permission or user.has_perm(one.permission)]
    forms = spellings(term)
    records, looked = _by_id(forms, visible)
    others = _newest_labels(records) - set(forms)
    # Digits may be a phone number, an id, or one's number and another one's id.
    is_label = bool(others) and bool(_by_label(forms, visible)[0])
    several = "@" not in term and len(others) + is_label > 1
    is_id_only = bool(others) and not is_label and is_personal(term)
    names = _expanded([*others, *(() if is_id_only else forms)], known)
    by_name, more = _by_label(sorted(names)[:NAMES], visible)
    told = {record for one in known for record in one.records(names)}
    records |= by_name | {record for record in told if visible is None or record.connection_id in visible}
    capped = len(records) > records_at_most or max(looked, more) >= LOOKED or len(names) > NAMES
    return Person(frozenset(sorted(names)[:NAMES]), frozenset(sorted(records)[:records_at_most]), capped, several)


def _expanded(names: Iterable[str], known: Iterable[Holder]) -> set[str]:
    """With the other names of the same people. Twice: one source may know a name that leads on in another one."""
    found = set(names)
    for _round in range(2):
        if found:
            found |= {form for one in known for name in one.names(found) for form in spellings(name)}
    return found


def _by_id(forms: Sequence[str], visible: Visible) -> tuple[set[RecordKey], int]:
    links = Link.objects.filter(remote_id__in=forms)
    if visible is not None:
        links = links.filter(connection_id__in=visible)
    rows = links.values_list("connection_id", "record_type", "key")[: RECORDS + 1]
    found, looked = _records(_streams("key", forms), visible)
    return {RecordKey(*row) for row in rows} | found, looked


def _by_label(names: Sequence[str], visible: Visible) -> tuple[set[RecordKey], int]:
    return _records(_streams("label", names), visible)


def _records(streams: tuple[Stream, ...], visible: Visible) -> tuple[set[RecordKey], int]:
    """The records of the newest events in these streams, and how many events that were."""
    if not streams or visible == []:
        return set(), 0
    ids = keyset.walk(Rows(EVENTS, streams, _visible(visible)), LOOKED).ids
    rows = Event.objects.filter(pk__among=ids).values_list("connection_id", "record_type", "key")
    return {RecordKey(*row) for row in rows}, len(ids)


def _newest_labels(records: Collection[RecordKey]) -> set[str]:
    """Of each record; retention takes the labels of old events."""
    ids = keyset.newest([_rows_of(record, " AND w.label <> ''", ("label",)) for record in sorted(records)])
    return set(Event.objects.filter(pk__among=ids).values_list("label", flat=True))


def newest(records: Collection[RecordKey]) -> list[int]:
    """The id of the newest event of each record. One statement."""
    return keyset.newest([_rows_of(record) for record in sorted(records)])


def _rows_of(record: RecordKey, also: str = "", columns: tuple[str, ...] = ()) -> Rows:
    test = Condition(
        f"w.connection_id = %s AND w.record_type = %s{also}",
        (record.connection_id, record.record_type),
        ("connection_id", "record_type", *columns),
    )
    return Rows(EVENTS, _streams("key", [record.key]), test)


def event_rows(person: Person, visible: Visible) -> Rows:
    """The person's events: labelled with one of the names, or of one of the records."""
    labels, records = sorted(person.names), sorted(person.records)
    streams = _streams("label", labels) + _streams("key", list(dict.fromkeys(record.key for record in records)))
    if visible == [] or not streams:
        return Rows(EVENTS, ())
    return Rows(EVENTS, streams, _condition(labels, records, visible))


def _condition(labels: Sequence[str], records: Sequence[RecordKey], visible: Visible) -> Condition:
    tests = [f"w.label IN ({', '.join(['%s'] * len(labels))})"] if labels else []
    tests += ["(w.connection_id = %s AND w.record_type = %s AND w.key = %s)"] * len(records)
    sql, params = " OR ".join(tests), (*labels, *(value for record in records for value in record))
    seen = _visible(visible)
    if seen is not None:
        sql, params = f"({sql}) AND {seen.sql}", (*params, *seen.params)
    return Condition(sql, params, ("label", "connection_id", "record_type", "key"))


def _visible(visible: Visible) -> Condition | None:
    if visible is None:
        return None
    sql = f"w.connection_id IN ({', '.join(['%s'] * len(visible))})"
    return Condition(sql, tuple(visible), ("connection_id",))


def _streams(column: str, values: Sequence[str]) -> tuple[Stream, ...]:
    return tuple(Stream(((column, value),)) for value in values)
