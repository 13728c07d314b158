"""Source fields to suggest in Edit Mapping: those the latest records had."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from integrations.core.models import Event, EventPayload

LOOKED_AT = 40
# Nested values are offered as dotted paths, this many levels down.
LEVELS = 2


def seen_sources(connection: Any, record_type: str) -> set[str]:
    """Names only, no values."""
    latest = Event.objects.filter(connection_id=connection.pk).order_by("-pk").values_list("pk", "record_type")
    ids = [pk for pk, kind in latest[:LOOKED_AT] if kind == record_type]
    names: set[str] = set()
    for body in EventPayload.objects.filter(event__in=ids).values_list("body", flat=True):
        try:
            names |= set(_paths(json.loads(body)))
        except (TypeError, ValueError):
            continue
    return names


def _paths(payload: Any, prefix: str = "", depth: int = LEVELS) -> Iterable[str]:
    if not isinstance(payload, dict):
        return
    for name, value in payload.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and depth:
            yield from _paths(value, f"{path}.", depth - 1)
        else:
            yield path
