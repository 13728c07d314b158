"""What an initial import queues: its records, page after page, each with the import's own choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from django.utils import timezone

from integrations.connectors.flexpos.customers import Row, customers
from integrations.connectors.flexpos.import_reading import Place, read
from integrations.connectors.flexpos.initial_import import CUSTOMERS, JOB, JOURNALS, MARK, Choices
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.orders import journals, tickets
from integrations.core.connector import Page, Record
from integrations.core.mapping import digest
from integrations.core.models import Cursor, Run


def pages(connection: FlexPOSConnection, run: Run) -> Iterator[Page]:
    """From where the run's cursor stands: {"run", "place", "left_out": {"filtered": 12, …}}."""
    choices, cursor = Choices.read(run.plan["choices"]), cursor_of(run, JOB)
    left_out = Counter(cursor.get("left_out", {}))
    with closing(connection.flexpos()) as client:
        place, now = Place.of(cursor), timezone.now()
        for part in read(client, connection.filters, choices, run.started_at, now, place):
            records, dropped = records_of(connection, part.resource, part.rows)
            left_out.update(dropped)
            reached = {"run": run.pk, "place": part.place.saved(), "left_out": dict(left_out)}
            yield Page([once(record, run) for record in marked(records, choices)], reached)


def cursor_of(run: Run, job: str) -> dict[str, Any]:
    """What this run has kept of its place; {} when the cursor is another run's."""
    cursor = Cursor.objects.filter(connection_id=run.connection_id, job=job, value__run=run.pk).first()
    return {} if cursor is None else cursor.value


def records_of(connection: FlexPOSConnection, resource: str, rows: Sequence[Row]) -> tuple[list[Record], Counter[str]]:
    """A page's records, and how many rows became none, by reason.

    Customers have no dedupe key: each import takes them anew, as the mapping may be another one by now.
    """
    if resource == CUSTOMERS:
        found = customers(rows, connection.filters, connection.match_on)
        return found.records, Counter(filtered=found.filtered, merged=found.merged)
    orders = journals(rows) if resource == JOURNALS else tickets(rows)
    return orders.records, Counter(anonymous=orders.anonymous, empty=orders.empty)


def once(record: Record, run: Run) -> Record:
    """A version of a customer once in an import: after a break some rows are read again."""
    if record.dedupe_key is not None:
        return record
    return replace(record, dedupe_key=digest([run.pk, record.record_type, record.key, record.payload]))


def marked(records: Iterable[Record], choices: Choices) -> list[Record]:
    """Each with the import's own choices."""
    return [replace(record, payload={**record.payload, MARK: choices.mark}) for record in records]
