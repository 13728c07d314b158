"""The books of an erasure, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

WORDS = {
    "imports": gettext_noop("CSV imports that weren't over: their files are deleted"),
    "events": gettext_noop("Events in the log"),
    "waiting events": gettext_noop("of these still waiting: they are not sent any more"),
    "payloads": gettext_noop("Payloads"),
    "calls": gettext_noop("Calls to vendors, emptied"),
    "webhook calls": gettext_noop("Webhook calls, emptied"),
    "links": gettext_noop("Links to records of vendors"),
    "loyalty customers": gettext_noop("Loyalty customers, with their points"),
    "persons": gettext_noop("Persons of the customer data platform, with what they did"),
    "pairs": gettext_noop("Pairs of a customer and a subscriber"),
    "other mentions": gettext_noop("Other texts that named the person"),
}


def counts_in_words(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Words and number, in the order above."""
    known = [(_(words), counts[name]) for name, words in WORDS.items() if name in counts]
    return known + [(name, number) for name, number in counts.items() if name not in WORDS]
