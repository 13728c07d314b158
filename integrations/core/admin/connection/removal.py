"""Remove Configuration: asks first; the log stays."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.engine import removal


class ConnectionRemoval(ConnectionPages):
    """Part of ConnectionAdmin."""

    delete_confirmation_template = "admin/core/connection/delete.html"

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Nothing is deleted that a page would have to list."""
        return [], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        removal.remove(obj, request.user)  # type: ignore[arg-type]

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        log = f"{reverse('admin:core_event_changelist')}?connection={obj_id}"
        text = _("“%(name)s” is removed. Its log stays:") % {"name": obj_display}
        messages.success(request, format_html('{} <a href="{}">{}</a>', text, log, _("View Logs")))
        return redirect("admin:core_connection_changelist")
