"""Personal data: masked for those who may not see it, and keys that tell nothing about whom they stand for."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations.core.redact.mask import MASK
from integrations.core.redact.vendor_text import clean

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+?[\d\s()./-]{5,}")


def mask_personal(value: Any) -> Any:
    """A value as those see it who may not see personal data.

    `anna@example.test` → `a•••@e•••.test`; a phone number keeps its last two digits; other text its first letter;
    a number becomes `•••`. None, booleans and empty text say nothing about a person and stay.
    """
    if value is None or value == "" or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return MASK
    text = value.strip()
    if _EMAIL.fullmatch(text):
        user, _, domain = text.partition("@")
        return f"{user[0]}{MASK}@{domain[0]}{MASK}.{domain.rpartition('.')[2]}"
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 5 and _PHONE.fullmatch(text):
        return MASK + digits[-2:]
    return clean(text[:1]) + MASK


def mask_payload(payload: Any) -> Any:
    """A JSON-like value with every leaf masked by `mask_personal`; keys and shape stay."""
    if isinstance(payload, Mapping):
        return {key: mask_payload(value) for key, value in payload.items()}
    if isinstance(payload, list | tuple):
        return [mask_payload(value) for value in payload]
    return mask_personal(payload)


def pseudonym(text: str) -> str:
    """A key in place of an e-mail address or phone number: the same for the same text, telling nothing about it."""
    return hmac.new(settings.FERNET_KEYS[-1].encode(), text.encode(), hashlib.sha256).hexdigest()[:40]
