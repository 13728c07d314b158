"""What the card in the Apps Marketplace says besides the summary: which way data flows, and what to get beforehand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FLOW = _("FlexPOS → Heyloyalty")
NEEDS = (
    _("API url, Client_id and Client_secret: your consultant at FlexPOS, or FlexPOS support, gives them to you."),
    _("API key and API secret: in Heyloyalty, at the bottom of user menu (top right) › Account information."),
    _(
        "A list in Heyloyalty with the tracking integration (Integrations › Tracking), and the Tracking ID that stands "
        "there. A list of its own keeps the history of others clean; the account needs a Premium or Premium+ licence."
    ),
    _("If you sell tickets or memberships: url, id and secret of the Attraction API, also from FlexPOS."),
)
