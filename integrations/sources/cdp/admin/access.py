"""The pages of the customer data platform in the sidebar."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core.admin.connection.sidebar import sidebar_group


@sidebar_group
def platform(request: HttpRequest) -> dict[str, Any]:
    """Activations join it."""
    return {"name": "cdp", "title": _("Customer Data Platform"), "items": []}
