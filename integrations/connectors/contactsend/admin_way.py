"""The way that is shown in place of a refusal, and its button: disable the source right there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from integrations.connectors.contactsend.changes import saved, way
from integrations.connectors.contactsend.edit_rules import MAKE, SWITCH_ON, Change, WayStep
from integrations.core.admin.connection.actions import RUN
from integrations.core.admin.connection.main import ConnectionAdmin
from integrations.core.models import Connection

# What a version or a file of settings may change beside the form's own fields.
PARTS = {"mapping": Change.MAPPING, "subscriptions": Change.SUBSCRIPTIONS}
AFTERWARDS = (MAKE, SWITCH_ON)


class WayPages(ConnectionAdmin):
    """Part of ContactsendAdmin."""

    def way_html(self, request: HttpRequest, steps: Sequence[WayStep], form_id: str) -> str:
        """With the button for those who may disable it, while it isn't. "" without steps."""
        if not steps:
            return ""
        number = next((place for place, step in enumerate(steps, 1) if not step.done), 0)
        can_disable = request.user.has_perm(RUN) and not steps[0].done and not steps[0].detail
        context = {"way": steps, "now": number, "form_id": form_id, "can_disable": can_disable}
        return render_to_string("admin/contactsend/way.html", context)

    def disable_if_asked(self, request: HttpRequest, pk: int) -> None:
        """The button of the way was pressed. It saves nothing else."""
        if request.method != "POST" or "_disable" not in request.POST:
            return
        obj = self.connection_or_404(request, pk, change=True)
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        if obj.state not in Connection.OFF:
            self._switch(request, obj, Connection.State.DISABLED, _("Disabled by %(user)s"))

    def held_back(self, obj: Any, form: Any, changed: Collection[str]) -> list[str]:
        rows = {PARTS[name] for name in changed if name in PARTS}
        steps = [*form.way, *way(rows, saved(obj))]
        texts = [f"{step.text} ({step.detail})" if step.detail else step.text for step in steps if not step.done]
        before = [text for text in dict.fromkeys(texts) if text not in AFTERWARDS]
        return [_("First: %(steps)s.") % {"steps": ", ".join(before)}] if before else []

    def mapping_view(self, request: HttpRequest, pk: int, record_type: str) -> HttpResponse:
        self.disable_if_asked(request, pk)
        return super().mapping_view(request, pk, record_type)

    def mapping_hindrance(self, request: HttpRequest, obj: Any) -> str:
        if steps := way({Change.MAPPING}, saved(obj)):
            return self.way_html(request, steps, "mapping-form")
        if "_disable" in request.POST:
            return render_to_string("admin/contactsend/only_disabled.html")
        return ""
