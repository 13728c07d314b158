"""What the card in the Apps Marketplace says besides the summary: which way data flows, and what to get beforehand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FLOW = _("Contacthub ↔ Contactsend")
NEEDS = (
    _("The workspace: in Contacthub, its id stands in the address of its pages."),
    _("A token that may read and write the node: in Contacthub, under Manage sources › your source › Token."),
    _("userKey and apiKey of Contactsend: Contactlab gives you both."),
    _(
        "At least one Contactsend database, and its userdb ID. Node and userdb belong to one source only: one source: "
        "one node: one userdb."
    ),
    _("Contactsend lets this portal in: have Contactlab allow the address that the portal calls from."),
    _("For newsletters: the Webform Code of each subscription system, in Contactsend."),
)
