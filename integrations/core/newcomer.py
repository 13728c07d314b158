"""What a new connection gets besides its settings: the default mapping, stamps for its secrets, a first version."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from integrations.core import catalog, versions
from integrations.core.fields import secret_names, stamp
from integrations.core.models import Connection, FieldMapping
from integrations.core.registry import connector_class, connector_for


def prefill_mapping(connection: Connection, user: User | AnonymousUser | None = None) -> None:
    """The rows of Edit Mapping as the connector's record types bring them."""
    rows = [
        FieldMapping(
            connection_id=connection.pk,
            record_type=record_type.name,
            source=row.source,
            target=row.target,
            default=row.default,
            enabled=row.enabled,
            is_key=row.is_key,
            position=position,
        )
        for record_type in connector_class(connection.connector).record_types
        for position, row in enumerate(record_type.mapping, 1)
    ]
    bulk_create_with_history(rows, FieldMapping, default_user=user)


def complete(connection: Connection, *, by: str) -> None:
    """Make a connection that code created like one that was clicked together; the vendor must be reachable.

    Raises SyncError when its fields can't be read.
    """
    now = timezone.now()
    set_secrets = [name for name in secret_names(type(connection)) if getattr(connection, name)]
    connection.secrets_set = dict.fromkeys(set_secrets, stamp(by, now))
    connection.save(update_fields=["secrets_set"])
    prefill_mapping(connection)
    connector = connector_for(connection)
    for record_type in connector.record_types:
        catalog.refresh(connector, record_type.name)
    connector.close()
    versions.record_version(connection)
