"""The panel of one event: what became of it and why, what was sent, what came back, what came in."""

from __future__ import annotations

import datetime
import json
import logging
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.exchange import ExchangeView, exchange_view, row_sent
from integrations.core.admin.log.form import record_type_words
from integrations.core.admin.log.list import Row, event_table
from integrations.core.admin.log.sight import Shown, Sight, Unreadable, deleted_note, read_encrypted, unreadable_note
from integrations.core.admin.log.version import version_url, version_view
from integrations.core.admin.log.words import OUTCOMES, Badge, advice, sentence
from integrations.core.connector import SKIP_REASONS, Item, Skip
from integrations.core.errors import RecordError
from integrations.core.logbook import run_events
from integrations.core.models import Attempt, Event, EventPayload, Exchange, Link
from integrations.core.persons.scrub import ERASED_TEXT
from integrations.core.registry import connector_for

logger = logging.getLogger(__name__)

ATTEMPTS_SHOWN = 50
SIBLINGS_SHOWN = 20


@dataclass(frozen=True)
class AttemptRow:
    at: datetime.datetime
    badge: Badge
    message: str
    remote_id: str
    run: str
    run_url: str
    status: int | None
    exchange_url: str
    current: bool


@dataclass(frozen=True)
class Siblings:
    """“Leads Updated” or “Errors in Leads” of the same run."""

    title: str
    rows: list[Row]
    more_url: str


def panel_context(request: HttpRequest, event: Event) -> dict[str, Any]:
    """`event` comes with its connection, run and version."""
    sight = Sight.of(request)
    attempts = _attempts(event)
    chosen = _chosen(request, attempts)
    exchange = exchange_view(chosen, sight) if chosen is not None else None
    payload, note = _payload(event)
    connector = event.connection.connector
    label, plural = record_type_words(connector, event.record_type)
    can_retry = request.user.has_perm("core.retry_event") and event.can_be_retried
    return {
        "event": event,
        "request_id": f"R{event.pk}",
        "job_id": f"J{event.run_id}",
        "badge": OUTCOMES[event.outcome],
        "sentence": sentence(event),
        "advice": advice(event),
        "message": sight.sentence(event.message),
        "label": sight.label(event.label),
        "key": sight.key(event.key),
        "record_type": label,
        "connector": connector,
        "attempts": [_attempt_row(attempt, chosen, sight) for attempt in attempts],
        "exchange": exchange,
        "inbound": Shown(sight.json(payload)) if payload is not None else Shown(note=note),
        "mapped": _mapped(event, payload, chosen, exchange, sight),
        "siblings": _siblings(request, event, plural, sight),
        "version": version_view(event, sight),
        "version_url": version_url(request, event),
        "can_retry": can_retry,
        "masked": not sight.full,
        "log_url": f"{reverse('admin:core_event_changelist')}?connection={event.connection_id}",
    }


# -- attempts --------------------------------------------------------------------------------------


def _attempts(event: Event) -> list[Attempt]:
    attempts = Attempt.objects.filter(event_id=event.pk).select_related("exchange")
    bodies = (f"exchange__{name}" for name in ("request_body", "response_body", "response_headers"))
    return list(attempts.defer(*bodies).order_by("-pk")[:ATTEMPTS_SHOWN])


def _chosen(request: HttpRequest, attempts: list[Attempt]) -> Attempt | None:
    """The attempt whose exchange is shown: the one asked for, else the latest that sent something."""
    sent = [attempt for attempt in attempts if attempt.exchange_id is not None]
    asked = request.GET.get("attempt", "")
    return next((attempt for attempt in sent if str(attempt.pk) == asked), sent[0] if sent else None)


def _attempt_row(attempt: Attempt, chosen: Attempt | None, sight: Sight) -> AttemptRow:
    exchange: Exchange | None = attempt.exchange
    url = reverse("admin:core_event_change", args=[attempt.event_id])
    return AttemptRow(
        at=attempt.created_at,
        badge=OUTCOMES[attempt.outcome],
        message=sight.sentence(attempt.message),
        remote_id=sight.key(attempt.remote_id),
        run=f"J{attempt.run_id}",
        run_url=reverse("admin:core_run_change", args=[attempt.run_id]),
        status=exchange.status if exchange is not None else None,
        exchange_url=f"{url}?attempt={attempt.pk}#exchange" if exchange is not None else "",
        current=attempt is chosen,
    )


# -- payloads --------------------------------------------------------------------------------------


def _payload(event: Event) -> tuple[Any, str]:
    """What came in, or None and why it can't be shown."""
    rows = EventPayload.objects.filter(pk=event.pk).values_list("body", flat=True)
    try:
        body = read_encrypted(rows.first)
    except Unreadable:
        return None, unreadable_note()
    if body is None:
        return None, _("Erased with the person.") if event.message == ERASED_TEXT else deleted_note()
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError):
        return None, _("The stored payload is not JSON.")


@dataclass(frozen=True)
class MappedView:
    title: str
    shown: Shown


def _mapped(
    event: Event, payload: Any, chosen: Attempt | None, exchange: ExchangeView | None, sight: Sight
) -> MappedView:
    """The row as it was sent; when nothing was sent, what today's mapping makes of the payload."""
    if chosen is not None and exchange is not None:
        sent = row_sent(exchange)
        return MappedView(_("Mapped payload, as it was sent"), sent)
    title = _("Mapped payload: what today's mapping makes of it (nothing was sent)")
    if not isinstance(payload, dict):
        return MappedView(title, Shown(note=_("Can't be computed: the inbound payload is missing.")))
    return MappedView(title, _with_todays_mapping(event, payload, sight))


def _with_todays_mapping(event: Event, payload: dict[str, Any], sight: Sight) -> Shown:
    try:
        connector = connector_for(event.connection)
        connector.load()
        mapped = connector.prepare(_item(event, payload))
    except RecordError as error:
        return Shown(note=sight.sentence(error.message))
    except LookupError as error:
        return Shown(note=str(error))
    except Exception as error:  # noqa: BLE001 – a bug in a mapping must not hide the rest of the page
        logger.warning("%s while mapping event %s for its page", type(error).__name__, event.pk)
        return Shown(note=_("The mapping stumbled over this record (%s).") % type(error).__name__)
    if isinstance(mapped, Skip):
        return Shown(note=_(SKIP_REASONS[mapped]))
    text = sight.json(mapped.values)
    if not mapped.defaults:
        return Shown(text)
    return Shown(text, _("Where the target is empty: %s") % ", ".join(f"{k} = {v}" for k, v in mapped.defaults.items()))


def _item(event: Event, payload: dict[str, Any]) -> Item:
    link = Link.objects.filter(connection_id=event.connection_id, record_type=event.record_type, key=event.key).first()
    return Item(
        event_id=event.pk,
        run_id=event.run_id,
        record_type=event.record_type,
        key=event.key,
        payload=payload,
        attempts=event.attempts,
        urgent=False,
        source_time=event.source_time,
        retried=event.retried,
        link=link,
    )


# -- the same run ----------------------------------------------------------------------------------


def _siblings(request: HttpRequest, event: Event, plural: str, sight: Sight) -> list[Siblings]:
    outcome = Event.Outcome
    lists = (
        (_("%s Updated") % plural, (outcome.NEW, outcome.UPDATED), "success"),
        (_("Errors in %s") % plural, (outcome.FAILED,), "error"),
    )
    visible = Visible.of(request)
    found = [run_events(event.run_id, names, visible.ids, SIBLINGS_SHOWN + 1) for _title, names, _sync in lists]
    table = {row.id: row for row in event_table([pk for ids in found for pk in ids], visible, sight)}
    log = reverse("admin:core_event_changelist")
    return [
        Siblings(
            title,
            [table[pk] for pk in ids[:SIBLINGS_SHOWN] if pk in table],
            f"{log}?q=J{event.run_id}&sync={sync}" if len(ids) > SIBLINGS_SHOWN else "",
        )
        for (title, _names, sync), ids in zip(lists, found, strict=True)
    ]
