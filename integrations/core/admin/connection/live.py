"""Choices of a settings page that the vendor's account offers: read live, remembered shortly, never in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing

from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.utils.translation import gettext as _

from integrations.core import catalog
from integrations.core.connector import Connector
from integrations.core.errors import SyncError
from integrations.core.forms import Live, missing_secrets
from integrations.core.models import Connection
from integrations.core.registry import connector_for

Source = Callable[[Connector], Live]

REMEMBERED_SECONDS = 300
AWAY_SECONDS = 20


def unique_fields(record_type: str) -> Source:
    """The fields of a record type that identify a record."""

    def read(connector: Connector) -> Live:
        known = catalog.current(connector, record_type)
        unique = [field for field in known.fields.values() if field.unique]
        return Live([(field.name, f"{field.label} ({field.name})") for field in unique], known.problem)

    return read


def listed(method: str) -> Source:
    """What a method of the connector lists as (value, label): its users, its lists."""

    def read(connector: Connector) -> Live:
        name = f"live:{method}:{catalog.account_key(connector.connection)}"
        live: Live | None = cache.get(name)
        if live is None:
            live = _ask(lambda: getattr(connector, method)())
            cache.set(name, live, AWAY_SECONDS if live.problem else REMEMBERED_SECONDS)
        return live

    return read


def _ask(question: Callable[[], Iterable[tuple[str, str]]]) -> Live:
    try:
        return Live(list(question()))
    except SyncError as error:
        return Live(problem=error.message)
    except InvalidToken:
        return Live(problem=str(catalog.UNREADABLE))


def live_choices(connection: Connection, sources: Mapping[str, Source]) -> dict[str, Live]:
    """By field name. Without keys nothing is asked."""
    if not sources:
        return {}
    if missing := missing_secrets(connection):
        problem = _("First enter %(keys)s.") % {"keys": ", ".join(missing)}
        return {name: Live(problem=problem) for name in sources}
    with closing(connector_for(connection)) as connector:
        return {name: read(connector) for name, read in sources.items()}
