"""What an import's pages say of it."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.core.admin.log.progress import Progress
from integrations.core.admin.log.words import Badge
from integrations.core.batch import Outcome
from integrations.core.engine.lease import TTL
from integrations.core.imports.control import has_changed
from integrations.core.models import Import

State = Import.State
BADGES: dict[str, Badge] = {
    State.CHECKING: Badge(State.CHECKING.label, "search", "info"),
    State.CHECKED: Badge(State.CHECKED.label, "hourglass_empty", "warning"),
    State.IMPORTING: Badge(State.IMPORTING.label, "play_circle", "info"),
    State.PAUSED: Badge(State.PAUSED.label, "pause_circle", "warning"),
    State.DONE: Badge(State.DONE.label, "check_circle", "success"),
    State.NOTHING: Badge(State.NOTHING.label, "block", "plain"),
    State.STOPPED: Badge(State.STOPPED.label, "stop_circle", "warning"),
    State.DISCARDED: Badge(State.DISCARDED.label, "delete", "plain"),
    State.FAILED: Badge(State.FAILED.label, "error", "danger"),
}
OUTCOMES: dict[str, Any] = {
    Outcome.CREATED: _("New"),
    Outcome.UPDATED: _("Updated"),
    Outcome.UNCHANGED: _("Unchanged"),
    Outcome.DUPLICATE: _("Recorded before"),
    Outcome.REFUSED: _("Refused"),
}
DELIMITERS: dict[str, Any] = {";": _("semicolons"), ",": _("commas"), "\t": _("tabs")}
# After so many seconds of work its rate says something about the rest.
WARM_UP = 1.0


def numbers(one: Import) -> list[tuple[Any, int]]:
    """Rows by what became, or would become, of them."""
    return [(label, one.counts[outcome]) for outcome, label in OUTCOMES.items() if one.counts.get(outcome)]


def heading(one: Import) -> Any:
    """Above the numbers."""
    if one.started_at is None:
        return _("What would happen")
    if one.finished_at is None:
        return _("So far")
    return State.DONE.label if one.state != State.NOTHING and has_changed(one) else State.NOTHING.label


def progress(one: Import, now: datetime.datetime) -> Progress | None:
    """None when nobody is to work on it now, and it isn't paused."""
    if one.state not in (State.CHECKING, State.IMPORTING, State.PAUSED):
        return None
    if is_at_once(one):
        return _estimate(one, now)
    rate = one.done * 60 / one.worked if one.worked >= WARM_UP else 0.0
    return Progress(one.done, one.rows, rate, one.state)


def is_at_once(one: Import) -> bool:
    return one.state == State.IMPORTING and one.all_or_nothing


def _estimate(one: Import, now: datetime.datetime) -> Progress:
    """Nobody sees into a transaction: it takes about as long as the check did."""
    began = one.until - TTL
    seconds = (now - began).total_seconds() if one.until > now else 0.0
    took = max(one.check_took, WARM_UP)
    return Progress(min(one.rows - 1, int(one.rows * seconds / took)), one.rows, one.rows * 60 / took, one.state)
