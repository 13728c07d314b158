"""What a call is made of: its query, headers and body, as they travel."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from integrations.core.errors import ConfigurationError, RecordError

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def with_query(url: str, params: Params | None) -> str:
    """The address with these parameters, without those that are None."""
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    query = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True)
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def encoded(json: Any, data: Params | bytes | str | None) -> tuple[bytes | None, dict[str, str]]:
    """The body in bytes, and its Content-Type if it is ours to say. Raises RecordError for infinite numbers."""
    if json is not None:
        return _json(json), {"Content-Type": "application/json"}
    if data is None or isinstance(data, bytes):
        return data, {}
    if isinstance(data, str):
        return data.encode("utf-8", "replace"), {}
    return urlencode(data, doseq=True).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def _json(value: Any) -> bytes:
    try:
        text = jsonlib.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = None
    # Raised outside of the `except`: the original may hold the value, and would hang on as __context__.
    if text is None:
        raise RecordError(_("A number of this record is infinite or not a number. Correct it at the source."))
    return text.encode("utf-8", "replace")


def checked_headers(vendor: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers. http.client would refuse a bad one with its value, a key, in the text of the exception."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            text = _("A key for %(vendor)s holds a line break or a letter that no key has. Enter it again.")
            raise ConfigurationError(text % {"vendor": vendor})
    return dict(headers)
