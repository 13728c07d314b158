"""An HTTP exchange on a page: this record's rows of a batch first, the whole behind them."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.admin.log.sight import Shown, Sight, Unreadable, read_encrypted, unreadable_note
from integrations.core.models import Attempt, Exchange

NOTHING = object()


@dataclass(frozen=True)
class BodyView:
    """`row`: this record's part, when the exchange was a batch."""

    whole: Shown
    row: Shown | None = None


@dataclass(frozen=True)
class ExchangeView:
    method: str
    url: str
    status: int | None
    error: str
    duration_ms: int
    at: datetime.datetime
    request: BodyView
    response: BodyView
    headers: str


def exchange_view(attempt: Attempt, sight: Sight) -> ExchangeView:
    """The exchange of an attempt; its bodies are read here, each by itself, as one may not be readable."""
    exchange = attempt.exchange
    assert exchange is not None
    return ExchangeView(
        method=exchange.method,
        url=sight.url(exchange.url),
        status=exchange.status,
        error=sight.sentence(exchange.error),
        duration_ms=exchange.duration_ms,
        at=exchange.created_at,
        request=_body(exchange, "request", attempt.row, sight),
        response=_body(exchange, "response", attempt.row, sight),
        headers=sight.json(exchange.response_headers) if exchange.response_headers else "",
    )


def row_sent(exchange: ExchangeView) -> Shown:
    """What was sent for this record."""
    return exchange.request.row or exchange.request.whole


def _body(exchange: Exchange, side: str, row: int | None, sight: Sight) -> BodyView:
    rows = Exchange.objects.filter(pk=exchange.pk).values_list(f"{side}_body", flat=True)
    try:
        text = read_encrypted(rows.first)
    except Unreadable:
        return BodyView(Shown(note=unreadable_note()))
    whole = sight.body(text, truncated=getattr(exchange, f"{side}_truncated"))
    part = row_of(text, row)
    if part is NOTHING:
        return BodyView(whole)
    return BodyView(whole, Shown(sight.json(part), _("Row %d of a batch.") % ((row or 0) + 1)))


def row_of(text: str | None, row: int | None) -> Any:
    """Row `row` (0-based) of a batch body: a list, or an object with a list that has such a row; else NOTHING."""
    if row is None or not text:
        return NOTHING
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING
    lists = [value] if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return next((found[row] for found in lists if isinstance(found, list) and 0 <= row < len(found)), NOTHING)
