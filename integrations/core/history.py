"""History of settings pages: what changed, when and by whom, without secrets and without what the engine writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from simple_history.models import HistoricalRecords

from integrations.core.models.connection import Connection

# Written by the engine, or fixed: no setting of anybody's.
NOT_SETTINGS = ("connector", "state", "state_reason", "state_since")


class SettingsHistory(HistoricalRecords):  # type: ignore[misc]
    """The history of one connector's settings page, its Connector Access included; `secrets` are left out."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(excluded_fields=[*secrets, *NOT_SETTINGS], m2m_fields=[Connection.access_roles.field])
        # simple-history has one dictionary for all histories; with the same field in two of them the last one wins.
        self.m2m_models: dict[Any, Any] = {}

    def m2m_changed(self, instance: Any, **kwargs: Any) -> None:
        """All settings pages share the table of Connector Access, and hear of each other's changes to it."""
        if isinstance(instance, self.cls):
            super().m2m_changed(instance, **kwargs)


@contextmanager
def recorded_as(user: Any) -> Iterator[None]:
    """What is written inside is in history as this user's, as if a page of theirs had written it."""
    request = HttpRequest()
    request.user = user
    HistoricalRecords.context.request = request
    try:
        yield
    finally:
        del HistoricalRecords.context.request
