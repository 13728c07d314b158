"""Connector Access: who may use a connection. Core adds this step to every settings page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.core.admin.connection.history import SHOWN, Change, ConnectionHistory, change_of
from integrations.core.admin.connection.steps import Step
from integrations.core.models import UserFieldValue
from integrations.core.models.access import AccessBy

ACCESS = Step(
    "access",
    gettext_lazy("Connector Access"),
    (
        (
            None,
            {
                "fields": ("access_by", "access_roles", "access_field"),
                "description": gettext_lazy(
                    "Only users who are given access here can see and use this connection and its logs. What they may "
                    "do with it follows from their permissions."
                ),
            },
        ),
    ),
    save_label=gettext_lazy("Save Details"),
)


class ConnectionAccess(ConnectionHistory):
    """Part of ConnectionAdmin."""

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.steps = (*self.steps, ACCESS)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "access_roles":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        # Not in Django's wrapper with its links to add a role: on pages with conditional fields unfold takes wrapped
        # boxes for one value, so that the browser ticks or clears all of them at once.
        made = db_field.formfield(widget=UnfoldAdminCheckboxSelectMultipleWidget, **kwargs)
        made.queryset = Group.objects.order_by("name")
        return made

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whoever adds a connection has access to it, and so have those of the same roles, until somebody says
        otherwise."""
        if not change:
            form.instance.access_roles.set(request.user.groups.all())
        super().save_related(request, form, formsets, change)

    def all_changes(self, obj: Any) -> Iterator[Change]:
        yield from super().all_changes(obj)
        if obj.access_by == AccessBy.USER_FIELD and obj.access_field_id:
            yield from value_changes(obj.access_field)


def value_changes(field: Any) -> Iterator[Change]:
    """Who got or lost access by the field that decides it now."""
    rows = UserFieldValue.history.filter(field_id=field.pk).select_related("history_user", "user")[:SHOWN]
    for row in rows:
        change = change_of(row, "")
        user = row.user.get_username() if row.user else _("a user who was deleted")
        change.what = _("Connector Access of %(user)s") % {"user": user}
        yes, no = _("Yes"), _("No")
        change.changes.append((field.name, no, yes) if row.history_type == "+" else (field.name, yes, no))
        yield change
