"""Secrets masked by value and by name.

A `Redactor` works on bytes, as bodies come and go as bytes and everything it looks for is ASCII or a known value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.core.redact.mask import MASK
from integrations.core.redact.secret_names import is_secret_name, named_spans
from integrations.core.redact.spellings import SHORTEST_SECRET, spellings

BODY_LIMIT = 64 * 1024
HEADER_LIMIT = 512  # characters of one header's value
HEADERS_LIMIT = 40
_MASK = MASK.encode()


class Redactor:
    """Masks the given secret values, in every spelling a vendor may echo them in, and whatever has a secret's name.

    Build it once per client; it is immutable and used from many threads.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in spellings(secret)}
        # Longest first: a secret may be part of another one.
        self._values = sorted(forms, key=lambda form: (-len(form), form))
        self._margin = 4096 + 2 * max(map(len, self._values), default=0)

    def text(self, text: str) -> str:
        """The text with secrets masked."""
        return self._redact(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def body(self, body: bytes) -> tuple[str, bool]:
        """A body as text of at most 64 KiB with secrets masked, and whether it was cut.

        Masked before it is cut: what is looked at reaches far enough beyond the cut that no secret ends up halved.
        """
        seen = body[: BODY_LIMIT + self._margin]
        cut = len(body) > BODY_LIMIT
        shown = self._redact(seen)
        if len(seen) < len(body):
            shown = shown[: -self._margin]
        if len(shown) > BODY_LIMIT:
            shown = shown[:BODY_LIMIT]
            cut = True
        if b"\0" in shown:  # PostgreSQL has no place for it
            shown = shown.replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())
        return shown.decode("utf-8", "ignore" if cut else "replace"), cut

    def url(self, url: str) -> str:
        """The address without user info and secret parameters."""
        return self.text(url)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with secret ones masked; at most 40 of at most 512 characters each."""
        return {
            name[:HEADER_LIMIT]: MASK if is_secret_name(name) else self.text(value)[:HEADER_LIMIT]
            for name, value in list(headers.items())[:HEADERS_LIMIT]
        }

    def _redact(self, text: bytes) -> bytes:
        for value in self._values:
            if value in text:
                text = text.replace(value, _MASK)
        spans = sorted(named_spans(text))
        if not spans:
            return text
        pieces, end = [], 0
        for start, stop, mask in spans:
            if start >= end:
                pieces += [text[end:start], mask]
            end = max(end, stop)
        pieces.append(text[end:])
        return b"".join(pieces)


_BY_NAME = Redactor()


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with these values, and the values of all secret names, masked."""
    return (Redactor(secrets) if secrets else _BY_NAME).text(text)
