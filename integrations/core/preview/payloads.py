"""The records a connection had last, as they came in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import BinaryField, ExpressionWrapper, F

from integrations.core.logbook import labels
from integrations.core.models import Event, EventPayload

# How far back, in events of the connection, records of one type are looked for.
LOOKED_BACK = 20_000
BODY = EventPayload._meta.get_field("body")


@dataclass(frozen=True)
class Stored:
    """A record as it came in; `payload` is None when it can't be decrypted."""

    event_id: int
    key: str
    label: str
    payload: dict[str, Any] | None


def latest_events(connection_id: int, record_type: str, number: int) -> list[Event]:
    """The newest ones, newest first, whose payload is still there. One query, without payloads."""
    found = _of(connection_id, record_type).filter(payload__isnull=False)
    return list(found.only("id", "label", "key", "created_at", "outcome").order_by("-pk")[:number])


def latest(connection_id: int, record_type: str, number: int) -> list[Stored]:
    """The newest records whose payload is still there, newest first. Two queries."""
    return list(_stored(_of(connection_id, record_type).order_by("-pk"), number))


def by_id(connection_id: int, record_type: str, event_id: int) -> Stored | None:
    return next(_stored(Event.objects.filter(**_whose(connection_id, record_type), pk=event_id), 1), None)


def by_search(connection_id: int, record_type: str, text: str) -> Stored | None:
    """The newest record of a person (whole e-mail address or phone number) or with this key."""
    text = text.replace("\0", "").strip()
    wanted = [*({"label": label} for label in labels(text)), *({"key": key} for key in {text, text.lower()})]
    mine = Event.objects.filter(**_whose(connection_id, record_type), payload__isnull=False)
    ids = [pk for one in wanted for pk in mine.filter(**one).order_by("-pk").values_list("pk", flat=True)[:1]]
    return by_id(connection_id, record_type, max(ids)) if ids and text else None


def _whose(connection_id: int, record_type: str) -> dict[str, Any]:
    return {"connection_id": connection_id, "record_type": record_type}


def _of(connection_id: int, record_type: str) -> Any:
    """No index has the record type: beyond LOOKED_BACK events nobody looks."""
    newest = Event.objects.filter(connection_id=connection_id).order_by("-pk").values_list("pk", flat=True)
    oldest = next(iter(newest[LOOKED_BACK : LOOKED_BACK + 1]), 0)
    return Event.objects.filter(**_whose(connection_id, record_type), pk__gte=oldest)


def _stored(events: Any, number: int) -> Iterator[Stored]:
    """One query. Decrypted one by one: a key that is missing must not take the others along."""
    sealed = ExpressionWrapper(F("payload__body"), output_field=BinaryField())
    rows = events.filter(payload__isnull=False).annotate(sealed=sealed)
    for pk, key, label, body in rows.values_list("pk", "key", "label", "sealed")[:number]:
        yield Stored(pk, key, label, _opened(body))


def _opened(sealed: Any) -> dict[str, Any] | None:
    try:
        payload = json.loads(BODY.from_db_value(sealed, None, None))
    except (InvalidToken, ValueError, TypeError):
        return None
    return payload if isinstance(payload, dict) else None
