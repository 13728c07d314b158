"""What a failure is about: its code and its sentence without what differs from record to record. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

GAP = "…"
DIGEST_LENGTH = 16
# A sentence that is longer than this is told apart by its beginning.
TEXT_LENGTH = 500

# What stands before the name of a field, in the languages that workers may speak.
_FIELD = (
    r"fields?|columns?|attributes?|propert(?:y|ies)"
    r"|felt(?:et|er|erne)?|kolonne[nr]?|attribut(?:tet|ter)?|egenskab(?:en|er)?"
    r"|camp[oi]|colonn[ae]|attribut[oi]|proprietà"
    r"|pol[eí]|polem|sloup(?:ec|ce)|atribut[uy]?|vlastnosti?"
)
_QUOTED = re.compile(
    rf"(?P<field>\b(?:{_FIELD})\s+)?"
    r"(?:“[^”]*”|„[^“]*“|«[^»]*»|\"[^\"]*\"|`[^`]*`|(?<!\w)'(?:[^']|(?<=\w)'(?=\w))*'(?!\w))",
    re.IGNORECASE,
)
# Nobody is called so: mx_City, first_name.
_TECHNICAL = re.compile(r"\W[A-Za-z]+(?:_[A-Za-z0-9]+)+\W")
# In this order: what holds others goes first.
_VARIABLE = (
    re.compile(r"https?://[^\s<>\"')]+"),
    re.compile(r"[^\s<>()\"“”]+@[^\s<>()\"“”,;]+"),
    re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE),
    # Ids: hexadecimal with a digit in it, or our own (R12, J7, W3).
    re.compile(r"(?<![\w-])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![\w-])", re.IGNORECASE),
    re.compile(r"\b[RJW]\d+\b"),
    re.compile(r"(?<![\w-])\+?\d[\d ()/-]{5,}\d(?![\w-])"),
    # Numbers, dates and times by themselves. A digit inside a word is a field's (mx_Street1).
    re.compile(r"(?<![\w+-])[+-]?\d+(?:[.,:/-]\d+)*(?:T[\d:.]+Z?)?(?!\w)"),
)
_MASKS = re.compile(r"•+")
_GAPS = re.compile(rf"{GAP}(?:[\s,;]*{GAP})+")


@dataclass(frozen=True)
class Cause:
    """`digest` is what failures are grouped by; `text` is the sentence with gaps, without personal data."""

    digest: str
    code: str
    text: str


@lru_cache(maxsize=1024)
def cause_of(code: str, message: str) -> Cause:
    """The cause of a failed event. Failures that differ in values only have the same one."""
    text = without_values(message)
    return Cause(hashlib.sha256(f"{code}\n{text}".encode()).hexdigest()[:DIGEST_LENGTH], code, text)


def without_values(message: str) -> str:
    """A sentence with numbers, quoted values, addresses, phone numbers and ids taken out. A field's name stays."""
    text = _QUOTED.sub(_keep_fields, message)
    for pattern in (*_VARIABLE, _MASKS):
        text = pattern.sub(_gap, text)
    return _GAPS.sub(GAP, " ".join(text.split()))[:TEXT_LENGTH]


def _keep_fields(match: re.Match[str]) -> str:
    return match[0] if match["field"] or _TECHNICAL.fullmatch(match[0]) else GAP


def _gap(match: re.Match[str]) -> str:
    """An address at the end of a sentence doesn't take its full stop along."""
    return GAP + ("." if match[0].endswith(".") else "")
