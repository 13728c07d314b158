"""What django-q2 calls. No arguments; losing a task loses nothing, as the minute finds what is due."""

from __future__ import annotations

from integrations.sources.cdp.raptor import calls as _calls
from integrations.sources.cdp.raptor import pulling as _pulling


def apply_calls() -> None:
    _calls.apply_waiting()


def pull() -> None:
    _pulling.pull()


def retain() -> None:
    _calls.forget()
