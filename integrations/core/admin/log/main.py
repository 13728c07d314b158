"""The log under the admin's roof: events, sync jobs and webhook calls. To look at and to retry, not to edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from integrations.core.admin.log.access import LogAdmin, Visible, visible_or_404
from integrations.core.admin.log.control import (
    STOPPABLE,
    long_or_404,
    may_run,
    pause_run,
    require_run_permission,
    resume_run,
    stop_run,
    tell_unchanged,
)
from integrations.core.admin.log.download import download
from integrations.core.admin.log.list import list_context, query
from integrations.core.admin.log.panel import panel_context
from integrations.core.admin.log.progress import progress
from integrations.core.admin.log.retry import (
    confirmation,
    matching_ids,
    oldest_matching,
    require_permission,
    selected_ids,
    start_retry,
)
from integrations.core.admin.log.runs import (
    delivery_context,
    delivery_list_context,
    own_page,
    run_context,
    run_list_context,
)
from integrations.core.admin.person.pages import PersonPages
from integrations.core.engine import inbox
from integrations.core.models import Connection, Delivery, Event, Run

get_only = method_decorator(require_GET)
post_only = method_decorator(require_POST)


class JournalAdmin(LogAdmin):
    """A list and a page, both looked at only, for those with the view permission."""

    def _may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _render(self, request: HttpRequest, template: str, title: Any, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, self.page_context(request, title, **context))


@admin.register(Event)
class EventAdmin(JournalAdmin, PersonPages):
    def more_urls(self) -> list[URLPattern]:
        return [
            *super().more_urls(),
            path("<int:pk>/retry/", self._page(self.retry_one), name="core_event_retry"),
            path("retry/", self._page(self.retry_selected), name="core_event_retry_selected"),
            path("retry-matching/", self._page(self.retry_matching), name="core_event_retry_matching"),
            path("download/", self._page(self.download), name="core_event_download"),
        ]

    @get_only
    def list_page(self, request: HttpRequest) -> HttpResponse:
        self._may_view(request)
        return self._render(request, "admin/core/log/events.html", _("Log"), list_context(request))

    @get_only
    def download(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list's filters show, as CSV."""
        self._may_view(request)
        return download(request)

    @get_only
    def detail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_view(request)
        event = visible_or_404(Event.objects.select_related("connection", "run", "version"), request, pk)
        context = panel_context(request, event)
        return self._render(request, "admin/core/log/event.html", f"R{pk}", context)

    @post_only
    def retry_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_retry(request)
        visible_or_404(Event.objects.only("pk"), request, pk)
        start_retry(request, [pk])
        return HttpResponseRedirect(_asked_back(request) or reverse("admin:core_event_change", args=[pk]))

    @post_only
    def retry_selected(self, request: HttpRequest) -> HttpResponse:
        self._may_retry(request)
        ids = selected_ids(request)
        if ids:
            start_retry(request, ids)
        else:
            messages.warning(request, _("No event was selected: tick the boxes in front of failed events first."))
        return self._back(request)

    @post_only
    def retry_matching(self, request: HttpRequest) -> HttpResponse:
        """First press: what would be retried; with `confirmed`: do it; with `one`: only the oldest, at once."""
        self._may_retry(request)
        if request.POST.get("one"):
            return self._retry_oldest(request)
        if request.POST.get("confirmed"):
            start_retry(request, matching_ids(request, Visible.of(request)), one_first=True)
            return self._back(request)
        context = {
            **confirmation(request),
            "action": request.get_full_path(),
            "back_url": reverse("admin:core_event_changelist") + query(request.GET),
        }
        return self._render(request, "admin/core/log/retry.html", _("Retry all that match"), context)

    def _retry_oldest(self, request: HttpRequest) -> HttpResponse:
        found = oldest_matching(request, Visible.of(request))
        start_retry(request, found)
        if not found:
            return self._back(request)
        return HttpResponseRedirect(reverse("admin:core_event_change", args=found))

    def _may_retry(self, request: HttpRequest) -> None:
        self._may_view(request)
        require_permission(request)

    def _back(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:core_event_changelist") + query(request.GET))


def _asked_back(request: HttpRequest) -> str:
    """The page of this portal that a button stood on, if it named one."""
    back = request.POST.get("back", "")
    return back if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else ""


@admin.register(Run)
class RunAdmin(JournalAdmin):
    def more_urls(self) -> list[URLPattern]:
        views = {"progress": self.progress, "pause": self.pause, "resume": self.resume, "stop": self.stop}
        return [path(f"<int:pk>/{name}/", self._page(view), name=f"core_run_{name}") for name, view in views.items()]

    @get_only
    def list_page(self, request: HttpRequest) -> HttpResponse:
        self._may_view(request)
        return self._render(request, "admin/core/log/runs.html", _("Sync jobs"), run_list_context(request))

    @get_only
    def detail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_view(request)
        run = self._run(request, pk)
        context = run_context(request, run) | {"own_url": own_page(run) if may_run(request) else ""}
        return self._render(request, "admin/core/log/run.html", f"J{pk}", context)

    @get_only
    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes while the job runs, alone."""
        self._may_view(request)
        return TemplateResponse(request, "admin/core/log/_run.html", run_context(request, self._run(request, pk)))

    @post_only
    def pause(self, request: HttpRequest, pk: int) -> HttpResponse:
        pause_run(request, run := self._long_run(request, pk))
        return self._to_page(run)

    @post_only
    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        resume_run(request, run := self._long_run(request, pk))
        return self._to_page(run)

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET says what that means and asks; POST does it."""
        run = self._long_run(request, pk)
        if request.method == "POST":
            stop_run(request, run)
        elif run.status in STOPPABLE:
            context = {"run": run, "progress": progress(run), "back_url": self._page_of(run)}
            return self._render(request, "admin/core/log/stop.html", _("Stop"), context)
        else:
            tell_unchanged(request, run)
        return self._to_page(run)

    def _run(self, request: HttpRequest, pk: int) -> Run:
        runs = Run.objects.select_related("connection", "requested_by").defer("plan")
        found: Run = visible_or_404(runs, request, pk)
        return found

    def _long_run(self, request: HttpRequest, pk: int) -> Run:
        self._may_view(request)
        require_run_permission(request)
        return long_or_404(self._run(request, pk))

    def _page_of(self, run: Run) -> str:
        return own_page(run) or reverse("admin:core_run_change", args=[run.pk])

    def _to_page(self, run: Run) -> HttpResponse:
        return HttpResponseRedirect(self._page_of(run))


@admin.register(Delivery)
class DeliveryAdmin(JournalAdmin):
    def more_urls(self) -> list[URLPattern]:
        view = self._page(self.process_held)
        return [path("process-held/<int:connection_id>/", view, name="core_delivery_process_held")]

    @get_only
    def list_page(self, request: HttpRequest) -> HttpResponse:
        self._may_view(request)
        context = delivery_list_context(request)
        return self._render(request, "admin/core/log/deliveries.html", _("Webhook calls"), context)

    @get_only
    def detail_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._may_view(request)
        delivery = visible_or_404(Delivery.objects.select_related("connection").defer("body"), request, pk)
        return self._render(request, "admin/core/log/delivery.html", f"W{pk}", delivery_context(request, delivery))

    @post_only
    def process_held(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        if not request.user.has_perm("core.run_connection"):
            raise PermissionDenied
        connection = get_object_or_404(Connection.objects.visible_to(request.user).installed(), pk=connection_id)
        if connection.state != Connection.State.ENABLED:
            text = _("“%(name)s” is not enabled: enable it first, then process its held calls.")
            messages.warning(request, text % {"name": connection.name})
        else:
            number = inbox.process_held(connection)
            text = ngettext("%(number)s held call is being read.", "%(number)s held calls are being read.", number)
            messages.success(request, text % {"number": number})
        return HttpResponseRedirect(f"{reverse('admin:core_delivery_changelist')}?connection={connection_id}")
