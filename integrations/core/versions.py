"""Settings versions: what a connection's settings and mapping were when an event ran."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from integrations.core.fields import SecretField
from integrations.core.mapping import digest
from integrations.core.models import Connection, FieldMapping, SettingsVersion

# Columns that are the engine's, not a setting.
NOT_SETTINGS = {"id", "connection_ptr", "connector", "state", "state_reason", "state_since", "created_at"}
MAPPING_COLUMNS = ("record_type", "source", "target", "default", "enabled", "is_key", "position")


def snapshot(connection: Connection) -> dict[str, Any]:
    """Settings by column and mapping rows, without secrets (of those only when they were set and by whom)."""
    specific = connection.specific
    settings = {
        field.name: field.value_from_object(specific)
        for field in specific._meta.concrete_fields
        if field.name not in NOT_SETTINGS and not isinstance(field, SecretField | models.AutoField)
    }
    settings["access_roles"] = sorted(specific.access_roles.values_list("name", flat=True))
    mappings = FieldMapping.objects.filter(connection_id=connection.pk).values(*MAPPING_COLUMNS)
    return {"settings": settings, "mappings": list(mappings)}


def record_version(connection: Connection, user: User | None = None) -> SettingsVersion:
    """Keep today's settings as a new version, unless they are those of the latest."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        now = json.loads(json.dumps(snapshot(connection), cls=DjangoJSONEncoder))
        latest = SettingsVersion.objects.filter(connection_id=connection.pk).first()
        if latest is not None and digest(latest.snapshot) == digest(now):
            return latest
        return SettingsVersion.objects.create(
            connection_id=connection.pk,
            number=latest.number + 1 if latest else 1,
            snapshot=now,
            created_by=user,
        )


def current_version(connection: Connection) -> int | None:
    """The id of the version in force; None before the first save."""
    versions = SettingsVersion.objects.filter(connection_id=connection.pk)
    return versions.values_list("pk", flat=True).first()
