"""What the loyalty source announces becomes events of every LeadHub connection, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from integrations.connectors.leadhub import tags
from integrations.connectors.leadhub.connector import ACCOUNT, PIN, record
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.connector import Record
from integrations.core.engine.capture import capture
from integrations.core.fields import secret_names
from integrations.core.models import Connection, Run
from integrations.sources.loyalty.signals import accounts_changed, pins_changed
from integrations.sources.loyalty.states import CustomerState


@receiver(accounts_changed)
def queue_accounts(states: Sequence[CustomerState], **kwargs: Any) -> None:
    _queue([record(ACCOUNT, state, tags.account_payload(state)) for state in states])


@receiver(pins_changed)
def queue_pins(states: Sequence[CustomerState], **kwargs: Any) -> None:
    _queue([record(PIN, state, tags.pin_payload(state)) for state in states])


def _queue(records: list[Record]) -> None:
    """A connection that is off gets nothing: the one-time export brings it up to date when it is on again."""
    connections = LeadHubConnection.objects.exclude(state__in=Connection.OFF)
    for connection in connections.defer(*secret_names(LeadHubConnection)):
        run = Run.objects.create(connection=connection, trigger=Run.Trigger.CHANGE, complete=True)
        capture(connection, records, run=run)
