"""Errors named by what to do next. Their text is shown to support staff: sentences, no secrets, no personal data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from integrations.core.redact import mask_values

if TYPE_CHECKING:
    from integrations.core.http import Call


class SyncError(Exception):
    """Base of the errors a connector may raise. `call` is the HTTP call that went wrong, if there was one."""

    def __init__(self, message: str, *, call: Call | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.call = call

    def hide(self, values: Iterable[str]) -> None:
        """Mask values of the record (a PIN, an address) that the vendor may have repeated."""
        hidden = list(values)
        self.message = mask_values(self.message, hidden)
        self.args = (self.message,)
        if self.call is not None:
            self.call.hide(hidden)


class TemporaryError(SyncError):
    """Try again later (timeout, 429, 5xx). `retry_after` is in seconds, when the vendor named a time."""

    def __init__(self, message: str, *, call: Call | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, call=call)
        self.retry_after = retry_after


class Throttled(TemporaryError):
    """The vendor refused the call for its rate limit: not applied, not an attempt, sent again after the pause."""


class NotSent(TemporaryError):
    """Nothing left this machine: the rate limit, a pause or the end of this drain came first."""


class RecordError(SyncError):
    """This record needs a person: it becomes Failed and can be retried."""


class ConfigurationError(SyncError):
    """Nothing will work until a setting is corrected: the connection needs attention, its queue is kept."""
