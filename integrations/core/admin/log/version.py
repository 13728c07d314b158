"""The settings and mapping that an event ran under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from integrations.core.admin.log.sight import Sight
from integrations.core.configuration import words
from integrations.core.models import Event
from integrations.core.redact import is_secret_name
from integrations.core.registry import connector_class


@dataclass(frozen=True)
class VersionView:
    number: int
    saved_at: Any
    behaviour: str
    settings: list[tuple[str, str]]
    mappings: list[dict[str, Any]]


def version_view(event: Event, sight: Sight) -> VersionView | None:
    """None when the event has not run yet, or ran before the first save."""
    version = event.version
    if version is None:
        return None
    stored = version.snapshot.get("settings", {})
    model = _model(event.connection.connector)
    shown = [
        (words.label_of(model, name), sight.sentence(words.value_in_words(model, name, value)))
        for name, value in stored.items()
        if not is_secret_name(name) and name != "secrets_set"
    ]
    mappings = [row for row in version.snapshot.get("mappings", []) if row.get("record_type") == event.record_type]
    name = f"{event.record_type}_behaviour"
    behaviour = words.value_in_words(model, name, stored[name]) if name in stored else ""
    return VersionView(version.number, version.created_at, behaviour, shown, mappings)


def version_url(request: HttpRequest, event: Event) -> str:
    """The version's own page; "" for those who may not see the connection's settings."""
    model = _model(event.connection.connector)
    page: Any = admin.site._registry.get(model) if event.version is not None else None
    if page is None or not page.has_view_or_change_permission(request):
        return ""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_version"
    return reverse(name, args=[event.connection_id, event.version.number])  # type: ignore[union-attr]


def _model(connector: str) -> Any:
    try:
        return connector_class(connector).model
    except LookupError:
        return None
