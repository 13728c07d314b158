"""A person's timeline: a page of events over all connections, newest first, each with what was sent and what came back.

A batch holds other people, too: of it only this person's row is shown here.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.exchange import NOTHING, row_of
from integrations.core.admin.log.list import Row, event_row
from integrations.core.admin.log.sight import Shown, Sight, unreadable_note
from integrations.core.admin.log.words import advice, sentence
from integrations.core.models import Attempt, Event, Exchange
from integrations.core.persons.person import Person

BODIES = ("request_body", "response_body")


@dataclass(frozen=True)
class Sent:
    """The request of the latest attempt, as far as it is this person's."""

    method: str
    url: str
    status: int | None
    error: str
    request: Shown
    response: Shown


@dataclass(frozen=True)
class Entry:
    row: Row
    arrived_by: str
    matched_by: str
    remote_id: str
    sentence: Any
    message: str
    advice: Any
    sent: Sent | None


def days(
    ids: Sequence[int], person: Person, visible: Visible, sight: Sight, *, can_retry: bool
) -> list[tuple[datetime.date, list[Entry]]]:
    """These events by local day, in their order. Four queries, however many there are."""
    events = Event.objects.select_related("connection", "run").defer("run__plan").in_bulk(ids)
    attempts = _latest_attempts(ids)
    bodies = _bodies([attempt.exchange_id for attempt in attempts.values() if attempt.exchange_id])
    entries = [
        _entry(events[pk], attempts.get(pk), bodies, person, visible, sight, can_retry)
        for pk in ids
        if pk in events and events[pk].connection_id in visible.names
    ]
    by_day = groupby(entries, key=lambda entry: timezone.localtime(entry.row.at).date())
    return [(day, list(found)) for day, found in by_day]


def _latest_attempts(ids: Sequence[int]) -> dict[int, Attempt]:
    """By event: the latest attempt that sent something, else the latest."""
    sent = Attempt.objects.filter(event_id__in=ids, exchange__isnull=False).values("event_id").annotate(last=Max("pk"))
    found = Attempt.objects.filter(pk__in=sent.values("last")).select_related("exchange")
    hidden = (f"exchange__{name}" for name in (*BODIES, "response_headers"))
    return {attempt.event_id: attempt for attempt in found.defer(*hidden)}


def _bodies(exchange_ids: Sequence[int]) -> dict[int, tuple[str | None, str | None] | None]:
    """By exchange: both bodies; None when they can't be decrypted. One query, more only where one can't."""
    rows = Exchange.objects.filter(pk__in=set(exchange_ids)).values_list("pk", *BODIES)
    try:
        return {pk: (request, response) for pk, request, response in rows}
    except InvalidToken:
        return {pk: _one_body(pk) for pk in set(exchange_ids)}


def _one_body(exchange_id: int) -> tuple[str | None, str | None] | None:
    try:
        return Exchange.objects.filter(pk=exchange_id).values_list(*BODIES).first()
    except InvalidToken:
        return None


def _entry(
    event: Event,
    attempt: Attempt | None,
    bodies: dict[int, tuple[str | None, str | None] | None],
    person: Person,
    visible: Visible,
    sight: Sight,
    can_retry: bool,
) -> Entry:
    named = event.label and event.label in person.names
    return Entry(
        row=event_row(event, visible, sight, can_retry),
        arrived_by=str(event.run.get_trigger_display()),
        matched_by=sight.label(event.label) if named else _("key %(key)s") % {"key": sight.key(event.key)},
        remote_id=sight.key(attempt.remote_id) if attempt is not None else "",
        sentence=sentence(event),
        message=sight.sentence(event.message),
        advice=advice(event),
        sent=_sent(attempt, bodies, sight) if attempt is not None and attempt.exchange_id else None,
    )


def _sent(attempt: Attempt, bodies: dict[int, tuple[str | None, str | None] | None], sight: Sight) -> Sent:
    exchange = attempt.exchange
    assert exchange is not None
    both = bodies.get(exchange.pk)
    request, response = [
        _part(text, attempt.row, truncated, sight) if both is not None else Shown(note=unreadable_note())
        for text, truncated in zip(
            both or (None, None), (exchange.request_truncated, exchange.response_truncated), strict=True
        )
    ]
    url, error = sight.url(exchange.url), sight.sentence(exchange.error)
    return Sent(exchange.method, url, exchange.status, error, request, response)


def _part(text: str | None, row: int | None, truncated: bool, sight: Sight) -> Shown:
    """The whole body of a call about one record, the record's row of a batch, or where to look for it."""
    if row is None or not text:
        return sight.body(text, truncated=truncated)
    part = row_of(text, row)
    if part is NOTHING:
        return Shown(note=_("It stands in a batch with others: open the event to see all of it."))
    return Shown(sight.json(part), _("Row %d of a batch.") % (row + 1))
