"""Reading stored webhook calls into events. The call was answered long ago; nothing here can lose it."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.connector import Connector, Record
from integrations.core.engine.capture import capture
from integrations.core.engine.lease import Held
from integrations.core.engine.settle import finish_runs
from integrations.core.engine.wake import wake
from integrations.core.errors import RecordError
from integrations.core.models import Connection, Delivery, Run

logger = logging.getLogger(__name__)

PAGE = 500
REMOVED = gettext_noop("The connection was removed before this call was read.")
SEEN_BEFORE = gettext_noop("The same call was read before; nothing more to do.")
NOT_READ = gettext_noop("The portal stumbled over this call (%(error)s). Tell your operator its number.")


def waiting(connection_id: int) -> Any:
    return Delivery.objects.filter(connection_id=connection_id, status=Delivery.Status.RECEIVED)


def read_deliveries(connector: Connector, held: Held, *, seconds: float) -> int:
    """Read stored calls of a connection, a page a transaction, until `seconds` are over; returns how many.

    Raises LeaseLost: another worker reads them now.
    """
    total, end = 0, time.monotonic() + seconds
    while number := _read_page(connector, held):
        total += number
        if time.monotonic() >= end:
            break
    return total


def _read_page(connector: Connector, held: Held) -> int:
    deliveries = list(waiting(connector.connection.pk).order_by("pk")[:PAGE])
    if not deliveries:
        return 0
    read = [(delivery.pk, *_read(connector, delivery)) for delivery in deliveries]
    records = [record for _pk, found, _fate in read for record in found]
    with transaction.atomic():
        held.renew()
        run = Run.objects.create(connection_id=connector.connection.pk, trigger=Run.Trigger.WEBHOOK, complete=True)
        fresh = {id(record) for record in capture(connector.connection, records, run=run)}
        fates: dict[tuple[str, str], list[int]] = defaultdict(list)
        for pk, found, fate in read:
            fates[_duplicate(found, fresh) or fate].append(pk)
        if not fresh:
            run.delete()
        finish_runs([run.pk])
        for (status, message), ids in fates.items():
            Delivery.objects.filter(pk__in=ids).update(status=status, message=message, run=run if fresh else None)
    return len(deliveries)


def _duplicate(found: list[Record], fresh: set[int]) -> tuple[str, str] | None:
    if found and not any(id(record) in fresh for record in found):
        return Delivery.Status.DUPLICATE, SEEN_BEFORE
    return None


def _read(connector: Connector, delivery: Delivery) -> tuple[list[Record], tuple[str, str]]:
    try:
        received = connector.receive(delivery)
    except RecordError as error:
        return [], (Delivery.Status.REJECTED, error.message)
    except Exception as error:  # noqa: BLE001 – one odd call must not stop the others
        logger.error("%s while reading webhook call %s", type(error).__name__, delivery.pk)
        return [], (Delivery.Status.REJECTED, _(NOT_READ) % {"error": type(error).__name__})
    return received.records, (Delivery.Status.CAPTURED, " ".join(received.ignored))


def hold_deliveries(connection: Connection) -> None:
    """Calls that came while the connection was off stay stored until somebody has them processed."""
    if connection.state == Connection.State.REMOVED:
        drop_calls([connection])
    elif connection.state in Connection.OFF:
        waiting(connection.pk).update(status=Delivery.Status.HELD)


def drop_calls(connections: Any) -> None:
    """Nobody will read what these connections were told and had not read."""
    unread = Delivery.objects.filter(status__in=(Delivery.Status.RECEIVED, Delivery.Status.HELD))
    unread.filter(connection__in=connections).update(status=Delivery.Status.REJECTED, message=REMOVED)


def process_held(connection: Connection) -> int:
    """Hand the held calls to the next drain; returns how many."""
    held = Delivery.objects.filter(connection_id=connection.pk, status=Delivery.Status.HELD)
    number = held.update(status=Delivery.Status.RECEIVED, message="")
    wake(connection.pk)
    return number
