"""What saving an activation does: fields on the list, a sync, and what becomes of the fields of what is detached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty import sync
from integrations.connectors.heyloyalty.activation_form import EMPTY, LABEL, ActivationForm, question_of
from integrations.connectors.heyloyalty.attached import attach, ensure, removed_label
from integrations.connectors.heyloyalty.attached_history import attached_changes
from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation
from integrations.connectors.heyloyalty.list_question import answer
from integrations.connectors.heyloyalty.listen import queue_labels
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.unsubscriptions import UNSUBSCRIPTION
from integrations.core.admin.connection import history
from integrations.core.admin.connection.actions import RUN, ConnectionActions, cannot_enable
from integrations.core.admin.connection.steps import Step
from integrations.core.errors import ConfigurationError, SyncError
from integrations.core.models import Connection, Link, Run

State = AttachedField.State
# Changed, they mean another list, or other members of it.
ELSEWHERE = {"list_id", "identifier_type", "api_address"}
_NOTHING_ATTACHED = gettext_lazy(
    "Saved. The activation is not switched on, as nothing is selected yet: select an audience or a calculated "
    "attribute, press Apply, then Save."
)
_NOT_SWITCHED_ON = gettext_lazy("Saved, but the activation is not switched on. %(why)s Then save this step again.")


class ActivationPages(ConnectionActions):
    """Part of ActivationAdmin."""

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_list"
        return [path("<int:pk>/list/", self.admin_site.admin_view(self.list_view), name=name), *super().get_urls()]

    def frame(self, request: HttpRequest, obj: Any, current: Step | None) -> dict[str, Any]:
        frame = super().frame(request, obj, current)
        if frame["connection"] and obj.state == Connection.State.DRAFT:
            frame["what_next"] = _(
                "Go through the steps. Saving “Audiences and calculated attributes” switches the activation on."
            )
        return frame

    def all_changes(self, obj: Any) -> Iterator[history.Change]:
        yield from super().all_changes(obj)
        yield from attached_changes(obj)

    def list_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The name of the list that is typed in the form, asked for with the keys that are typed or saved there."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.connection_or_404(request, pk, change=True)
        return render(request, "admin/heyloyalty/list_answer.html", {"answer": answer(obj, request.POST)})

    def save_related(self, request: HttpRequest, form: ActivationForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        obj = form.instance
        if change and ELSEWHERE & set(form.changed_data):
            # Notes on who unsubscribed name their list, and stay.
            Link.objects.filter(connection_id=obj.pk).exclude(record_type=UNSUBSCRIPTION).delete()
            AttachedField.objects.filter(connection_id=obj.pk).update(ready_at=None, problem="")
            # Heyloyalty is written to: no transaction waits for that.
            transaction.on_commit(lambda: self.sync_if_enabled(request, obj))
        if form.attaches:
            self._detach(request, form)
            attach(obj, form.subjects())
            self._activate_or_sync(request, obj)

    def switched_on(self, request: HttpRequest, obj: Any) -> None:
        """What changed while it was off is brought up to date."""
        self.sync_if_enabled(request, obj)

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
        """The first time the last step is saved the activation is switched on when the list has its fields."""
        obj.refresh_from_db(fields=["state"])
        if obj.state != Connection.State.DRAFT:
            self.sync_if_enabled(request, obj)
        elif not obj.attached.filter(state=State.ATTACHED).exists():
            self.message_user(request, _NOTHING_ATTACHED, messages.WARNING)
        elif request.user.has_perm(RUN) and self._make_fields(request, obj, _NOT_SWITCHED_ON):
            self._switch(request, obj, Connection.State.ENABLED, _("Activated by %(user)s"))
            self.message_user(request, _("The activation is up and running."), messages.SUCCESS)
            self._sync(request, obj)

    def sync_if_enabled(self, request: HttpRequest, obj: Any) -> None:
        """While Heyloyalty doesn't answer the sync waits, and makes the fields itself."""
        obj.refresh_from_db(fields=["state"])
        if obj.state == Connection.State.ENABLED:
            self._make_fields(request, obj, "%(why)s")
            self._sync(request, obj)

    def _make_fields(self, request: HttpRequest, obj: ActivationConnection, failed: Any) -> bool:
        """Say which fields can't be had; False when none can, for a reason that concerns all of them."""
        try:
            if problem := cannot_enable(obj):
                raise ConfigurationError(problem)
            with closing(HeyloyaltyActivation(obj)) as connector:
                refused = ensure(connector, timezone.now())
        except SyncError as error:
            self.message_user(request, str(failed) % {"why": error.message}, messages.ERROR)
            return False
        for row in refused:
            self.message_user(request, f"“{row}”: {row.problem}", messages.ERROR)
        return True

    def _sync(self, request: HttpRequest, obj: ActivationConnection) -> None:
        user: Any = request.user
        run = sync.start(obj, user) or Run.objects.filter(connection_id=obj.pk, job=sync.SYNC).latest("pk")
        link = format_html('<a href="{}">{}</a>', reverse("admin:core_run_change", args=[run.pk]), run)
        text = format_html(_("All persons are synced now; {} shows how far it is."), link)
        self.message_user(request, text, messages.SUCCESS)
