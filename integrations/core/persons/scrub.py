"""Taking a person out of the journal. Counts, outcomes and the fact that something happened stay.

A call to a vendor may hold many people in one body. The safe and simple way is taken: its bodies are emptied as a
whole, in place of looking for the person's row among the forms that vendors use.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from integrations.core.engine.counts import take_off
from integrations.core.engine.settle import finish_runs
from integrations.core.fields import EncryptedBytes, EncryptedText
from integrations.core.models import Attempt, Delivery, Event, EventPayload, Exchange, Link, Run
from integrations.core.models.journal import ERASED
from integrations.core.persons.person import Mentions, RecordKey
from integrations.core.redact import pseudonym

ERASED_TEXT = gettext_noop("The person was erased.")
# JSON that masking leaves readable.
ERASED_BODY = '{"erased": true}'


# -- a person's own events --------------------------------------------------------------------------


def scrub_events(connection_id: int, event_ids: Collection[int]) -> Counter[str]:
    """Empty these events of one connection: what waits is settled as skipped, payloads, labels, keys, messages, calls
    and Links go. Call it in a transaction that holds the connection's lease: nobody else settles them meanwhile.
    """
    ids = list(event_ids)
    events = Event.objects.filter(pk__among=ids)
    rows = list(events.values_list("run_id", "record_type", "key", "message"))
    counts: Counter[str] = Counter(events=len(rows))
    counts["webhook calls"] = _scrub_deliveries(Counter(run_id for run_id, *_rest in rows))
    _scrub_runs({run_id for run_id, *_rest in rows}, {message for *_rest, message in rows if message})
    counts["waiting events"] = _skip(ids)
    _leave_groups(connection_id, events.filter(outcome=Event.Outcome.FAILED))
    events.update(label="", message=ERASED_TEXT)
    payloads = EventPayload.objects.filter(pk__among=ids)
    counts["payloads"] = payloads.count()
    payloads._raw_delete(payloads.db)
    counts["calls"] = _scrub_exchanges(ids)
    Attempt.objects.filter(event_id__among=ids).update(message="", remote_id="")
    records = {RecordKey(connection_id, record_type, key) for _run, record_type, key, _message in rows}
    counts["links"] = delete_links(records)
    for record in records:
        mine = events.filter(record_type=record.record_type, key=record.key)
        mine.update(key=pseudonym(f"erased {connection_id} {record.record_type} {record.key}"))
    return counts


def _leave_groups(connection_id: int, failed: Any) -> None:
    """There is nothing to retry or to repair any more."""
    take_off(connection_id, Counter(failed.filter(cause__isnull=False).values_list("record_type", "cause")))
    failed.update(code=ERASED, cause=None)


def delete_links(records: Iterable[RecordKey]) -> int:
    """A Link says which record of the vendor is whose: with it gone, the person would be created again."""
    total = 0
    for record in records:
        found = Link.objects.filter(connection_id=record.connection_id, record_type=record.record_type, key=record.key)
        total += found.delete()[0]
    return total


def _skip(event_ids: list[int]) -> int:
    waiting = Event.objects.filter(pk__among=event_ids, settled_at__isnull=True)
    by_run = Counter(waiting.values_list("run_id", flat=True))
    waiting.update(
        outcome=Event.Outcome.SKIPPED, code=ERASED, message=ERASED_TEXT, due_at=None, settled_at=timezone.now()
    )
    for run_id, number in by_run.items():
        Run.objects.filter(pk=run_id).update(skipped=F("skipped") + number)
    finish_runs(list(by_run))
    return sum(by_run.values())


def _scrub_exchanges(event_ids: list[int]) -> int:
    """The calls these events travelled in."""
    sent = Attempt.objects.filter(event_id__among=event_ids, exchange__isnull=False)
    ids = list(set(sent.values_list("exchange_id", flat=True)))
    mine = Exchange.objects.filter(pk__among=ids)
    for body in ("request_body", "response_body"):
        mine.filter(**{f"{body}__isnull": False}).update(**{body: ERASED_BODY})
    mine.exclude(error="").update(error=ERASED_TEXT)
    mine.update(response_headers={})
    for url in set(mine.values_list("url", flat=True)):
        mine.filter(url=url).update(url=_host(url))
    return len(ids)


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{ERASED}"


def _scrub_deliveries(own: Counter[int]) -> int:
    """Webhook calls that held nobody else: those of runs whose every record is among these."""
    whole = [pk for pk, read in Run.objects.filter(pk__among=list(own)).values_list("pk", "read") if read == own[pk]]
    found = Delivery.objects.filter(run_id__among=whole, body__isnull=False)
    number: int = found.update(body=ERASED_BODY.encode(), query="")
    return number


def _scrub_runs(run_ids: Collection[int], messages: Collection[str]) -> None:
    """A run's message may repeat an event's."""
    for run in Run.objects.filter(pk__among=list(run_ids)).exclude(message="").only("message"):
        if any(message in run.message for message in messages):
            Run.objects.filter(pk=run.pk).update(message=ERASED_TEXT)


# -- everything else that mentions the person -----------------------------------------------------------


def mentioned_in_payloads(after: int, chunk: int, mentions: Mentions) -> tuple[list[int], int | None]:
    """The events among the next `chunk` payloads that mention the person, and the last one looked at; None: no more."""
    rows, last = _read(EventPayload, ("body",), after, chunk)
    return [pk for pk, (body,) in rows if body is not None and mentions.in_text(body)], last


def scrub_texts(
    model: type[models.Model], columns: tuple[str, ...], after: int, chunk: int, mentions: Mentions, *, whole_row: bool
) -> tuple[int, int | None]:
    """Empty bodies and rewrite texts that mention the person, in the next `chunk` rows of a table; or delete the row.

    Returns how many rows that were, and the last one looked at; None: no more.
    """
    rows, last = _read(model, columns, after, chunk)
    fields = [model._meta.get_field(name) for name in columns]
    changed = 0
    for pk, values in rows:
        changes = {
            field.name: _without(field, value, mentions)
            for field, value in zip(fields, values, strict=True)
            if value and mentions.in_text(_as_text(field, value))
        }
        if changes:
            row = model._base_manager.filter(pk=pk)
            changed += row.delete()[0] if whole_row else row.update(**changes)
    return changed, last


def _read(
    model: type[models.Model], columns: tuple[str, ...], after: int, chunk: int
) -> tuple[list[tuple[int, tuple[Any, ...]]], int | None]:
    """The next rows; one that none of FERNET_KEYS opens is nobody's any more, and left out."""
    found = model._base_manager.filter(pk__gt=after).order_by("pk")
    ids = list(found.values_list("pk", flat=True)[:chunk])
    rows = model._base_manager.filter(pk__in=ids)
    try:
        read = [(pk, tuple(values)) for pk, *values in rows.values_list("pk", *columns)]
    except InvalidToken:
        read = [(pk, tuple(values)) for one in ids for pk, *values in _read_one(rows.filter(pk=one), columns)]
    return read, ids[-1] if ids else None


def _read_one(row: Any, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    try:
        return list(row.values_list("pk", *columns))
    except InvalidToken:
        return []


def _as_text(field: Any, value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False) if isinstance(field, models.JSONField) else str(value)


def _without(field: Any, value: Any, mentions: Mentions) -> Any:
    if isinstance(field, EncryptedBytes):
        return ERASED_BODY.encode()
    if isinstance(field, EncryptedText):
        return ERASED_BODY
    text = mentions.without(_as_text(field, value))
    if not isinstance(field, models.JSONField):
        return text
    try:
        return json.loads(text)
    except ValueError:  # it was a bare number
        return {}
