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
from integrations.core.references import name_of, names_of

# Columns that are the engine's, not a setting.
NOT_SETTINGS = {"id", "connection_ptr", "connector", "state", "state_reason", "state_since", "created_at"}
MAPPING_COLUMNS = ("record_type", "source", "target", "default", "enabled", "is_key", "position")


def snapshot(connection: Connection) -> dict[str, Any]:
    """Settings by column, mapping rows and the rows of its parts as JSON has them, without secrets (of those only when
    they were set and by whom). Other rows – roles, say – stand in it by name."""
    specific = connection.specific
    settings = {
        field.name: _value(specific, field)
        for field in (*specific._meta.concrete_fields, *specific._meta.many_to_many)
        if field.name not in NOT_SETTINGS and not isinstance(field, SecretField | models.AutoField)
    }
    mappings = FieldMapping.objects.filter(connection_id=connection.pk).values(*MAPPING_COLUMNS)
    found = {"settings": settings, "mappings": list(mappings)}
    if parts := specific.parts():
        found["parts"] = parts
    as_json: dict[str, Any] = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return as_json


def _value(connection: Connection, field: Any) -> Any:
    if field.many_to_many:
        return names_of(getattr(connection, field.name).all())
    if field.is_relation:
        row = getattr(connection, field.name)
        return None if row is None else name_of(row)
    return field.value_from_object(connection)


def record_version(connection: Connection, user: User | None = None) -> SettingsVersion:
    """Keep today's settings as a new version, unless they are those of the latest."""
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        now = snapshot(connection)
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
