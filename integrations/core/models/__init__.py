from integrations.core.models.access import UserField, UserFieldValue
from integrations.core.models.alert import Alert
from integrations.core.models.api_token import ApiToken
from integrations.core.models.connection import Connection, FieldCatalog, FieldMapping, SettingsVersion
from integrations.core.models.counts import FailureGroup, HourCount
from integrations.core.models.engine import Clock, Cursor, Lease, Pulse
from integrations.core.models.erasure import Erasure
from integrations.core.models.imports import Import, ImportFile
from integrations.core.models.intake import Delivery, HookToken
from integrations.core.models.journal import Attempt, Event, EventPayload, Exchange, Link, Run
from integrations.core.models.preferences import Preferences

__all__ = [
    "Alert",
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
    "FailureGroup",
    "FieldCatalog",
    "FieldMapping",
    "HookToken",
    "HourCount",
    "Import",
    "ImportFile",
    "Lease",
    "Link",
    "Preferences",
    "Pulse",
    "Run",
    "SettingsVersion",
    "UserField",
    "UserFieldValue",
]
