from integrations.core.models.api_token import ApiToken
from integrations.core.models.connection import Connection, FieldCatalog, FieldMapping, SettingsVersion
from integrations.core.models.engine import Clock, Cursor, Lease, Pulse
from integrations.core.models.erasure import Erasure
from integrations.core.models.intake import Delivery, HookToken
from integrations.core.models.journal import Attempt, Event, EventPayload, Exchange, Link, Run

__all__ = [
    "ApiToken",
    "Attempt",
    "Clock",
    "Connection",
    "Cursor",
    "Delivery",
    "Erasure",
    "Event",
    "EventPayload",
    "Exchange",
    "FieldCatalog",
    "FieldMapping",
    "HookToken",
    "Lease",
    "Link",
    "Pulse",
    "Run",
    "SettingsVersion",
]
