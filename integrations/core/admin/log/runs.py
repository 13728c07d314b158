"""Sync jobs and webhook calls: their lists and pages."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.http import Http404, HttpRequest
from django.urls import reverse

from integrations.core import keyset
from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.control import buttons
from integrations.core.admin.log.form import JournalForm
from integrations.core.admin.log.list import paging, position, query
from integrations.core.admin.log.progress import percents, progress
from integrations.core.admin.log.sight import (
    Shown,
    Sight,
    Unreadable,
    deleted_note,
    masked_query,
    read_encrypted,
    unreadable_note,
)
from integrations.core.admin.log.words import DELIVERIES, RUNS, Badge, run_advice
from integrations.core.logbook import PAGE_SIZE, delivery_rows, run_rows
from integrations.core.models import Connection, Delivery, Run
from integrations.core.redact import clean
from integrations.core.registry import connector_class, job_label


@dataclass(frozen=True)
class RunRow:
    run: Run
    url: str
    connection: str
    job: str
    badge: Badge
    percent: int | None
    took: str


@dataclass(frozen=True)
class DeliveryRow:
    delivery: Delivery
    url: str
    connection: str
    badge: Badge
    message: str
    content_type: str


def run_list_context(request: HttpRequest) -> dict[str, Any]:
    visible, form = _form(request, list(Run.Status.choices))
    rows = run_rows(form.chosen_connection, form.chosen_status, visible.ids)
    page = keyset.page(rows, PAGE_SIZE, **position(request.GET))
    runs = Run.objects.defer("plan").in_bulk(page.ids)
    done = percents(runs.values())
    return {
        "form": form,
        "rows": [_run_row(runs[pk], visible, done.get(pk)) for pk in page.ids if pk in runs],
        "clear_url": query(request.GET, connection=None, status=None),
        **paging(request, page, "J"),
    }


def _run_row(run: Run, visible: Visible, percent: int | None) -> RunRow:
    url = reverse("admin:core_run_change", args=[run.pk])
    connector, name = visible.connectors.get(run.connection_id, ""), visible.names.get(run.connection_id, "")
    return RunRow(run, url, name, job_label(connector, run.job), RUNS[run.status], percent, duration(run))


def duration(run: Run) -> str:
    """“1:05:09”, in hours, minutes and seconds; empty while it runs."""
    if run.finished_at is None:
        return ""
    return str(datetime.timedelta(seconds=int((run.finished_at - run.started_at).total_seconds())))


def own_page(run: Run) -> str:
    """The page that its connector has for it; "" for most."""
    try:
        connector = connector_class(run.connection.connector)
    except LookupError:
        return ""
    if (page := connector.job_pages.get(run.job)) is None:
        return ""
    model = connector.model._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_{page}", args=[run.connection_id, run.pk])


def run_context(request: HttpRequest, run: Run) -> dict[str, Any]:
    """`run` comes with its connection and who requested it."""
    log = f"{reverse('admin:core_event_changelist')}?q=J{run.pk}"
    tabs = (
        ("new", "new"),
        ("updated", "updated"),
        ("skipped", "skipped"),
        ("failed", "failed"),
        ("waiting", "waiting"),
    )
    return {
        "run": run,
        "job": job_label(run.connection.connector, run.job),
        "badge": RUNS[run.status],
        "advice": run_advice(run),
        "progress": progress(run),
        **buttons(request, run),
        **{f"{verb}_url": reverse(f"admin:core_run_{verb}", args=[run.pk]) for verb in ("pause", "resume", "stop")},
        "message": Sight.of(request).sentence(run.message),
        "took": duration(run),
        "log_url": log,
        "tab_urls": {name: f"{log}&tab={tab}" for name, tab in tabs},
    }


def delivery_list_context(request: HttpRequest) -> dict[str, Any]:
    visible, form = _form(request, list(Delivery.Status.choices))
    rows = delivery_rows(form.chosen_connection, form.chosen_status, visible.ids)
    page = keyset.page(rows, PAGE_SIZE, **position(request.GET))
    deliveries = Delivery.objects.defer("body").in_bulk(page.ids)
    sight = Sight.of(request)
    return {
        "form": form,
        "rows": [_delivery_row(deliveries[pk], visible, sight) for pk in page.ids if pk in deliveries],
        "clear_url": query(request.GET, connection=None, status=None),
        "process_held_url": _process_held_url(request, form.chosen_connection),
        **paging(request, page, "W"),
    }


def _delivery_row(delivery: Delivery, visible: Visible, sight: Sight) -> DeliveryRow:
    return DeliveryRow(
        delivery,
        reverse("admin:core_delivery_change", args=[delivery.pk]),
        visible.names.get(delivery.connection_id, ""),
        DELIVERIES[delivery.status],
        sight.sentence(delivery.message),
        clean(delivery.content_type),
    )


def _process_held_url(request: HttpRequest, connection_id: int | None) -> str:
    """Where “Process held calls” posts to, when one connection is shown and it has such calls."""
    if connection_id is None or not request.user.has_perm("core.run_connection"):
        return ""
    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ENABLED).first()
    return held_url(connection) if connection is not None else ""


def held_url(connection: Connection) -> str:
    """The address of “Process held calls”; empty when there are none."""
    held = Delivery.objects.filter(connection_id=connection.pk, status=Delivery.Status.HELD)
    return reverse("admin:core_delivery_process_held", args=[connection.pk]) if held.exists() else ""


def delivery_context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    """`delivery` comes with its connection, without its body."""
    sight = Sight.of(request)
    may_run = request.user.has_perm("core.run_connection")
    held = delivery.status == Delivery.Status.HELD and may_run
    return {
        "delivery": delivery,
        "badge": DELIVERIES[delivery.status],
        "message": sight.sentence(delivery.message),
        "content_type": clean(delivery.content_type),
        "query": _query(delivery.query, sight),
        "body": _body(delivery, sight),
        "masked": not sight.full,
        "run_url": reverse("admin:core_run_change", args=[delivery.run_id]) if delivery.run_id else "",
        "process_held_url": held_url(delivery.connection) if held else "",
    }


def _query(text: str, sight: Sight) -> str:
    return sight.sentence(text) if sight.full else sight.sentence(masked_query(text))


def _body(delivery: Delivery, sight: Sight) -> Shown:
    rows = Delivery.objects.filter(pk=delivery.pk).values_list("body", flat=True)
    try:
        raw = read_encrypted(rows.first)
    except Unreadable:
        return Shown(note=unreadable_note())
    if raw is None:
        return Shown(note=deleted_note())
    text = bytes(raw).decode("utf-8", "replace")
    if "form-urlencoded" in delivery.content_type and (fields := parse_qsl(text, keep_blank_values=True)):
        return sight.body(json.dumps(fields, ensure_ascii=False))
    return sight.body(text)


def _form(request: HttpRequest, statuses: list[tuple[str, Any]]) -> tuple[Visible, JournalForm]:
    visible = Visible.of(request)
    chosen = request.GET.get("connection", "")
    if chosen and (not chosen.isascii() or not chosen.isdecimal() or int(chosen) not in visible.names):
        raise Http404
    return visible, JournalForm(request.GET, visible, statuses)
