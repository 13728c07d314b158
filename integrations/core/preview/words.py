"""What would happen to a record, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.core.connector import Field, RecordType
from integrations.core.preview.trial import Fate, Trial

SENTENCES: dict[Fate, Any] = {
    Fate.CREATE: gettext_lazy("Would create this %(type)s: %(fields)s, %(calls)s."),
    Fate.UPDATE: gettext_lazy("Would update this %(type)s: %(fields)s, %(calls)s."),
    Fate.SEND: gettext_lazy("Would send this %(type)s: %(fields)s, %(calls)s."),
    Fate.UNCHANGED: gettext_lazy("Nothing would be sent: %(why)s"),
    Fate.SKIP: gettext_lazy("Would be skipped: %(why)s"),
    Fate.REFUSE: gettext_lazy("Would be refused: %(why)s"),
    Fate.WAIT: gettext_lazy("Would wait: %(why)s"),
}
FOUND_BY = gettext_lazy("Would update this %(type)s by %(field)s: %(fields)s, %(calls)s.")
# Fate → how the verdict looks, and a sign that doesn't hang on its colour.
LOOKS: dict[Fate, tuple[str, str]] = {
    Fate.CREATE: ("good", "+"),
    Fate.UPDATE: ("good", "✎"),
    Fate.SEND: ("good", "→"),
    Fate.UNCHANGED: ("plain", "="),
    Fate.SKIP: ("warning", "⏭"),
    Fate.REFUSE: ("bad", "✕"),
    Fate.WAIT: ("warning", "…"),
}


def verdict(trial: Trial, record_type: RecordType, fields: Mapping[str, Field]) -> str:
    """“Would update this lead by Mobile: 3 fields change, 1 call.”"""
    by = fields[trial.by].label if trial.by in fields else trial.by
    sentence = FOUND_BY if trial.fate == Fate.UPDATE and by else SENTENCES[trial.fate]
    words = {"type": str(record_type.label).lower(), "field": by, "fields": _fields(trial), "calls": _calls(trial)}
    return str(sentence) % {**words, "why": _(trial.message)}


def _fields(trial: Trial) -> str:
    if trial.fate == Fate.UPDATE:
        number = trial.changes
        text = ngettext("%(number)s field changes", "%(number)s fields change", number)
        return text % {"number": number} if number else _("no field changes")
    return ngettext("%(number)s field", "%(number)s fields", trial.sends) % {"number": trial.sends}


def _calls(trial: Trial) -> str:
    return ngettext("%(number)s call", "%(number)s calls", trial.calls) % {"number": trial.calls}
