"""What the card in the Apps Marketplace says besides the summary: which way data flows, and what to get beforehand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FLOW = _("Customer data platform → Heyloyalty")
NEEDS = (
    _("API key and API secret: in Heyloyalty, at the bottom of user menu (top right) › Account information."),
    _("The list: in Heyloyalty, open it under Lists and copy the number in the browser's address."),
    _("An e-mail address for error reports; which one is your own choice."),
    _("At least one audience or calculated attribute, here in the customer data platform."),
)
