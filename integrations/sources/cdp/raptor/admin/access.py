"""What the shipped groups may do on Raptor's pages, and which of these is in the sidebar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core.setup import MARKETING, SUPPORT, grant

SUPPORT_MAY = ("view_raptorcall", "view_raptorsettings")
MARKETING_MAY = (*SUPPORT_MAY, "change_raptorsettings", "change_raptor_address")
grant(MARKETING, "cdp", MARKETING_MAY)
grant(SUPPORT, "cdp", SUPPORT_MAY)

# Title, icon, page, and the permissions one of which opens it.
PAGE = (_("Raptor"), "webhook", "raptorsettings_changelist", ("view_raptorsettings", "change_raptorsettings"))
