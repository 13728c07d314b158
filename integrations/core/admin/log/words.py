"""The log's sentences: what an outcome means and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Connection, Delivery, Event, Run

Outcome = Event.Outcome
OPEN_OR_FAILED = (Outcome.PENDING, Outcome.WAITING, Outcome.FAILED)


@dataclass(frozen=True)
class Badge:
    """Text and icon say it; the tone only repeats it in colour."""

    text: Any
    icon: str
    tone: str


OUTCOMES: dict[str, Badge] = {
    Outcome.PENDING: Badge(Outcome.PENDING.label, "hourglass_empty", "info"),
    Outcome.WAITING: Badge(Outcome.WAITING.label, "schedule", "warning"),
    Outcome.NEW: Badge(Outcome.NEW.label, "add_circle", "success"),
    Outcome.UPDATED: Badge(Outcome.UPDATED.label, "edit", "success"),
    Outcome.UNCHANGED: Badge(Outcome.UNCHANGED.label, "equal", "plain"),
    Outcome.SKIPPED: Badge(Outcome.SKIPPED.label, "skip_next", "plain"),
    Outcome.FAILED: Badge(Outcome.FAILED.label, "error", "danger"),
}
RUNS: dict[str, Badge] = {
    Run.Status.RUNNING: Badge(Run.Status.RUNNING.label, "play_circle", "info"),
    Run.Status.PAUSED: Badge(Run.Status.PAUSED.label, "pause_circle", "warning"),
    Run.Status.STOPPING: Badge(Run.Status.STOPPING.label, "stop_circle", "warning"),
    Run.Status.SUCCESS: Badge(Run.Status.SUCCESS.label, "check_circle", "success"),
    Run.Status.FAILURE: Badge(Run.Status.FAILURE.label, "error", "danger"),
    Run.Status.STOPPED: Badge(Run.Status.STOPPED.label, "stop_circle", "warning"),
    Run.Status.UNBALANCED: Badge(Run.Status.UNBALANCED.label, "report", "danger"),
    Run.Status.SKIPPED: Badge(Run.Status.SKIPPED.label, "skip_next", "plain"),
}
DELIVERIES: dict[str, Badge] = {
    Delivery.Status.RECEIVED: Badge(Delivery.Status.RECEIVED.label, "inbox", "info"),
    Delivery.Status.CAPTURED: Badge(Delivery.Status.CAPTURED.label, "check_circle", "success"),
    Delivery.Status.DUPLICATE: Badge(Delivery.Status.DUPLICATE.label, "content_copy", "plain"),
    Delivery.Status.REJECTED: Badge(Delivery.Status.REJECTED.label, "error", "danger"),
    Delivery.Status.HELD: Badge(Delivery.Status.HELD.label, "pause_circle", "warning"),
}

_SENTENCES: dict[str, Any] = {
    Outcome.PENDING: _("It is in the queue and will be sent in a moment."),
    Outcome.WAITING: _("It could not be sent yet and will be tried again by itself."),
    Outcome.NEW: _("A new record was created."),
    Outcome.UPDATED: _("The existing record was updated."),
    Outcome.UNCHANGED: _("Nothing was sent: the record holds these values already."),
    Outcome.SKIPPED: _("Nothing was sent, as the settings ask."),
    Outcome.FAILED: _("It was not synced."),
}
_ADVICE: dict[str, Any] = {
    "refused": _("Correct the record at its source, or the field in Edit Mapping; then press Retry."),
    "gave-up": _("See the last attempt for what was in the way; when that is solved, press Retry."),
    "bug": _("Tell your operator the Request ID, then press Retry."),
    "poison": _("Tell your operator the Request ID: this record stops the worker."),
    "temporary": _("Nothing to do: it goes on when the other system answers again."),
    "throttled": _("Nothing to do: the other system asked for a pause."),
    "configuration": _("Correct the connection's settings; what waits is sent afterwards."),
}
_FAILED_ADVICE = _("Remove the reason, then press Retry.")
_NOT_ENABLED = _("The connection is not enabled: it is sent once the connection is.")
_REMOVED = _("The connection was removed: it sends nothing any more.")
_RUN_ADVICE: dict[str, Any] = {
    Run.Status.PAUSED: _("It waits until somebody presses Resume. Live changes are sent as before."),
    Run.Status.STOPPING: _("What is under way is let through; nothing more is sent."),
    Run.Status.UNBALANCED: _("The counts don't add up to what was read. Tell your operator this Sync Job ID."),
}
_RUN_ASLEEP = _("The connection is not enabled: this goes on once the connection is.")
_RECOVERED = _("It failed before; a Retry got it through.")


def sentence(event: Event) -> Any:
    return _SENTENCES[event.outcome]


def advice(event: Event) -> Any:
    """What to do next; empty when there is nothing to do."""
    if event.connection.state == Connection.State.REMOVED and event.outcome in OPEN_OR_FAILED:
        return _REMOVED
    if event.outcome in (Outcome.PENDING, Outcome.WAITING):
        if event.connection.state != Connection.State.ENABLED and event.code != "configuration":
            return _NOT_ENABLED
        return _ADVICE.get(event.code, "")
    if event.outcome == Outcome.FAILED:
        return failed_advice(event.code, event.message) if event.can_be_retried else ""
    return _RECOVERED if event.recovered else ""


def failed_advice(code: str, message: str) -> Any:
    """What to do about a failure; empty when its own sentence says so, in whatever language it was stored."""
    return "" if any(word in message for word in _retry_words()) else _ADVICE.get(code, _FAILED_ADVICE)


@cache
def _retry_words() -> frozenset[str]:
    """What the button is called in each language."""
    words = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words.append(gettext("Retry"))
    return frozenset(words)


def run_advice(run: Run) -> Any:
    """What to know or to do; empty when there is nothing. `run` comes with its connection."""
    if run.status == Run.Status.RUNNING and run.connection.state != Connection.State.ENABLED:
        return _RUN_ASLEEP
    return _RUN_ADVICE.get(run.status, "")
