"""The connections a user sees, those that need somebody first: a page of them, with what their counters say."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import F, IntegerField, OuterRef, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.admin.connection.steps import STATE_LOOKS
from integrations.core.admin.dashboard.failures import visible_groups
from integrations.core.admin.dashboard.spark import HOURS, Spark, spark
from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.list import query
from integrations.core.admin.log.sight import Sight
from integrations.core.models import Clock, Connection, Delivery, Event, HourCount, Run, SettingsVersion
from integrations.core.models.journal import COUNTS, OPEN
from integrations.core.registry import connector_class

PAGE_SIZE = 25
State = Connection.State
NEEDS = "needs"
# Failures come between what has stopped by itself and what runs.
FAILING = 1
ORDER: dict[str, int] = {State.ATTENTION: 0, State.ENABLED: 2, State.DISABLED: 3, State.DRAFT: 4}
LAST = 9


@dataclass(frozen=True)
class Line:
    """A connection as the list orders and filters it."""

    pk: int
    name: str
    connector: str
    state: str
    reason: str
    since: datetime.datetime
    failures: int

    @property
    def rank(self) -> tuple[int, str]:
        rank = ORDER.get(self.state, LAST)
        return min(rank, FAILING) if self.failures else rank, self.name.lower()

    @property
    def needs_somebody(self) -> bool:
        return self.state == State.ATTENTION or self.failures > 0


@dataclass(frozen=True)
class Row:
    """A connection on the page."""

    line: Line
    kind: str
    url: str
    log_url: str
    state: Any
    look: str
    reason: str
    waiting: int
    oldest: datetime.datetime | None
    last_run: datetime.datetime | None
    last_call: datetime.datetime | None
    next_run: datetime.datetime | None
    spark: Spark


def connection_table(request: HttpRequest, visible: Visible, now: datetime.datetime) -> dict[str, Any]:
    """Rows of the page that was asked for, and what leads to the others."""
    lines = sorted(_lines(request, visible), key=lambda line: line.rank)
    text, state = request.GET.get("q", "").strip()[:120], request.GET.get("state", "")
    matching = [line for line in lines if text.lower() in line.name.lower() and _is_in(line, state)]
    last = max(0, (len(matching) - 1) // PAGE_SIZE)
    number = request.GET.get("page", "")
    page = min(int(number), last) if number.isascii() and number.isdecimal() and len(number) < 6 else 0
    shown = matching[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    return {
        "rows": _rows(request, shown, now),
        "number": len(matching),
        "all": len(lines),
        "needing": sum(line.needs_somebody for line in lines),
        "q": text,
        "state": state,
        "states": [("", _("All states")), (NEEDS, _("Needs somebody")), *State.choices],
        "previous_url": query(request.GET, page=page - 1) if page else "",
        "next_url": query(request.GET, page=page + 1) if page < last else "",
        "page": page + 1,
        "pages": last + 1,
    }


def _is_in(line: Line, state: str) -> bool:
    return line.needs_somebody if state == NEEDS else state in ("", line.state)


def _lines(request: HttpRequest, visible: Visible) -> list[Line]:
    failures = visible_groups(visible).order_by().values_list("connection_id").annotate(Sum("open"))
    numbers: dict[int, int] = dict(failures)
    found = Connection.objects.filter(pk__in=list(visible.names)).order_by()
    rows = found.values_list("pk", "name", "connector", "state", "state_reason", "state_since")
    return [Line(*row, failures=numbers.get(row[0], 0)) for row in rows]


def _rows(request: HttpRequest, lines: Sequence[Line], now: datetime.datetime) -> list[Row]:
    """Six statements, however many lines."""
    ids = [line.pk for line in lines]
    times, waiting = _times(ids), _waiting(ids)
    counts, changes = _hours(ids, now), _changes(ids, now)
    links, sight = settings_links(request, {line.connector for line in lines}), Sight.of(request)
    log = reverse("admin:core_event_changelist")
    rows = []
    for line in lines:
        known = times.get(line.pk, {})
        log_url = f"{log}?connection={line.pk}"
        link = links.get(line.connector, "")
        rows.append(
            Row(
                line=line,
                kind=_kind(line.connector),
                url=link.replace("/0/", f"/{line.pk}/") if link else log_url,
                log_url=log_url,
                state=State(line.state).label,
                look=STATE_LOOKS.get(State(line.state), "default"),
                reason=sight.sentence(line.reason),
                waiting=waiting.get(line.pk, 0),
                oldest=min((known[name] for name in ("live", "bulk") if known.get(name)), default=None),
                last_run=known.get("last_run"),
                last_call=known.get("last_call"),
                next_run=known.get("next_run") if line.state == State.ENABLED else None,
                spark=spark(counts[line.pk], changes[line.pk], now),
            )
        )
    return rows


def _kind(connector: str) -> str:
    try:
        return str(connector_class(connector).label)
    except LookupError:
        return connector


def settings_links(request: HttpRequest, connectors: set[str]) -> dict[str, str]:
    """The settings page of connection 0, by connector, where this user may open it."""
    found = {}
    for name in connectors:
        try:
            model = connector_class(name).model
        except LookupError:
            continue
        model_admin = admin.site._registry.get(model)
        if model_admin is not None and model_admin.has_view_or_change_permission(request):
            found[name] = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[0])
    return found


def _times(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Each by the first row of an index."""
    calls = Delivery.objects.filter(connection_id=OuterRef("pk")).order_by("-pk")
    clocks = Clock.objects.filter(connection_id=OuterRef("pk"))
    started = clocks.filter(started_at__isnull=False).order_by("-started_at")
    queued = Event.objects.filter(connection_id=OuterRef("pk"), due_at__isnull=False).order_by("pk")
    found = Connection.objects.filter(pk__in=ids).values(
        "pk",
        last_run=Subquery(started.values("started_at")[:1]),
        last_call=Subquery(calls.values("received_at")[:1]),
        next_run=Subquery(clocks.order_by("next_at").values("next_at")[:1]),
        live=Subquery(queued.filter(priority=Event.Priority.LIVE).values("created_at")[:1]),
        bulk=Subquery(queued.filter(priority=Event.Priority.BULK).values("created_at")[:1]),
    )
    return {row["pk"]: dict(row) for row in found}


def _waiting(ids: Sequence[int]) -> dict[int, int]:
    """By the books of the open runs: what was read and not settled."""
    settled = sum((F(name) for name in COUNTS[1:]), F(COUNTS[0]))
    runs = Run.objects.filter(status__in=OPEN, connection__in=ids).order_by().values_list("connection_id")
    return dict(runs.annotate(left=Sum(F("read") - settled, output_field=IntegerField())))


def _hours(ids: Sequence[int], now: datetime.datetime) -> dict[int, dict[datetime.datetime, tuple[int, int]]]:
    found: dict[int, dict[datetime.datetime, tuple[int, int]]] = defaultdict(dict)
    lately = HourCount.objects.filter(connection__in=ids, hour__gt=now - datetime.timedelta(hours=HOURS))
    for connection_id, hour, done, failed in lately.values_list("connection_id", "hour", "done", "failed"):
        found[connection_id][hour] = (done, failed)
    return found


def _changes(ids: Sequence[int], now: datetime.datetime) -> dict[int, list[datetime.datetime]]:
    found: dict[int, list[datetime.datetime]] = defaultdict(list)
    since = now - datetime.timedelta(hours=HOURS)
    saved = SettingsVersion.objects.filter(connection__in=ids, created_at__gt=since).order_by("pk")
    for connection_id, moment in saved.values_list("connection_id", "created_at"):
        found[connection_id].append(moment)
    return found
