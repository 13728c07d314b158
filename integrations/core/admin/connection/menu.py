"""The ••• menu of each connection on its list: what can be done with it without opening its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import display
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy

from integrations.core.admin.connection.actions import ConnectionActions


class ConnectionMenu(ConnectionActions):
    """Part of ConnectionAdmin."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*super().get_list_display(request), self._menu_of(request))

    def _menu_of(self, request: HttpRequest) -> Callable[[Any], str]:
        """A column that knows who looks at it. What is listed is theirs: no query a row."""
        may_delete = self.has_delete_permission(request)

        @display(description=gettext_lazy("Actions"))
        def menu(obj: Any) -> str:
            context = {
                "connection": obj,
                "links": self.menu_links(request, obj),
                "verbs": self.verbs(request, obj),
                "logs_url": f"{reverse('admin:core_event_changelist')}?connection={obj.pk}",
                "delete_url": self.page_url("delete", obj) if may_delete else "",
            }
            return render_to_string("admin/core/connection/menu.html", context)

        return menu
