"""One call as it is written down, its answer as the caller gets it, and who writes calls down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from integrations.core.errors import TemporaryError
from integrations.core.redact import mask_values

MAX_DEPTH = 100  # of nested JSON; what walks an answer recursively later may rely on it

WRONG_KINDS = frozenset({"text/html", "text/plain", "text/xml", "application/xml"})  # worth telling

_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_DEPTH_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


@dataclass
class Call:
    """One HTTP request and what came of it, fit to be stored: secrets masked, bodies of at most 64 KiB of UTF-8."""

    method: str
    url: str
    request_body: str
    request_truncated: bool
    started_at: datetime
    status: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    response_truncated: bool = False
    error: str = ""  # the sentence of the error that was raised, if one was
    duration_ms: int = 0

    def hide(self, values: Iterable[str]) -> None:
        """Mask values that must not be stored though their names don't say so."""
        hidden = list(values)
        self.url, self.error = mask_values(self.url, hidden), mask_values(self.error, hidden)
        self.request_body = mask_values(self.request_body, hidden)
        self.response_body = mask_values(self.response_body, hidden)


@dataclass(frozen=True)
class Answer:
    """A whole answer: `headers` find their names in any case, `body` is as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    call: Call
    vendor: str = "The vendor"

    @property
    def text(self) -> str:
        """The body in its declared charset, else UTF-8; what cannot be decoded is replaced."""
        try:
            return self.body.decode(self._charset(), "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    @property
    def utf8(self) -> bytes:
        """The body in UTF-8: as it came, unless it declares another charset."""
        declared = _CHARSET.search(self.headers.get("Content-Type", ""))
        if declared is None or declared[1].lower() in ("utf-8", "utf8"):
            return self.body
        return self.text.encode("utf-8", "replace")

    def json(self) -> Any:
        """The parsed body. Raises TemporaryError when it is not strict JSON or nested deeper than 100 levels."""
        try:
            if not is_nested_deeper(self.body, MAX_DEPTH):
                return json.loads(self.body.decode(self._charset()), parse_constant=_refuse_constant)
        except (ValueError, LookupError, RecursionError):
            pass  # raised below, as the parser's exception holds the whole body and would hang on as __context__
        raise self._not_json()

    def _not_json(self) -> TemporaryError:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in WRONG_KINDS:
            text = _(
                "%(vendor)s answered something that is not JSON but %(kind)s; what waits is tried again by itself."
            )
        else:
            text = _("%(vendor)s answered something that is not JSON; what waits is tried again by itself.")
        self.call.error = text % {"vendor": self.vendor, "kind": kind}
        return TemporaryError(self.call.error, call=self.call)

    def _charset(self) -> str:
        match = _CHARSET.search(self.headers.get("Content-Type", ""))
        name = match[1] if match else "utf-8"
        return "utf-8-sig" if name.lower().replace("-", "").replace("_", "") == "utf8" else name


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def is_nested_deeper(body: bytes, levels: int) -> bool:
    """Whether JSON is nested deeper than this. Nearly free for a body with few objects, else ~8 ms per MB."""
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    # Brackets inside strings don't count: every other piece between quotes that aren't escaped is outside of them.
    outside = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    brackets = outside.translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_DEPTH_STEP.__getitem__, brackets)), default=0) > levels
