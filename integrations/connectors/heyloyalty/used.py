"""Which activations use an audience or a calculated attribute: what its own page shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.attached import removed_label
from integrations.connectors.heyloyalty.models import AttachedField
from integrations.core.models import Connection
from integrations.sources.cdp import uses
from integrations.sources.cdp.uses import Use


@uses.register
def activations(kind: str, definition_id: int, user: Any) -> Iterator[Use]:
    """Also those this user has no access to: deleting concerns them, too. Their names stay theirs."""
    attached = AttachedField.objects.filter(**{f"{kind}_id": definition_id}, state=AttachedField.State.ATTACHED)
    visible = Connection.objects.visible_to(user).installed().filter(pk__in=attached.values("connection_id"))
    names = dict(visible.values_list("pk", "name"))
    for row in attached:
        name = names.get(row.connection_id)
        url = reverse("admin:heyloyalty_activationconnection_change", args=[row.connection_id])
        yield Use(
            name=name or _("An activation you have no access to"),
            url=f"{url}?step=attach" if name else "",
            when_deleted=_("Its field in Heyloyalty gets the label “%(label)s”, and nothing is sent to it any more.")
            % {"label": removed_label(row)},
        )
