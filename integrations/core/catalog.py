"""The vendor's fields, kept as last read: mapping and conversion work without asking the vendor each time."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone

from integrations.core.connector import Connector, Field
from integrations.core.models import FieldCatalog


def refresh(connector: Connector, record_type: str) -> list[Field]:
    """Read the fields live and keep them. Raises SyncError when the vendor can't be asked."""
    fields = connector.describe(record_type)
    FieldCatalog.objects.update_or_create(
        connection_id=connector.connection.pk,
        record_type=record_type,
        defaults={"fields": [asdict(field) for field in fields], "fetched_at": timezone.now()},
    )
    return fields
