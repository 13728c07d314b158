"""What the shipped groups may do on Raptor's pages, and which of these is in the sidebar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from integrations.core.admin.connection.sidebar import item, sidebar_group
from integrations.core.setup import MARKETING, SUPPORT, grant

SUPPORT_MAY = ("view_raptorcall", "view_raptorsettings")
MARKETING_MAY = (*SUPPORT_MAY, "change_raptorsettings", "change_raptor_address")
grant(MARKETING, "cdp", MARKETING_MAY)
grant(SUPPORT, "cdp", SUPPORT_MAY)

# Title, icon, page, and the permissions one of which opens it.
PAGE = (_("Raptor"), "webhook", "raptorsettings_changelist", ("view_raptorsettings", "change_raptorsettings"))


@sidebar_group
def raptor(request: HttpRequest) -> dict[str, Any]:
    title, icon, page, permissions = PAGE
    link = reverse(f"admin:cdp_{page}")
    mine = any(request.user.has_perm(f"cdp.{name}") for name in permissions)
    items = [item(str(title), icon, link, request.path.startswith(link))] if mine else []
    return {"title": _("Customer Data Platform"), "items": items}
