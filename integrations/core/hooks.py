"""Webhook addresses: made, rotated with overlap, and answered."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.core.engine.rows import insert
from integrations.core.engine.wake import wake_now
from integrations.core.models import Connection, Delivery, HookToken
from integrations.core.registry import connector_class

logger = logging.getLogger(__name__)

# 32 random bytes: twice what guessing would need to be hopeless.
TOKEN_BYTES = 32
# The old address goes on working this long after a new one was made.
OVERLAP = datetime.timedelta(days=7)
MAX_BODY = 1024 * 1024
UNAVAILABLE_RETRY_SECONDS = "30"
ADDRESS = re.compile(r"/hooks/([^/]+)/")
# In SQL and not by the ORM, as it runs with every call: that halves what a call costs (tests/bench, intake).
KNOWN = """
    SELECT core_connection.id, core_connection.connector, core_connection.state
    FROM core_hooktoken JOIN core_connection ON core_connection.id = core_hooktoken.connection_id
    WHERE core_hooktoken.digest = %s AND (core_hooktoken.expires_at IS NULL OR core_hooktoken.expires_at > %s)
"""
STORED = ("connection_id", "content_type", "query", "body", "size", "status", "message")


class HookMiddleware:
    """Stands first: a webhook call needs no session, language or messages, so it doesn't pay for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = ADDRESS.fullmatch(request.path_info)
        return hook(request, match[1]) if match else self.get_response(request)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_address(connection: Connection, *, by: str = "") -> str:
    """Make a webhook address. It is returned once and stored as a digest; older ones end after OVERLAP."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        older = HookToken.objects.filter(connection_id=connection.pk, expires_at__isnull=True)
        older.update(expires_at=timezone.now() + OVERLAP)
        HookToken.objects.create(connection_id=connection.pk, digest=digest(token), created_by=by)
    return f"{settings.PUBLIC_URL}{reverse('hook', args=[token])}"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """`/hooks/<token>/`: store first, answer at once, read later. HEAD and GET serve the vendor's Verify.

    404 for an unknown token, 411 without a length, 413 above MAX_BODY (or what the connector `refuses_with`; the row
    then says so, and how large it was), 503 when the database is away: never a 2xx without a row.
    """
    try:
        return _answer(request, token)
    except (DatabaseError, InterfaceError):
        logger.exception("A webhook call could not be stored")
        return HttpResponse(status=503, headers={"Retry-After": UNAVAILABLE_RETRY_SECONDS})


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    connection_id, connector, state = _known(token)
    if request.method != "POST":
        return HttpResponse(status=200)
    if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
        # Django reads no body without a length: the call would be answered with success, and lost.
        return HttpResponse(status=411)
    delivery = _delivery(request, connection_id, state)
    insert(Delivery, STORED, [attrgetter(*STORED)(delivery)])
    accepted = delivery.status != Delivery.Status.REJECTED
    if delivery.status == Delivery.Status.RECEIVED:
        _wake(connection_id)
    vendor = connector_class(connector)
    return JsonResponse(vendor.acknowledge(accepted, delivery.message), status=200 if accepted else vendor.refuses_with)


def _known(token: str) -> tuple[int, str, str]:
    """Id, connector and state of the connection an address belongs to. Raises Http404."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [digest(token), now])
        found: tuple[int, str, str] | None = cursor.fetchone()
    if found is None:
        raise Http404
    return found


def _delivery(request: HttpRequest, connection_id: int, state: str) -> Delivery:
    length = request.META.get("CONTENT_LENGTH", "")
    declared = int(length) if length.isdigit() else 0
    body = request.read(MAX_BODY + 1) if declared <= MAX_BODY else b""
    size = max(declared, len(body))
    delivery = Delivery(
        connection_id=connection_id,
        content_type=(request.content_type or "")[:100],
        query=request.META.get("QUERY_STRING", "")[:500],
        size=size,
    )
    if size > MAX_BODY:
        delivery.status, delivery.message = Delivery.Status.REJECTED, too_large()
    else:
        delivery.body = body  # type: ignore[assignment]  # bytes: see EncryptedBytes
        delivery.status = Delivery.Status.HELD if state in Connection.OFF else Delivery.Status.RECEIVED
    return delivery


def too_large() -> str:
    """Kept, and so in the portal's language, whichever is in force in this thread."""
    with translation.override(settings.LANGUAGE_CODE):
        text = _("The call was larger than %(limit)s KiB and was not read. Send fewer fields or records a call.")
        return text % {"limit": MAX_BODY // 1024}


def _wake(connection_id: int) -> None:
    """The call is stored: a broker that is away costs a minute (the sweep finds the call), not the call."""
    try:
        wake_now(connection_id)
    except Exception:  # noqa: BLE001 – whatever the broker raises, the vendor gets its 200
        logger.warning("No worker could be woken for connection %s", connection_id)


def as_json(body: bytes) -> Any:
    """Parsed JSON, or ValueError; a body nested too deeply to parse counts as malformed."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
