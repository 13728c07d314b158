"""`/hooks/raptor/<token>/`: checked, stored, answered. Workers apply it."""

from __future__ import annotations

import hashlib
import hmac
import logging

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.core.api.scopes import add_scope
from integrations.core.api.tokens import valid_token
from integrations.core.hooks import MAX_BODY, UNAVAILABLE_RETRY_SECONDS, too_large
from integrations.sources.cdp.raptor import calls
from integrations.sources.cdp.raptor.models import RaptorSettings
from integrations.sources.cdp.raptor.reading import MOST_CHANGES, NotABatch, batch_of

logger = logging.getLogger(__name__)

SCOPE = "raptor-webhook"
add_scope(SCOPE, _("Raptor's webhook"), offered=False)

BAD_SIGNATURE = _("The signature is missing or wrong: Raptor signed with another secret than the one saved here.")
NOTHING_TO_CHECK_WITH = _(
    "No push secret is saved here yet, so no signature can be checked. Enter it on the page Raptor."
)
UNREADABLE = _("The saved push secret can't be read any more. Enter it again on the page Raptor.")
TOO_MANY = _("The call held %(number)s changes; at most %(most)s are taken at once.")


def address_of(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('raptor-hook', args=[token])}"


@csrf_exempt
@require_POST
def raptor_hook(request: HttpRequest, token: str) -> HttpResponse:
    """202 with the number of changes that are stored; 400 for what is no batch, 401 for a bad signature, 404 for an
    unknown token, 409 for a batch that is stored already, 411 without a length, 413 above MAX_BODY or MOST_CHANGES,
    503 when the database is away."""
    try:
        # What is answered is kept, too: in the language of what is kept, whoever calls.
        with translation.override(settings.LANGUAGE_CODE):
            return _answer(request, token)
    except (DatabaseError, InterfaceError) as error:
        logger.error("A push of Raptor could not be stored: %s", type(error).__name__)
        return HttpResponse(status=503, headers={"Retry-After": UNAVAILABLE_RETRY_SECONDS})


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    found = valid_token(token)
    if found is None or SCOPE not in found.scopes:
        raise Http404
    if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
        # Django reads no body without a length: the call would look empty.
        return HttpResponse(status=411)
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdigit() and int(length) > MAX_BODY:
        return _refused(too_large(), 413)
    body = request.read(MAX_BODY)
    if problem := _unsigned(body, request.headers.get("X-Raptor-Signature", "")):
        return _refused(problem, 401)
    try:
        batch = batch_of(body)
    except NotABatch as error:
        return _refused(str(error), 400)
    if len(batch.changes) > MOST_CHANGES:
        return _refused(TOO_MANY % {"number": len(batch.changes), "most": MOST_CHANGES}, 413)
    if calls.store(batch, body) is None:
        return JsonResponse({"error": "This batch is stored already."}, status=409)
    return JsonResponse({"accepted": len(batch.changes)}, status=202)


def _unsigned(body: bytes, sent: str) -> str:
    """Why the signature doesn't count; empty if it does."""
    try:
        secret = RaptorSettings.load().push_secret
    except InvalidToken:
        return str(UNREADABLE)
    if not secret:
        return str(NOTHING_TO_CHECK_WITH)
    expected = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    same = hmac.compare_digest(expected.encode(), sent.strip().encode("utf-8", "replace"))
    return "" if same else str(BAD_SIGNATURE)


def _refused(message: str, status: int) -> HttpResponse:
    calls.refuse(message)
    return JsonResponse({"error": message}, status=status)
