"""What goes for a record: the settings, or for one of an initial import that import's own choices. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.connectors.flexpos.initial_import import MARK
from integrations.connectors.flexpos.models import FlexPOSConnection


@dataclass(frozen=True)
class Choices:
    """Whether the unsubscribed are created again, an opt-in message is sent, and automations are."""

    unsubscribed: bool
    opt_in: bool
    automations: bool


def choices(connection: FlexPOSConnection, payload: Mapping[str, Any]) -> Choices:
    own = payload.get(MARK) or {}
    return Choices(
        unsubscribed=own.get("unsubscribed", connection.reimport_unsubscribed),
        opt_in=own.get("opt_in", False),
        automations=own.get("automations", connection.send_automations),
    )
