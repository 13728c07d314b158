"""How a person stands in each connection: one sentence each, the answer to “why didn't this person arrive?”."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from integrations.core.admin.log.access import Visible
from integrations.core.admin.log.form import record_type_words
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import OUTCOMES, Badge, advice, sentence
from integrations.core.models import Connection, Event
from integrations.core.persons.person import Person
from integrations.core.persons.trace import newest

# Connections named of those in which nothing was found.
NAMED = 20
URGENCY = {Event.Outcome.FAILED: 2, Event.Outcome.WAITING: 1, Event.Outcome.PENDING: 1}


@dataclass(frozen=True)
class Standing:
    """The latest outcome of a connection's most urgent record of this person."""

    connection: str
    state: str
    is_off: bool
    record_type: str
    badge: Badge
    at: datetime.datetime
    sentence: Any
    message: str
    advice: Any
    request_id: str
    url: str
    retry_url: str


def standings(request: HttpRequest, person: Person, visible: Visible) -> list[Standing]:
    """One for each connection that had something of this person, the most urgent first. Two queries."""
    found = Event.objects.filter(pk__among=newest(person.records)).select_related("connection")
    chosen: dict[int, Event] = {}
    for event in found:
        other = chosen.get(event.connection_id)
        if event.connection_id in visible.names and (other is None or _urgency(event) > _urgency(other)):
            chosen[event.connection_id] = event
    events = sorted(chosen.values(), key=_urgency, reverse=True)
    can_retry = request.user.has_perm("core.retry_event")
    return [_standing(event, Sight.of(request), can_retry) for event in events]


def _urgency(event: Event) -> tuple[int, int]:
    return URGENCY.get(Event.Outcome(event.outcome), 0), event.pk


def _standing(event: Event, sight: Sight, can_retry: bool) -> Standing:
    connection = event.connection
    return Standing(
        connection=connection.name,
        state=str(connection.get_state_display()),
        is_off=connection.state != Connection.State.ENABLED,
        record_type=record_type_words(connection.connector, event.record_type)[0],
        badge=OUTCOMES[event.outcome],
        at=event.settled_at or event.created_at,
        sentence=sentence(event),
        message=sight.sentence(event.message),
        advice=advice(event),
        request_id=str(event),
        url=reverse("admin:core_event_change", args=[event.pk]),
        retry_url=reverse("admin:core_event_retry", args=[event.pk]) if can_retry and event.can_be_retried else "",
    )


def silent(visible: Visible, standing: Sequence[Standing]) -> list[str]:
    """Names of connections that had nothing of this person, drafts aside; one more than NAMED when there are more."""
    spoken = {one.connection for one in standing}
    names = [name for pk, name in visible.names.items() if pk not in visible.drafts and name not in spoken]
    return names[: NAMED + 1]
