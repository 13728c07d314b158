"""What the loyalty source announces.

Both are sent *inside* the transaction that made the change (unlike other signals of the house, which come after the
commit): rows that a listener queues commit with it, so that no crash in between can lose them. A listener does nothing
but database work and `transaction.on_commit`.

They come once a batch with `states: list[CustomerState]`, for customers that really changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError
from django.dispatch import Signal

from integrations.sources.loyalty.states import CustomerState

logger = logging.getLogger(__name__)


class QuietSignal(Signal):
    """Django's, except that the log names only the kind of a listener's error: its text may hold personal data."""

    def _log_robust_failure(self, receiver: Callable[..., Any], err: Exception) -> None:
        name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
        logger.error("%s in %s, which was told of changed loyalty customers", type(err).__name__, name)


# Points, registration, name or e-mail changed, or the customer is new. One state a customer.
accounts_changed = QuietSignal()
# A new PIN. One state for each change, with the PIN and the revision of that change, oldest first.
pins_changed = QuietSignal()


def announce(signal: Signal, states: Sequence[CustomerState]) -> None:
    """Tell the listeners. One that fails doesn't break the batch, except by a database error: that rolls it back."""
    if not states:
        return
    for _, answer in signal.send_robust(CustomerState, states=list(states)):
        if isinstance(answer, DatabaseError):
            raise answer
