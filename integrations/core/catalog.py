"""The vendor's fields as last read from the account: read live when they are old, kept when the vendor is away."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from integrations.core.connector import Connector, Field
from integrations.core.errors import SyncError
from integrations.core.mapping import digest
from integrations.core.models import Connection, FieldCatalog, FieldMapping
from integrations.core.models.engine import EPOCH

MAX_AGE = datetime.timedelta(hours=1)
# A vendor that is away is not asked again by every page view.
AWAY_SECONDS = 20
UNREADABLE = _(
    "The saved keys can't be decrypted: FERNET_KEYS of this installation changed. Enter them again, or ask your "
    "operator to put the old key back."
)


@dataclass(frozen=True)
class Catalog:
    """Fields by name; `problem` says why they could not be read now (they may be older ones, or none)."""

    fields: Mapping[str, Field]
    problem: str = ""


def refresh(connector: Connector, record_type: str) -> list[Field]:
    """Read the fields of a record type live and keep them. Raises SyncError."""
    fields = read(connector, record_type)
    keep(connector.connection.pk, record_type, fields)
    connector.forget_fields(record_type)
    return fields


def read(connector: Connector, record_type: str) -> list[Field]:
    """From the vendor. The labels are kept for everybody: in the portal's language. What goes wrong is said in the
    language of who asks, for which the vendor is asked again. Raises SyncError."""
    try:
        return _in_portals_language(connector, record_type)
    except SyncError:
        if translation.get_language() == settings.LANGUAGE_CODE:
            raise
    connector.describe(record_type)
    return _in_portals_language(connector, record_type)


def _in_portals_language(connector: Connector, record_type: str) -> list[Field]:
    with translation.override(settings.LANGUAGE_CODE):
        return connector.describe(record_type)


def keep(connection_id: int, record_type: str, fields: Sequence[Field]) -> None:
    _row, first = FieldCatalog.objects.update_or_create(
        connection_id=connection_id,
        record_type=record_type,
        defaults={"fields": [asdict(field) for field in fields], "fetched_at": timezone.now()},
    )
    if first:
        _switch_off_unknown(connection_id, record_type, {field.name for field in fields})


def _switch_off_unknown(connection_id: int, record_type: str, known: set[str]) -> None:
    """Default rows for fields this account doesn't have: on, they would have every record refused."""
    for row in FieldMapping.objects.filter(connection_id=connection_id, record_type=record_type, enabled=True):
        if row.target not in known:
            row.enabled = False
            row.save()


def current(connector: Connector, record_type: str, *, now: bool = False) -> Catalog:
    """The fields as kept, read live first when they are older than MAX_AGE (or `now` says so)."""
    connection = connector.connection
    away = f"catalog-away:{account_key(connection)}:{record_type}:{translation.get_language()}"
    problem = "" if now else cache.get(away, "")
    if not problem and (now or not _fresh(connection.pk, record_type)):
        problem = _try_refresh(connector, record_type)
        cache.set(away, problem, AWAY_SECONDS)
    return Catalog(connector.fields(record_type), problem)


def expire(connection: Connection) -> None:
    """Another account or other keys: read the fields again at the next occasion, keep these until then."""
    FieldCatalog.objects.filter(connection_id=connection.pk).update(fetched_at=EPOCH)


def account_key(connection: Connection) -> str:
    """A name for the account a connection's settings lead to; changes with its address and keys. Holds no secret."""
    whose = [connection.pk, connection.destinations(), connection.written_to(), connection.secrets_set]
    return digest(whose)


def _fresh(connection_id: int, record_type: str) -> bool:
    rows = FieldCatalog.objects.filter(connection_id=connection_id, record_type=record_type)
    return rows.filter(fetched_at__gte=timezone.now() - MAX_AGE).exists()


def _try_refresh(connector: Connector, record_type: str) -> str:
    try:
        refresh(connector, record_type)
    except SyncError as error:
        return error.message
    except InvalidToken:
        return str(UNREADABLE)
    return ""
