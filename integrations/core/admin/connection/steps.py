"""The steps of a settings page, each with an address of its own (`?step=basic`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.admin.log.sight import Sight
from integrations.core.models import Connection, Delivery, HookToken

STATE_LOOKS = {
    Connection.State.DRAFT: "info",
    Connection.State.ENABLED: "success",
    Connection.State.DISABLED: "default",
    Connection.State.ATTENTION: "danger",
}

SAVE = gettext_lazy("Save")


@dataclass(frozen=True)
class Step:
    """One step; without fieldsets it is a page of its own (the webhook's)."""

    name: str
    label: Any
    fieldsets: tuple[tuple[Any, dict[str, Any]], ...] = ()
    save_label: Any = SAVE


WEBHOOK = Step("webhook", gettext_lazy("Webhook URL"))


def with_progress(connections: QuerySet[Any]) -> QuerySet[Any]:
    """Adds what `what_next` looks at, so that a list needs no query a row."""
    annotated: QuerySet[Any] = connections.annotate(
        has_hook=Exists(HookToken.objects.filter(connection=OuterRef("pk"))),
        has_calls=Exists(Delivery.objects.filter(connection=OuterRef("pk"))),
    )
    return annotated


def what_next(connection: Any, secrets: list[str], sight: Sight, *, hooked: bool) -> str:
    """A sentence on what this connection waits for, as far as one may see it. `secrets` are the labels of those not
    entered yet."""
    state = connection.state
    if state == Connection.State.ATTENTION:
        return sight.sentence(connection.state_reason) or _("Press Test connection to see what is wrong.")
    if secrets and state != Connection.State.ENABLED:
        return _("Enter %(keys)s.") % {"keys": ", ".join(secrets)}
    if hooked and not connection.has_hook:
        return _("Create the webhook URL.")
    if state == Connection.State.DRAFT:
        return _("Test the connection, then enable the sync: both under More Actions.")
    if state == Connection.State.DISABLED:
        return _("Enable the sync when it should go on.")
    if hooked and not connection.has_calls:
        return _("Waiting for the first webhook call.")
    return _("Nothing to do.")
