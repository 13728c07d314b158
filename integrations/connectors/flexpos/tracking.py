"""Sending receipts and tickets to the activity feed of the list: one file a batch.

Heyloyalty keeps nothing from being there twice, so what may have arrived is not sent again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty.tracking import (
    CREATED_AT,
    Line,
    booking,
    bookings,
    transaction,
    transactions,
)
from integrations.connectors.heyloyalty.values import read_moment
from integrations.core.connector import Item, Outcome, Result
from integrations.core.errors import ConfigurationError, RecordError, TemporaryError
from integrations.core.http import Call

if TYPE_CHECKING:
    from integrations.connectors.flexpos.connector import FlexPOS

UNSURE = gettext_lazy(
    "Nobody knows whether this reached Heyloyalty: its answer got lost. Look for it in the "
    "activity feed of the list (Statistics › Activity feed). If it isn't there, press Retry; if "
    "it is, leave it."
)
# Asked to come back later: what it was sent it has not taken.
BUSY = 503


def deliver(connector: FlexPOS, items: Sequence[Item], bought: bool) -> Iterator[Outcome]:
    """`bought`: lines of receipts; else bookings."""
    lines: dict[Item, Line] = {}
    for item in items:
        if _may_be_there(item):
            yield Outcome(item, Result.FAILED, str(UNSURE), "unsure")
            continue
        try:
            lines[item] = line_of(connector, item.values, bought)
        except RecordError as error:
            yield Outcome(item, Result.FAILED, error.message, "refused")
    if lines:
        yield from _send(connector, lines, bought)


def _may_be_there(item: Item) -> bool:
    """An earlier try may have arrived, and nobody has looked since. Whoever presses Retry has."""
    looked = item.retried and item.attempts == 2  # a retry begins with the second try
    return item.maybe_applied and not looked


def line_of(connector: FlexPOS, values: Mapping[str, Any], bought: bool) -> Line:
    """Raises RecordError naming the column."""
    single = {name: value[0] if isinstance(value, list) else value for name, value in values.items()}
    if CREATED_AT in single and connector.connection.date_format:
        try:
            single[CREATED_AT] = read_moment(single[CREATED_AT], connector.connection.date_format).isoformat()
        except ValueError as error:
            text = _(
                "%(field)s: what FlexPOS sent %(error)s. Check Date format under Import settings, then press Retry."
            ) % {"field": CREATED_AT, "error": error}
            raise RecordError(text) from None
    return transaction(single) if bought else booking(single)


def _send(connector: FlexPOS, lines: Mapping[Item, Line], bought: bool) -> Iterator[Outcome]:
    """In halves, when it takes more than one file: each call must tell for its own lines."""
    address = errors_address(connector)
    made = (transactions if bought else bookings)(list(lines.values()), address)
    if len(made) > 1:
        items, middle = list(lines), len(lines) // 2
        for part in (items[:middle], items[middle:]):
            yield from _send(connector, {item: lines[item] for item in part}, bought)
        return
    client, tracking_id = connector.heyloyalty, tracking_id_of(connector)
    send = client.import_transactions if bought else client.import_bookings
    try:
        call = send(tracking_id, made[0].csv, made[0].parameters)
    except TemporaryError as error:
        if error.call is None or error.call.status != BUSY:
            raise
        yield from (_later(item, error) for item in lines)
        return
    yield from (_sent(item, call, row) for row, item in enumerate(lines))


def _sent(item: Item, call: Call, row: int) -> Outcome:
    return Outcome(item, Result.NEW, remote_id=item.key, call=call, row=row)


def _later(item: Item, error: TemporaryError) -> Outcome:
    pause = error.retry_after or 60
    return Outcome(item, Result.WAITING, error.message, "temporary", call=error.call, retry_after=pause, unsent=True)


def tracking_id_of(connector: FlexPOS) -> str:
    """Raises ConfigurationError when none is entered."""
    if not connector.connection.tracking_id:
        raise ConfigurationError(_("No Tracking ID is entered. Enter it under Settings, or orders can't be sent."))
    return connector.connection.tracking_id


def errors_address(connector: FlexPOS) -> str:
    """Heyloyalty takes no import of orders without an address for its error report."""
    own = connector.connection
    return own.errors_to or own.notify_to or settings.DEFAULT_FROM_EMAIL
