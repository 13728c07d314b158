"""What may be shown: secrets masked by value and by name, personal data masked, vendor text made inert.

A `Redactor` works on bytes, as bodies come and go as bytes and everything it looks for is ASCII or a known value.
It runs on every call, so it looks for plain substrings first and judges only the few places where one is found.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from django.conf import settings

MASK = "•••"
_MASK = MASK.encode()

# Shorter values stand in every second text by chance: they are masked by name only.
SHORTEST_SECRET = 4
BODY_LIMIT = 64 * 1024
HEADER_LIMIT = 512  # characters of one header's value
HEADERS_LIMIT = 40

# Substrings of secret names, in the order of their cost: each is searched for in the lower-cased text.
_CLUES = (
    b"auth",
    b"key",
    b"secret",
    b"token",
    b"pass",
    b"pwd",
    b"pin",
    b"otp",
    b"jwt",
    b"cookie",
    b"credential",
    b"session",
    b"signature",
    b"x-lsq",
    b"bearer",
    b"basic",
)
# A whole name, in lower case with underscores. Too much rather than too little: "nextPageToken" is masked, too.
_SECRET_NAME = re.compile(
    rb".*(authori[sz]ation|(api|secret|access|private|account|shared|encryption|signing|hook|app|auth)_?key"
    rb"|secret|token|passw|passphrase|passcode|pwd|cookie|credential|session_?id|signature|x_lsq|jwt|pincode|oauth).*"
    rb"|(.*_)?(pin|otp|auth|pass)(_.*)?"
)
_CAMEL = re.compile(rb"(?<=[a-z0-9])(?=[A-Z])")
_UNDERSCORES = bytes.maketrans(b"-. $", b"____")
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$")
_LONGEST_NAME = 80

# What stands between a name and its value in JSON (also escaped inside a string), forms, queries, headers, XML, HTML
# and LeadSquared's {"Attribute": "PIN", "Value": "1234"}.
_SEPARATOR = re.compile(
    rb"""(?: %5d | %22 | \] )? (?P<name_quote> \\*["'] )? \s*+
         (?: ,? \s*+ (?:\\*["'])? value (?:\\*["'])? \s*+ )?
         (?: (?P<equals> =>? | %3d ) | : | %3a | > ) \s*+""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+', re.DOTALL)
_ESCAPED_QUOTED = re.compile(rb"""(?P<open>\\*["'])(?:(?!(?<!\\)(?P=open)).)*+""", re.DOTALL)
_SCHEME = rb"(?:(?:bearer|basic|token|digest|apikey|negotiate)\b(?:[ ]|%20|\+)*+)?"
_AFTER_EQUALS = re.compile(_SCHEME + rb"""[^\s&"'<>]*+""", re.IGNORECASE)
_AFTER_COLON = re.compile(_SCHEME + rb"""(?:[^\s&"'<>,;}\]\\]|[,;](?![\s"'\\{\[]|\Z)|\\(?!\\*["']))*+""", re.IGNORECASE)
_REST_OF_LINE = re.compile(rb"[^\r\n]*+")
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_OPENING_QUOTE = re.compile(rb"\\*[\"']")
_WHOLE_LINE_NAME = re.compile(rb".*(authori[sz]ation|cookie)|x-lsq.*")
_SCHEME_WORD = re.compile(
    rb"(?:bearer|basic)(?:\s|%20|\+)++(?=[A-Za-z._~+/%-]*+[0-9=])[A-Za-z0-9._~+/%=-]{6,}", re.IGNORECASE
)
_USERINFO = re.compile(rb"://[^/\s\"'<>?#@]*+@")

Span = tuple[int, int, bytes]  # start and end of what is replaced, and by what


class Redactor:
    """Masks the given secret values, in every spelling a vendor may echo them in, and whatever has a secret's name.

    Build it once per client; it is immutable and used from many threads.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _spellings(secret)}
        # Longest first: a secret may be part of another one.
        self._values = sorted(spellings, key=lambda form: (-len(form), form))
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
        spans = sorted(_named_spans(text))
        if not spans:
            return text
        pieces, end = [], 0
        for start, stop, mask in spans:
            if start >= end:
                pieces += [text[end:start], mask]
            end = max(end, stop)
        pieces.append(text[end:])
        return b"".join(pieces)


def mask_values(text: str, values: Iterable[str]) -> str:
    """The text without these values, wherever they stand."""
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def is_secret_name(name: str) -> bool:
    """Whether a field, parameter or header of this name holds a secret: `apiKey`, `X-LSQ-SecretKey`, `customer_pin`."""
    return _is_secret_name(name.encode("utf-8", "replace"))


def _is_secret_name(name: bytes) -> bool:
    return _SECRET_NAME.fullmatch(_CAMEL.sub(b"_", name).lower().translate(_UNDERSCORES)) is not None


def _named_spans(text: bytes) -> Iterator[Span]:
    """Where the values of secret names stand."""
    low = text.lower()
    for clue in _CLUES:
        at = low.find(clue)
        while at >= 0:
            span = _value_span(text, at, len(clue))
            if span is not None:
                yield span
            at = low.find(clue, span[1] if span is not None else at + len(clue))
    if b"@" in text:
        for match in _USERINFO.finditer(text):
            yield match.start() + 3, match.end() - 1, _MASK


def _value_span(text: bytes, at: int, length: int) -> Span | None:
    """The value whose name has a clue at `at`, or None when it is no secret's name or has no value."""
    if match := _SCHEME_WORD.match(text, at):
        return at + 6, match.end(), _MASK
    start, end = _name_around(text, at, at + length)
    separator = _SEPARATOR.match(text, end)
    if separator is None or not _is_secret_name(text[start:end]):
        return None
    begin = separator.end()
    quote_mark = _OPENING_QUOTE.match(text, begin)
    value_end = _value_end(text, begin, text[start:end], separator, quoted=quote_mark is not None)
    if quote_mark is not None:
        return quote_mark.end(), value_end, _MASK
    if value_end == begin:
        return None
    # A bare number in JSON becomes a string, so that the body can still be shown indented.
    return begin, value_end, b'"' + _MASK + b'"' if separator["name_quote"] == b'"' else _MASK


def _name_around(text: bytes, start: int, end: int) -> tuple[int, int]:
    """The whole name of which text[start:end] is a part."""
    while start > 0 and end - start < _LONGEST_NAME and text[start - 1] in _NAME_BYTES:
        start -= 1
    while end < len(text) and end - start < _LONGEST_NAME and text[end] in _NAME_BYTES:
        end += 1
    if start > 0 and text[start - 1 : start] == b"%":  # %22password, %5Bpin
        start = min(start + 2, end)
    if text[start:end].lower() == b"key" and text[start - 1 : start] == b" ":  # "Access Key: …" in a sentence
        start -= 1
        while start > 0 and text[start - 1] in _NAME_BYTES:
            start -= 1
    return start, end


def _value_end(text: bytes, begin: int, name: bytes, separator: re.Match[bytes], *, quoted: bool) -> int:
    first = text[begin : begin + 1]
    if first in (b"[", b"{"):
        return _closing_bracket(text, begin)
    if first == b'"':
        pattern = _QUOTED
    elif quoted:
        pattern = _ESCAPED_QUOTED
    elif _WHOLE_LINE_NAME.fullmatch(name.lower()):
        pattern = _REST_OF_LINE
    else:
        pattern = _AFTER_EQUALS if separator["equals"] else _AFTER_COLON
    match = pattern.match(text, begin)
    return match.end() if match else begin


def _closing_bracket(text: bytes, begin: int) -> int:
    """The end of the list or object that begins here; the end of the text when it is never closed."""
    depth = 0
    for token in _BRACKETS.finditer(text, begin):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth <= 0:
            return token.end()
    return len(text)


def _spellings(secret: str) -> set[bytes]:
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


_HEX = re.compile(r"%[0-9A-Fa-f]{2}|(?<=\\u)[0-9a-f]{4}")


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


_BY_NAME = Redactor()


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with these values, and the values of all secret names, masked."""
    return (Redactor(secrets) if secrets else _BY_NAME).text(text)


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


# Characters of a vendor's reason in a sentence of ours.
LONGEST_REASON = 200
_ADDRESS_OR_NUMBER = re.compile(r"[^\s@]+@[^\s@]+|\+?\d(?:[ -]?\d){4,}")


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


def pseudonym(text: str) -> str:
    """A key in place of an e-mail address or phone number: the same for the same text, telling nothing about it."""
    return hmac.new(settings.FERNET_KEYS[-1].encode(), text.encode(), hashlib.sha256).hexdigest()[:40]
