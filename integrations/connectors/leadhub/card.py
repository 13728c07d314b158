"""What the card in the Apps Marketplace says besides the summary: which way data flows, and what to get beforehand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FLOW = _("Loyalty customers → LeadHub")
NEEDS = (
    _("The API key of your LeadHub account: LeadHub support gives it to you."),
    _(
        "If LeadHub is to mail new PINs: the setting Over Available Integration, here under Settings – Basic Settings "
        "– Emails, or customers get them twice."
    ),
)
