"""Saving a step: only what was changed, with its version, its history and the stamps of new secrets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import catalog, versions
from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.admin.connection.steps import Step
from integrations.core.admin.mapping.save import mark_search_keys, search_keys
from integrations.core.engine.wake import wake
from integrations.core.fields import stamp
from integrations.core.models import Connection, Link
from integrations.core.newcomer import prefill_mapping


class ConnectionSaving(ConnectionPages):
    """Part of ConnectionAdmin."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write only what this form changed: state, secrets and the other steps stay as they are by now."""
        obj._history_user = request.user
        if change and not Connection.objects.installed().select_for_update().filter(pk=obj.pk).exists():
            raise Http404  # Removed while this form was open: no key is saved any more.
        typed = form.typed_secrets()
        for name, value in typed.items():
            setattr(obj, name, value)
        if typed:
            by = stamp(request.user.get_username(), timezone.now())
            obj.secrets_set = {**obj.secrets_set, **dict.fromkeys(typed, by)}
        if not change:
            obj.connector = self.opts.app_label
            obj.save()
            prefill_mapping(obj, request.user)
            return
        columns = {field.name for field in self.opts.concrete_fields} & set(form.changed_data)
        columns |= {*typed, "secrets_set"} if typed else set()
        if columns:
            obj.save(update_fields=columns)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        obj = form.instance
        if set(form.changed_data) & {*form.secrets, *form.address_fields}:
            catalog.expire(obj)
        if form.written_to_before not in (None, obj.written_to()):
            # Another account: what was sent to the one before says nothing about this one.
            Link.objects.filter(connection_id=obj.pk).delete()
        self.settings_saved(request, obj)

    def settings_saved(self, request: HttpRequest, obj: Any) -> None:
        """Keep the version; a connection that stopped for its settings goes on."""
        for record_type, names in self.search_settings.items():
            for key in mark_search_keys(obj, record_type, search_keys(obj, names)):
                text = _("No row of Edit Mapping fills %(field)s, by which records are found: add one.")
                self.message_user(request, text % {"field": key}, messages.WARNING)
        versions.record_version(obj, request.user)  # type: ignore[arg-type]
        if Connection.objects.filter(pk=obj.pk, state=Connection.State.ATTENTION).exists():
            reason = _("Enabled again: %(user)s saved the settings.") % {"user": request.user.get_username()}
            obj.set_state(Connection.State.ENABLED, reason)
            self.log_change(request, obj, reason)
            wake(obj.pk)
            self.message_user(request, _("The sync goes on: what was waiting is sent now."), messages.SUCCESS)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._saved(request, obj, self.steps[0])

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return self._saved(request, obj, self.current_step(request, obj))

    def _saved(self, request: HttpRequest, obj: Any, step: Step) -> HttpResponseRedirect:
        self.message_user(request, _("%(step)s saved.") % {"step": step.label}, messages.SUCCESS)
        following = self.step_after(step) if "_next" in request.POST else None
        return redirect(self.step_url(obj, following or step))
