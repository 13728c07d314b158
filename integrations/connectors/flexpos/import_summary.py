"""What became of an import: counts with their reasons, and the failures as a file for a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.tracking import inert
from integrations.core.connector import SKIP_REASONS
from integrations.core.models import Event, EventPayload, Run

CHUNK = 500
MOST_REASONS = 20
# Of a FlexPOS row: what somebody at the till finds it by.
WHO = ("CustomerId", "FirstName", "LastName", "Email", "Mobile")


def reasons(run: Run) -> dict[str, list[tuple[str, int]]]:
    """Why records of a run were skipped and why they failed: (sentence, how many), the most frequent first."""
    skipped = _counted(run, Event.Outcome.SKIPPED, "code")
    failed = _counted(run, Event.Outcome.FAILED, "message")
    return {
        "skipped": [(str(SKIP_REASONS.get(code, code)), number) for code, number in skipped],
        "failed": failed,
    }


def _counted(run: Run, outcome: str, column: str) -> list[tuple[str, int]]:
    events = Event.objects.filter(run_id=run.pk, outcome=outcome).values_list(column)
    return list(events.annotate(number=Count("pk")).order_by("-number")[:MOST_REASONS])


def failures(run: Run) -> QuerySet[Event]:
    return Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.FAILED).order_by("pk")


def failure_lines(run: Run) -> Iterator[str]:
    """The failed records of a run as lines of CSV, a header first, read a few at a time."""
    writer = csv.writer(_Echo())
    # So that spreadsheets read it as UTF-8.
    yield "\ufeff" + writer.writerow([_("Request ID"), _("Record"), *WHO, _("What happened"), _("Time")])
    last = 0
    while chunk := list(failures(run).filter(pk__gt=last)[:CHUNK]):
        payloads = _payloads([event.pk for event in chunk])
        for event in chunk:
            yield writer.writerow([inert(cell) for cell in _cells(event, payloads.get(event.pk))])
        last = chunk[-1].pk


def _payloads(event_ids: list[int]) -> dict[int, str]:
    """By event, those that retention has left. After a change of keys the reasons alone must do."""
    try:
        return dict(EventPayload.objects.filter(pk__in=event_ids).values_list("pk", "body"))
    except InvalidToken:
        return {}


def _cells(event: Event, payload: str | None) -> list[str]:
    row: dict[str, Any] = json.loads(payload) if payload else {}
    who = ["" if row.get(name) is None else str(row[name]) for name in WHO]
    settled = event.settled_at.isoformat(" ", "seconds") if event.settled_at else ""
    return [str(event), event.record_type, *who, event.message, settled]


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text
