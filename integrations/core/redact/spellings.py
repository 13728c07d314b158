"""How a known secret may be written where it comes back."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# Shorter values stand in every second text by chance: they are masked by name only.
SHORTEST_SECRET = 4
_HEX = re.compile(r"%[0-9A-Fa-f]{2}|(?<=\\u)[0-9a-f]{4}")


def spellings(secret: str) -> set[bytes]:
    """The ways in which a value is written in URLs, forms, JSON, JSON inside JSON, HTML and Basic authentication."""
    ascii_json, plain_json = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    forms = {secret, ascii_json, plain_json, html.escape(secret), quote(secret, safe="")}
    forms |= {json.dumps(form)[1:-1] for form in (ascii_json, plain_json)}
    forms |= {form.replace("/", "\\/") for form in (ascii_json, plain_json)}
    forms |= {quoted for form in forms for quoted in (quote(form), quote(form, safe=""), quote_plus(form))}
    forms |= {_HEX.sub(_other_case, form) for form in forms}
    raw = secret.encode("utf-8", "replace")
    return {form.encode("utf-8", "replace") for form in forms} | {
        form for form in _base64_forms(raw) if len(form) >= SHORTEST_SECRET
    }


def _other_case(code: re.Match[str]) -> str:
    return code[0].swapcase()


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The letters of base64 that depend on `raw` alone, wherever it stands in what was encoded (`user:secret`)."""
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            letters = encode(b"\0" * before + raw)[skipped:whole]
            yield letters
            yield quote(letters, safe="").encode()
