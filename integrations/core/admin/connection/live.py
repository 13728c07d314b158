"""Choices of a settings page that the vendor's account offers: read live, remembered shortly, never in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.utils.translation import gettext as _

from integrations.core import catalog
from integrations.core.connector import Connector, Field, Kind
from integrations.core.errors import SyncError
from integrations.core.forms import Live, missing_secrets
from integrations.core.models import Connection
from integrations.core.registry import connector_for

REMEMBERED_SECONDS = 300
AWAY_SECONDS = 20


@dataclass(frozen=True)
class Source:
    """Where choices are read, and the secrets that takes; None: all."""

    read: Callable[[Connector], Live]
    secrets: tuple[str, ...] | None = None


def unique_fields(record_type: str) -> Source:
    """The fields of a record type that identify a record."""
    return _fields(record_type, lambda field: field.unique)


def fields_of_kind(record_type: str, kind: Kind, secrets: tuple[str, ...] | None = None) -> Source:
    return _fields(record_type, lambda field: field.kind == kind, secrets)


def _fields(record_type: str, wanted: Callable[[Field], bool], secrets: tuple[str, ...] | None = None) -> Source:
    def read(connector: Connector) -> Live:
        known = catalog.current(connector, record_type)
        found = [field for field in known.fields.values() if wanted(field)]
        return Live([(field.name, named(field)) for field in found], known.problem)

    return Source(read, secrets)


def named(field: Field) -> str:
    return field.name if field.label == field.name else f"{field.label} ({field.name})"


def listed(method: str, secrets: tuple[str, ...] | None = None) -> Source:
    """What a method of the connector lists as (value, label): its users, its lists."""

    def read(connector: Connector) -> Live:
        name = f"live:{method}:{catalog.account_key(connector.connection)}"
        live: Live | None = cache.get(name)
        if live is None:
            live = _ask(lambda: getattr(connector, method)())
            cache.set(name, live, AWAY_SECONDS if live.problem else REMEMBERED_SECONDS)
        return live

    return Source(read, secrets)


def _ask(question: Callable[[], Iterable[tuple[str, str]]]) -> Live:
    try:
        return Live(list(question()))
    except SyncError as error:
        return Live(problem=error.message)
    except InvalidToken:
        return Live(problem=str(catalog.UNREADABLE))


def live_choices(connection: Connection, sources: Mapping[str, Source]) -> dict[str, Live]:
    """By field name. Without the keys it takes nothing is asked."""
    found: dict[str, Live] = {}
    for name, source in sources.items():
        if missing := missing_secrets(connection, source.secrets):
            text = _("First enter %(keys)s and save: then you can choose here from what the account has.")
            found[name] = Live(first=text % {"keys": ", ".join(missing)})
    asked = {name: source for name, source in sources.items() if name not in found}
    if asked:
        with closing(connector_for(connection)) as connector:
            found |= {name: source.read(connector) for name, source in asked.items()}
    return found
