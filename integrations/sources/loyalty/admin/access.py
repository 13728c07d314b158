"""What the shipped groups may do on the loyalty pages, and what of these stands in the sidebar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.admin.connection.sidebar import item, sidebar_group
from integrations.core.setup import MARKETING, SUPPORT, grant

# Nobody sees PINs unless an administrator says so.
SUPPORT_MAY = ("view_customer", "view_movement", "view_pinmail")
MARKETING_MAY = (
    *SUPPORT_MAY,
    "add_customer",
    "change_customer",
    "delete_customer",
    "add_movement",
    "view_loyaltysettings",
    "change_loyaltysettings",
    "change_pinmail",
    "view_webhookcall",
    "change_ellity_address",
)
grant(MARKETING, "loyalty", MARKETING_MAY)
grant(SUPPORT, "loyalty", SUPPORT_MAY)

# Title, icon, page, and the permissions one of which opens it.
PAGES = (
    (gettext_lazy("Customer List"), "group", "customer_changelist", ("view_customer", "change_customer")),
    (gettext_lazy("Import"), "upload_file", "customer_import", ("add_customer", "add_movement")),
    (gettext_lazy("PIN mails"), "mail", "pinmail_changelist", ("view_pinmail", "change_pinmail")),
    (gettext_lazy("Ellity"), "webhook", "webhookcall_changelist", ("view_webhookcall",)),
    (
        gettext_lazy("Basic Settings"),
        "settings",
        "loyaltysettings_changelist",
        ("view_loyaltysettings", "change_loyaltysettings"),
    ),
)


@sidebar_group
def loyalty(request: HttpRequest) -> dict[str, Any]:
    links = {page: reverse(f"admin:loyalty_{page}") for _title, _icon, page, _permissions in PAGES}
    # The import stands below the list's address.
    here = max((link for link in links.values() if request.path.startswith(link)), key=len, default="")
    items = [
        item(str(title), icon, links[page], links[page] == here)
        for title, icon, page, permissions in PAGES
        if any(request.user.has_perm(f"loyalty.{name}") for name in permissions)
    ]
    return {"title": _("Loyalty"), "items": items}
