"""Fields that aren't filled, on the first page of whoever has access to their activation."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.connectors.heyloyalty.models import AttachedField
from integrations.core.models import Connection
from integrations.core.notices import Notice, notice


@notice
def unfilled_fields(request: HttpRequest) -> Iterator[Notice]:
    mine = Connection.objects.visible_to(request.user).exclude(state__in=Connection.OFF).values("pk")
    rows = AttachedField.objects.filter(connection__in=mine, state=AttachedField.State.ATTACHED).exclude(problem="")
    for row in rows.only("label", "problem", "connection_id", "connection__name").select_related("connection"):
        url = reverse("admin:heyloyalty_activationconnection_change", args=[row.connection_id])
        words = {"activation": row.connection.name, "field": row.label, "problem": row.problem}
        yield Notice(_("%(activation)s: “%(field)s” is not filled. %(problem)s") % words, f"{url}?step=attach")
