"""One-time export of a source's records to the connections that take them: the page behind the list's Export link."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action

from integrations.core.catalog import UNREADABLE
from integrations.core.connector import Estimate
from integrations.core.durations import about
from integrations.core.engine import collect
from integrations.core.errors import SyncError
from integrations.core.models import Connection, Run
from integrations.core.models.journal import OPEN
from integrations.core.registry import all_connectors, connector_class, connector_for


@dataclass(frozen=True)
class Destination:
    """A connection that takes the export. Without an estimate it can't be started, and `problem` says why."""

    connection: Connection
    job: str
    label: str
    summary: str
    estimate: Estimate | None
    problem: str
    # Its export that is under way.
    run: Run | None

    @property
    def startable(self) -> bool:
        return self.estimate is not None and self.run is None


class ExportPages(ModelAdmin):  # type: ignore[misc]
    """For a source's admin: an Export link at the top right of its list, and its page.

    A class with `actions_list` of its own names "export_page" among them.
    """

    # What connectors call these records in their `exports`: `loyalty.customer`.
    export_source: ClassVar[str]
    actions_list = ("export_page",)

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Export"),
        url_path="export",
        icon="upload",
        # By methods, not by name: unfold's system check looks a named permission up in a database that may be new.
        permissions=["view", "run_connection"],
    )
    def export_page(self, request: HttpRequest) -> HttpResponse:
        """GET shows where to and how long; POST starts a run for each connection that was ticked."""
        destinations = destinations_of(self.export_source, request.user)
        if request.method == "POST":
            chosen = request.POST.getlist("connection")
            return self._start(request, [each for each in destinations if str(each.connection.pk) in chosen])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Export %(records)s") % {"records": self.opts.verbose_name_plural},
            "destinations": [(each, self._takes(each.estimate)) for each in destinations],
            "startable": any(each.startable for each in destinations),
            "only_one": len(destinations) == 1,
            "places": [] if destinations else places_to_connect(self.export_source, request),
            "list_url": self._list_url(),
        }
        return TemplateResponse(request, "admin/core/export.html", context)

    def has_run_connection_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.run_connection")

    def _start(self, request: HttpRequest, chosen: list[Destination]) -> HttpResponse:
        runs = [run for each in chosen if (run := start_export(request, each))]
        if not chosen:
            messages.warning(request, _("No export was started: tick a connection first."))
        if not runs:
            return redirect(request.path)
        if len(runs) == 1:
            return redirect("admin:core_run_change", runs[0].pk)
        return redirect("admin:core_run_changelist")

    def _takes(self, estimate: Estimate | None) -> str:
        """“10,000 customers: about 5 h 36 min”."""
        if estimate is None:
            return ""
        name = self.opts.verbose_name if estimate.records == 1 else self.opts.verbose_name_plural
        return f"{estimate.records:,} {name}: {about(estimate.seconds)}"

    def _list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")


def destinations_of(source: str, user: Any) -> list[Destination]:
    """The enabled connections a user has access to whose connector exports this source."""
    jobs = {name: connector.exports[source] for name, connector in all_connectors() if source in connector.exports}
    enabled = Connection.objects.visible_to(user).filter(connector__in=jobs, state=Connection.State.ENABLED)
    return [_destination(connection, jobs[connection.connector]) for connection in enabled.order_by("name")]


def _destination(connection: Connection, job: str) -> Destination:
    kind = connector_class(connection.connector)
    estimate, problem = None, ""
    try:
        with closing(connector_for(connection)) as connector:
            estimate = connector.estimate(job)
    except SyncError as error:
        problem = error.message
    except InvalidToken:
        problem = str(UNREADABLE)
    return Destination(connection, job, kind.label, kind.summary, estimate, problem, _under_way(connection, job))


def _under_way(connection: Connection, job: str) -> Run | None:
    return Run.objects.filter(connection_id=connection.pk, job=job, status__in=OPEN).first()


def start_export(request: HttpRequest, destination: Destination) -> Run | None:
    """The export's run; the one that is under way when somebody was faster. None when it can't be started."""
    connection, job, estimate = destination.connection, destination.job, destination.estimate
    user: Any = request.user
    if estimate is None:
        messages.error(request, f"{connection}: {destination.problem}")
        return None
    run = collect.start(connection, job, Run.Trigger.EXPORT, user, expected=estimate.records)
    if run is None:
        text = _("The export to “%(name)s” is under way already.")
        messages.info(request, text % {"name": connection})
        return _under_way(connection, job)
    url = reverse("admin:core_run_change", args=[run.pk])
    text = _("The export to “%(name)s” has started:") % {"name": connection}
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, url, run))
    return run


def places_to_connect(source: str, request: HttpRequest) -> list[tuple[str, str]]:
    """(label, address) of the lists where this user can add a connection that takes the export."""
    places = []
    for name, connector in all_connectors():
        page = admin.site._registry.get(connector.model)
        if source in connector.exports and page is not None and page.has_add_permission(request):
            places.append((connector.label, reverse(f"admin:{name}_{connector.model._meta.model_name}_changelist")))
    return places
