"""How a source tells those who listen that its data changed.

Its signals are sent *inside* the transaction that made the change: rows that a listener queues commit with it, so that
no crash in between can lose them. A listener does nothing but database work and `transaction.on_commit`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.dispatch import Signal

logger = logging.getLogger(__name__)


class QuietSignal(Signal):
    """Django's, except that the log names only the kind of a listener's error: its text may hold personal data."""

    def _log_robust_failure(self, receiver: Callable[..., Any], err: Exception) -> None:
        name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
        logger.error("%s in %s, which was told of changed data", type(err).__name__, name)


def announce(signal: Signal, **what: Any) -> None:
    """Tell the listeners, unless all of `what` is empty. One that fails doesn't break the batch, except by a database
    error: that rolls it back."""
    if not any(what.values()):
        return
    for _, answer in signal.send_robust(None, **what):
        if isinstance(answer, DatabaseError):
            raise answer
