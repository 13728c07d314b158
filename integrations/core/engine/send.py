"""From items to outcomes: mapping and skips in the drain's main thread, sending in its threads. No database here."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.core.connector import SKIP_REASONS, Connector, Item, Outcome, Result, Skip
from integrations.core.errors import ConfigurationError, NotSent, RecordError, SyncError, TemporaryError, Throttled

logger = logging.getLogger(__name__)

# A record that took its worker down this often is set aside.
MAX_CRASHES = 20
POISON = gettext_noop("The worker stopped each time it handled this record.")
SAME = gettext_noop("Nothing changed since it was last sent.")
NOT_REPORTED = gettext_noop("The connector did not report on this record.")
STUMBLED = gettext_noop(
    "The portal stumbled over this record (%(error)s). Tell your operator the Request ID, then press Retry."
)


def prepare(connector: Connector, items: Sequence[Item]) -> tuple[list[Item], list[Outcome]]:
    """Split into what must be sent and what is settled already (unchanged, older, skipped, unfit for the mapping)."""
    to_send, settled = [], []
    for item in items:
        outcome = _prepare_one(connector, item)
        if outcome is None:
            to_send.append(item)
        else:
            settled.append(outcome)
    return to_send, settled


def _prepare_one(connector: Connector, item: Item) -> Outcome | None:
    if item.attempts > MAX_CRASHES:
        return Outcome(item, Result.FAILED, POISON, "poison")
    if is_older(item):
        return skipped(item, Skip.OLDER)
    try:
        mapped = connector.prepare(item)
    except RecordError as error:
        return Outcome(item, Result.FAILED, error.message, "refused")
    except Exception as error:  # noqa: BLE001 – one bad record must not stop the others
        return _bug(item, error)
    if isinstance(mapped, Skip):
        return skipped(item, mapped)
    item.mapped = mapped
    if item.link is not None and item.link.fingerprint == item.fingerprint:
        return Outcome(item, Result.UNCHANGED, SAME, remote_id=item.link.remote_id)
    return None


def is_older(item: Item) -> bool:
    """Whether a newer state of this record was applied already: by the source's clock, else by order of arrival."""
    link = item.link
    if link is None:
        return False
    if item.source_time is not None and link.source_time is not None:
        return item.source_time < link.source_time
    return item.event_id < link.event_id


def skipped(item: Item, reason: Skip) -> Outcome:
    return Outcome(item, Result.SKIPPED, SKIP_REASONS[reason], reason)


def send(connector: Connector, record_type: str, items: Sequence[Item]) -> list[Outcome]:
    """Deliver a batch; every item gets an outcome, whatever happens."""
    outcomes: dict[Item, Outcome] = {}
    try:
        for outcome in connector.deliver(record_type, items):
            outcomes[outcome.item] = outcome
        rest = [item for item in items if item not in outcomes]
        missing = [Outcome(item, Result.FAILED, NOT_REPORTED, "bug") for item in rest]
        return [*outcomes.values(), *missing]
    except SyncError as error:
        rest = [item for item in items if item not in outcomes]
        if isinstance(error, RecordError) and len(rest) > 1:
            return [*outcomes.values(), *_each_alone(connector, record_type, rest)]
        return [*outcomes.values(), *(from_error(item, error) for item in rest)]
    except Exception as error:  # noqa: BLE001 – a bug met by one record must not stop the others
        rest = [item for item in items if item not in outcomes]
        if len(rest) > 1:
            return [*outcomes.values(), *_each_alone(connector, record_type, rest)]
        return [*outcomes.values(), *(_bug(item, error) for item in rest)]


def _each_alone(connector: Connector, record_type: str, items: Sequence[Item]) -> list[Outcome]:
    return [outcome for item in items for outcome in send(connector, record_type, [item])]


def from_error(item: Item, error: SyncError) -> Outcome:
    """What becomes of an item whose delivery ended with this error."""
    if isinstance(error, NotSent):
        return Outcome(item, Result.PENDING, unsent=True)
    if isinstance(error, Throttled):
        return Outcome(
            item,
            Result.WAITING,
            error.message,
            "throttled",
            call=error.call,
            retry_after=error.retry_after,
            unsent=True,
        )
    if isinstance(error, TemporaryError):
        return Outcome(item, Result.WAITING, error.message, "temporary", call=error.call, retry_after=error.retry_after)
    if isinstance(error, ConfigurationError):
        return Outcome(item, Result.WAITING, error.message, "configuration", call=error.call, unsent=True)
    return Outcome(item, Result.FAILED, error.message, "refused", call=error.call)


def _bug(item: Item, error: Exception) -> Outcome:
    """An error of ours. Its text may hold personal data: the log gets its type and place only."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s in %s line %s for event %s", type(error).__name__, place.name, place.lineno, item.event_id)
    return Outcome(item, Result.FAILED, _(STUMBLED) % {"error": type(error).__name__}, "bug")
