"""What became of an import: counts with their reasons, and the failures as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty import failures
from integrations.core.connector import SKIP_REASONS
from integrations.core.models import Event, Run

MOST_REASONS = 20


def _read(name: str) -> Callable[[Event, dict[str, Any]], Any]:
    return lambda event, row: row.get(name)


# Of a FlexPOS row: what somebody at the till finds it by.
WHO = {name: _read(name) for name in ("CustomerId", "FirstName", "LastName", "Email", "Mobile")}


def reasons(run: Run) -> dict[str, list[tuple[str, int]]]:
    """Why records of a run were skipped and why they failed: (sentence, how many), the most frequent first."""
    skipped = _counted(run, Event.Outcome.SKIPPED, "code")
    failed = _counted(run, Event.Outcome.FAILED, "message")
    return {
        "skipped": [(_(SKIP_REASONS.get(code, code)), number) for code, number in skipped],
        "failed": [(_(message), number) for message, number in failed],
    }


def _counted(run: Run, outcome: str, column: str) -> list[tuple[str, int]]:
    events = Event.objects.filter(run_id=run.pk, outcome=outcome).values_list(column)
    return list(events.annotate(number=Count("pk")).order_by("-number")[:MOST_REASONS])


def failure_lines(run: Run) -> Iterator[str]:
    """The failed records of a run as lines of CSV, a header first, read a few at a time."""
    return failures.failure_lines(Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.FAILED), WHO)
