"""Connectors register themselves as Django admin does: `@register(Model)` in the app's `connector.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.core.connector import Connector
    from integrations.core.models import Connection

T = TypeVar("T", bound="type[Connector]")
_connectors: dict[str, type[Connector]] = {}


def register(model: type[Connection]) -> Callable[[T], T]:
    """Make a connector known under its app's label, for connections of this model."""

    def remember(connector: T) -> T:
        connector.model = model
        _connectors[model._meta.app_label] = connector
        return connector

    return remember


def connector_class(name: str) -> type[Connector]:
    """The connector registered under `name`. Raises LookupError with what to do."""
    try:
        return _connectors[name]
    except KeyError:
        raise LookupError(f"No connector “{name}” is installed: its app is missing from INSTALLED_APPS.") from None


def job_label(connector: str, job: str) -> str:
    """What users call the job of a run; "" for a run without one, its bare name when its connector is gone."""
    try:
        return str(connector_class(connector).job_label(job))
    except LookupError:
        return job


def connector_for(connection: Connection) -> Connector:
    """The connector bound to this connection's own settings."""
    specific = connection.specific
    return connector_class(connection.connector)(specific)


def all_connectors() -> Iterator[tuple[str, type[Connector]]]:
    yield from sorted(_connectors.items())


def with_duty(duty: str) -> QuerySet[Connection]:
    """Connections that are switched on (also those that need attention: they go on) whose connector has this duty."""
    from integrations.core.models import Connection

    names = [name for name, connector in _connectors.items() if duty in connector.duties]
    running = (Connection.State.ENABLED, Connection.State.ATTENTION)
    return Connection.objects.filter(connector__in=names, state__in=running).order_by("name")
