"""What the shipped groups may do on the pages of the customer data platform, and what of these is in the sidebar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.admin.connection.sidebar import item, sidebar_group
from integrations.core.setup import MARKETING, SUPPORT, grant

SUPPORT_MAY = tuple(
    f"view_{name}"
    for name in ("person", "personevent", "audience", "attribute", "identifiertype", "property", "eventtype")
)
MARKETING_MAY = (
    *SUPPORT_MAY,
    *(
        f"{action}_{name}"
        for action in ("add", "change", "delete")
        for name in ("person", "audience", "attribute", "property")
    ),
    "add_identifiertype",
    "change_identifiertype",
    "add_personevent",
    "add_membership",
    "add_attributevalue",
)
grant(MARKETING, "cdp", MARKETING_MAY)
grant(SUPPORT, "cdp", SUPPORT_MAY)

# Title, icon, page, and the permissions one of which opens it.
PAGES = (
    (gettext_lazy("Persons"), "person_search", "person_changelist", ("view_person", "change_person")),
    (
        gettext_lazy("Import"),
        "upload_file",
        "person_import",
        ("add_person", "add_personevent", "add_membership", "add_attributevalue"),
    ),
    (gettext_lazy("Audiences"), "groups", "audience_changelist", ("view_audience", "change_audience")),
    (
        gettext_lazy("Calculated attributes"),
        "calculate",
        "attribute_changelist",
        ("view_attribute", "change_attribute"),
    ),
    (
        gettext_lazy("Person identifiers"),
        "badge",
        "identifiertype_changelist",
        ("view_identifiertype", "change_identifiertype"),
    ),
    (gettext_lazy("Properties"), "list_alt", "property_changelist", ("view_property", "change_property")),
    (gettext_lazy("Event types"), "bolt", "eventtype_changelist", ("view_eventtype",)),
)


@sidebar_group
def customer_data_platform(request: HttpRequest) -> dict[str, Any]:
    links = {page: reverse(f"admin:cdp_{page}") for _title, _icon, page, _permissions in PAGES}
    # The import stands below the list's address.
    here = max((link for link in links.values() if request.path.startswith(link)), key=len, default="")
    items = [
        item(str(title), icon, links[page], links[page] == here)
        for title, icon, page, permissions in PAGES
        if any(request.user.has_perm(f"cdp.{name}") for name in permissions)
    ]
    return {"title": _("Customer Data Platform"), "items": items}
