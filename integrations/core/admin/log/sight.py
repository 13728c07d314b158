"""What of a stored text the user may see: personal data masked, secrets masked, vendor text inert, JSON indented."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree.ElementTree import ParseError, indent, tostring

from cryptography.fernet import InvalidToken
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core.redact import clean, mask_payload, mask_personal, redact

# Characters of one body on a page; what is stored is seldom longer.
SHOWN = 200_000
# Attributes that say of what type a value is, or that there is none.
ABOUT_TYPES = {f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}" for name in ("type", "nil")}
_EMAIL = re.compile(r"[^\s@<>\"'()=,;:]+@[^\s@<>\"'()=,;:]+\.\w+")
_PHONE = re.compile(r"(?<![\w-])\+?\d[\d ()./-]{5,}\d(?![\w-])")


@dataclass(frozen=True)
class Shown:
    """A body on a page: its text, or a note why there is none (or not all of it)."""

    text: str = ""
    note: str = ""


class Unreadable(Exception):
    """A stored text that none of FERNET_KEYS opens."""


def read_encrypted(read: Callable[[], Any]) -> Any:
    """The value of one encrypted column. Raises Unreadable, so that one bad row doesn't take the page with it."""
    try:
        return read()
    except (InvalidToken, ValueError, TypeError) as error:
        raise Unreadable from error


@dataclass(frozen=True)
class Sight:
    """`full` users see personal data; the others what remains of it."""

    full: bool

    @classmethod
    def of(cls, request: HttpRequest) -> Sight:
        return cls(request.user.has_perm("core.view_personal_data"))

    def label(self, text: str) -> str:
        return clean(text) if self.full else str(mask_personal(text))

    def key(self, text: str) -> str:
        """A record key: masked where it is an e-mail address or a phone number."""
        if self.full or not (_EMAIL.search(text) or _PHONE.search(text)):
            return clean(text)
        return str(mask_personal(text))

    def sentence(self, text: str) -> str:
        """A message as it is stored: in the reader's language if it is one of our sentences as a whole; addresses and
        numbers in it masked."""
        shown = clean(redact(_(text)))
        if self.full:
            return shown
        return _PHONE.sub(_mask_match, _EMAIL.sub(_mask_match, shown))

    def url(self, url: str) -> str:
        """An API address: parameter values, and path segments that name a person, masked."""
        if self.full:
            return clean(redact(url))
        parts = urlsplit(clean(redact(url)))
        segments = (str(mask_personal(text)) if _names_person(text) else text for text in parts.path.split("/"))
        query = masked_query(parts.query)
        return f"{parts.scheme}://{parts.netloc}{'/'.join(segments)}{f'?{query}' if query else ''}"

    def json(self, value: Any) -> str:
        """A JSON-like value, indented."""
        try:
            shown = value if self.full else _masked(value)
            text = json.dumps(shown, indent=2, ensure_ascii=False, default=str)
        except RecursionError:
            return _("Nested too deeply to be shown.")
        return clean(redact(text), SHOWN)

    def body(self, text: str | None, *, truncated: bool = False) -> Shown:
        """A stored body. None: deleted after the retention period."""
        if text is None:
            return Shown(note=deleted_note())
        if not text.strip():
            return Shown(note=_("Empty."))
        note = _("Only the first 64 KiB were stored.") if truncated else ""
        try:
            return Shown(self.json(json.loads(text)), note)
        except (ValueError, RecursionError):
            if self.full:
                return Shown(clean(redact(text), SHOWN), note)
        if (masked := masked_xml(text)) is not None:
            return Shown(clean(redact(masked), SHOWN), note)
        hidden = _("Hidden: it is neither complete JSON nor complete XML, so the personal data in it can't be masked.")
        return Shown(note=f"{hidden} {note}".strip())


def masked_xml(text: str) -> str | None:
    """Its elements with their texts and attributes masked, indented; None for what isn't safe and complete XML."""
    if not text.lstrip().startswith("<"):
        return None
    try:
        root = fromstring(text)
        for element in root.iter():
            element.text, element.tail = _masked_text(element.text), _masked_text(element.tail)
            for name, value in element.attrib.items():
                if name not in ABOUT_TYPES:
                    element.set(name, str(mask_personal(value)))
        indent(root)
        return str(tostring(root, encoding="unicode"))
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return None


def _masked_text(text: str | None) -> str | None:
    return str(mask_personal(text)) if text and text.strip() else text


def masked_query(query: str) -> str:
    """Parameters with their values masked; true and false stay."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{name}={value if value in ('true', 'false') else mask_personal(value)}" for name, value in pairs)


def _masked(value: Any) -> Any:
    """`mask_payload`, but the field names in lists of {"Attribute": …, "Value": …} stay: they are no person's."""
    if isinstance(value, list):
        return [_masked(entry) for entry in value]
    if not isinstance(value, dict):
        return mask_payload(value)
    named = {"Attribute", "Value"} <= value.keys() and isinstance(value["Attribute"], str)
    return {key: entry if named and key == "Attribute" else _masked(entry) for key, entry in value.items()}


def deleted_note() -> str:
    return _("Deleted after %(days)s days (RETENTION_DAYS).") % {"days": settings.RETENTION_DAYS}


def unreadable_note() -> str:
    return _("Can't be decrypted: the key it was stored under is missing from FERNET_KEYS. Tell your operator.")


def _mask_match(match: re.Match[str]) -> str:
    return str(mask_personal(match[0]))


def _names_person(segment: str) -> bool:
    text = unquote(segment)
    return "@" in text or bool(_PHONE.search(text))
