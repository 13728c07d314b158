"""What saving an activation does: fields on the list, a sync, and what becomes of the fields of what is detached."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty import sync
from integrations.connectors.heyloyalty.activation_form import EMPTY, LABEL, ActivationForm, question_of
from integrations.connectors.heyloyalty.attached import attach, ensure, removed_label
from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation
from integrations.connectors.heyloyalty.list_question import answer
from integrations.connectors.heyloyalty.listen import queue_labels
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core.admin.connection.actions import RUN, ConnectionActions, run_check
from integrations.core.errors import SyncError
from integrations.core.models import Connection, Link, Run

State = AttachedField.State
# Changed, they mean another list, or other members of it.
ELSEWHERE = {"list_id", "identifier_type", "api_address"}


class ActivationPages(ConnectionActions):
    """Part of ActivationAdmin."""

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_list"
        return [path("<int:pk>/list/", self.admin_site.admin_view(self.list_view), name=name), *super().get_urls()]

    def list_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The name of the list that is typed in the form, asked for with the keys that are typed or saved there."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.connection_or_404(request, pk, change=True)
        return render(request, "admin/heyloyalty/list_answer.html", {"answer": answer(obj, request.POST)})

    def save_related(self, request: HttpRequest, form: ActivationForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        obj = form.instance
        if change and ELSEWHERE & set(form.changed_data):
            Link.objects.filter(connection_id=obj.pk).delete()
            AttachedField.objects.filter(connection_id=obj.pk).update(ready_at=None, problem="")
            self._sync_if_enabled(request, obj)
        if form.attaches:
            self._detach(request, form)
            attach(obj, form.subjects())
            self._activate_or_sync(request, obj)

    def _enable(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """What changed while it was off is brought up to date."""
        back = super()._enable(request, obj)
        self._sync_if_enabled(request, obj)
        return back

    # -- detaching --------------------------------------------------------------------------------

    def _detach(self, request: HttpRequest, form: ActivationForm) -> None:
        labelled = []
        for row in form.detaching:
            chosen = form.cleaned_data[question_of(row)]
            row.state = State.REMOVED if chosen == LABEL else State.DETACHED
            row.label = removed_label(row) if chosen == LABEL else row.label
            row.save(update_fields=["state", "label"])
            if chosen == LABEL:
                labelled.append(row)
            if chosen == EMPTY and row.ready_at:
                sync.start_emptying(form.instance, row, request.user)  # type: ignore[arg-type]
        queue_labels(labelled)

    # -- after saving -----------------------------------------------------------------------------

    def _activate_or_sync(self, request: HttpRequest, obj: Any) -> None:
        """The first time the last step is saved the connection is tried, and switched on when all is well."""
        obj.refresh_from_db(fields=["state"])
        if obj.state == Connection.State.DRAFT and request.user.has_perm(RUN):
            [*_passed, last] = run_check(obj)
            if not last.ok:
                text = _("Saved, but the activation could not be switched on. %(why)s Then save this step again.")
                self.message_user(request, text % {"why": last.detail}, messages.ERROR)
                return
            self._switch(request, obj, Connection.State.ENABLED, _("Activated by %(user)s"))
            self.message_user(request, _("The activation is up and running."), messages.SUCCESS)
        self._sync_if_enabled(request, obj)

    def _sync_if_enabled(self, request: HttpRequest, obj: Any) -> None:
        obj.refresh_from_db(fields=["state"])
        if obj.state != Connection.State.ENABLED:
            return
        for row in self._make_fields(request, obj):
            self.message_user(request, f"“{row}”: {row.problem}", messages.ERROR)
        user: Any = request.user
        run = sync.start(obj, user) or Run.objects.filter(connection_id=obj.pk, job=sync.SYNC).latest("pk")
        text = _("All persons are synced now: %(link)s shows how far it is.")
        link = format_html('<a href="{}">{}</a>', reverse("admin:core_run_change", args=[run.pk]), run)
        self.message_user(request, format_html(text.replace("%(link)s", "{}"), link), messages.SUCCESS)

    def _make_fields(self, request: HttpRequest, obj: ActivationConnection) -> list[AttachedField]:
        """Those that can't be had. While Heyloyalty doesn't answer the sync waits, and makes them itself."""
        try:
            with closing(HeyloyaltyActivation(obj)) as connector:
                return ensure(connector, timezone.now())
        except SyncError as error:
            self.message_user(request, error.message, messages.ERROR)
            return []
