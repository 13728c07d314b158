"""Vendor text made inert, and a vendor's reason without the values it repeats."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from integrations.core.redact.mask import MASK

# Characters of a vendor's reason in a sentence of ours.
LONGEST_REASON = 200
_ADDRESS_OR_NUMBER = re.compile(r"[^\s@]+@[^\s@]+|\+?\d(?:[ -]?\d){4,}")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
_KEPT_CONTROLS = "\n\t"
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_PRINTABLE = re.compile(r"[\x20-\x7e\n\t]*")


def clean(text: str, limit: int | None = None) -> str:
    """Vendor text that is inert in a terminal, a log line and a page (where Django escapes it).

    Terminal sequences, control characters, bidirectional overrides, invisible and private characters are dropped;
    line feed and tab stay. `limit` is in characters; what is cut off is shown as "…".
    """
    if not _PRINTABLE.fullmatch(text):
        text = _ANSI.sub("", text.replace("\r\n", "\n"))
        text = "".join(char for char in text if char in _KEPT_CONTROLS or unicodedata.category(char) not in _DROPPED)
    if limit is not None and len(text) > limit:
        return text[: limit - 1] + "…"
    return text


def safe_words(text: str, *, names_after: Iterable[str] = ()) -> str:
    """A vendor's reason in its own words, without the values it repeats: quoted text, addresses and numbers masked.

    Quoted text right after one of the words `names_after`, as in field 'city', is a name and stays.
    """
    stays = "".join(f"(?<!{word} )" for word in names_after)
    text = re.sub(rf"""(?<!\w){stays}(["']).*?(?:\1(?!\w)|$)""", MASK, clean(text, 5 * LONGEST_REASON))
    return without_addresses(text)


def without_addresses(text: str) -> str:
    """A vendor's reason with addresses and long numbers masked, without its full stop."""
    return clean(_ADDRESS_OR_NUMBER.sub(MASK, text).strip().rstrip("."), LONGEST_REASON)
