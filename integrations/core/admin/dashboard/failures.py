"""Failures over all connections, grouped by cause: what, how many, since when, and what to do."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Min, Sum
from django.http import HttpRequest
from django.urls import reverse

from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.form import record_type_words
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import failed_advice
from integrations.core.models import FailureGroup

SHOWN = 20
NAMED = 3


@dataclass(frozen=True)
class CauseRow:
    """One cause among the connections this user sees."""

    cause: str
    text: str
    advice: Any
    number: int
    since: datetime.datetime
    last: datetime.datetime
    # “Shop · Leads”, the first few, and how many more there are.
    places: list[str]
    more: int
    example: int
    example_url: str
    show_url: str
    retry_url: str


def visible_groups(visible: Visible) -> Any:
    return FailureGroup.objects.filter(open__gt=0, connection__in=list(visible.names))


def failure_rows(request: HttpRequest, visible: Visible) -> list[CauseRow]:
    """The causes with most failures: two statements."""
    groups = visible_groups(visible)
    by_cause = groups.order_by().values("cause", "code", "text")
    found = list(
        by_cause.annotate(number=Sum("open"), first=Min("since"), latest=Max("last"), newest=Max("example")).order_by(
            "-number", "cause"
        )[:SHOWN]
    )
    places = _places(groups, [row["cause"] for row in found], visible)
    sight = Sight.of(request)
    return [_row(row, places[row["cause"]], sight) for row in found]


def _places(groups: Any, causes: list[str], visible: Visible) -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    rows = groups.filter(cause__in=causes).order_by("-open", "pk")
    for cause, connection_id, record_type in rows.values_list("cause", "connection_id", "record_type"):
        plural = record_type_words(visible.connectors.get(connection_id, ""), record_type)[1]
        places[cause].append(f"{visible.names.get(connection_id, '')} · {plural}")
    return places


def _row(row: dict[str, Any], places: list[str], sight: Sight) -> CauseRow:
    query = urlencode({"tab": "failed", "cause": row["cause"]})
    return CauseRow(
        cause=row["cause"],
        text=sight.sentence(row["text"]),
        advice=failed_advice(row["code"], row["text"]),
        number=row["number"],
        since=row["first"],
        last=row["latest"],
        places=places[:NAMED],
        more=max(0, len(places) - NAMED),
        example=row["newest"],
        example_url=reverse("admin:core_event_change", args=[row["newest"]]),
        show_url=f"{reverse('admin:core_event_changelist')}?{query}",
        retry_url=f"{reverse('admin:core_event_retry_matching')}?{query}",
    )
