"""What the card in the Apps Marketplace says besides the summary: which way data flows, and what to get beforehand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FLOW = _("LeadSquared (source account) → LeadSquared (destination account)")
NEEDS = (
    _("You are an administrator of both LeadSquared accounts."),
    _("Of the destination account: Access Key, Secret Key and API address, under Settings › API and Webhooks."),
    _(
        "In the source account: the action Webhook in automations (Workflow › Automation). If it isn't offered there, "
        "ask LeadSquared to enable it."
    ),
)
