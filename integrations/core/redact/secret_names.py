"""Where the value of a secret stands, by its name: in JSON, forms, queries, headers, XML and sentences.

It runs on every call, so it looks for plain substrings first and judges only the few places where one is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from integrations.core.redact.mask import MASK

_MASK = MASK.encode()

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


def is_secret_name(name: str) -> bool:
    """Whether a field, parameter or header of this name holds a secret: `apiKey`, `X-LSQ-SecretKey`, `customer_pin`."""
    return _is_secret_name(name.encode("utf-8", "replace"))


def _is_secret_name(name: bytes) -> bool:
    return _SECRET_NAME.fullmatch(_CAMEL.sub(b"_", name).lower().translate(_UNDERSCORES)) is not None


def named_spans(text: bytes) -> Iterator[Span]:
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
