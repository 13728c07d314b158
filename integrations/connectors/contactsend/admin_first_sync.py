"""First sync: how much there is, and its start. It starts by itself when a source is enabled for the first time."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from integrations.connectors.contactsend.jobs import FIRST
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.admin.connection.actions import RUN
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.catalog import UNREADABLE
from integrations.core.connector import Estimate
from integrations.core.durations import about
from integrations.core.engine import collect
from integrations.core.errors import SyncError
from integrations.core.models import Connection, Cursor, Run
from integrations.core.models.journal import OPEN
from integrations.core.registry import connector_for


class FirstSyncPages(ConnectionAdmin):
    """Part of ContactsendAdmin."""

    def menu_links(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        return [(_("First sync"), self.page_url("first_sync", obj))] if request.user.has_perm(RUN) else []

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_first_sync"
        return [
            path("<int:pk>/first-sync/", self.admin_site.admin_view(self.first_sync_view), name=name),
            *super().get_urls(),
        ]

    def first_sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: the estimate. POST: start it; its progress stands on the page of the sync job."""
        obj = self.connection_or_404(request, pk)
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        running = Run.objects.filter(connection_id=obj.pk, job=FIRST, status__in=OPEN).first()
        can_start = obj.state == Connection.State.ENABLED and running is None
        if request.method == "POST" and can_start:
            run = start(obj, request.user)
            return redirect(run_url(run)) if run else redirect(request.path)
        estimate, problem = estimated(obj)
        context = self.page_context(
            request,
            obj,
            None,
            running=running,
            run_url=run_url(running) if running else "",
            can_start=can_start,
            estimate=estimate,
            takes=about(estimate.seconds) if estimate else "",
            problem=problem,
        )
        return TemplateResponse(request, "admin/contactsend/first_sync.html", context)

    def switched_on(self, request: HttpRequest, obj: ContactsendConnection) -> None:
        """For the first time, or after another node, account or userdb: everybody meets."""
        if Cursor.objects.filter(connection_id=obj.pk, job=FIRST).exists():
            return
        if run := start(obj, request.user):
            text = _("The first sync has started:")
            link = format_html('{} <a class="underline" href="{}">{}</a>', text, run_url(run), run)
            self.message_user(request, link, messages.SUCCESS)


def start(obj: ContactsendConnection, user: Any) -> Run | None:
    """None when it is under way already."""
    estimate, _problem = estimated(obj)
    return collect.start(obj, FIRST, Run.Trigger.IMPORT, user, expected=estimate.records if estimate else None)


def estimated(obj: ContactsendConnection) -> tuple[Estimate | None, str]:
    """Or why it can't be made now."""
    try:
        with closing(connector_for(obj)) as connector:
            return connector.estimate(FIRST), ""
    except SyncError as error:
        return None, error.message
    except InvalidToken:
        return None, str(UNREADABLE)


def run_url(run: Run) -> str:
    return reverse("admin:core_run_change", args=[run.pk])
