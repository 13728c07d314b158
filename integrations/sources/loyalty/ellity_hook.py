"""`/hooks/ellity/<token>/`: store first, then apply, then answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.core.api.scopes import add_scope
from integrations.core.api.tokens import valid_token
from integrations.core.hooks import MAX_BODY, UNAVAILABLE_RETRY_SECONDS, too_large
from integrations.sources.loyalty import ellity
from integrations.sources.loyalty.models_ellity import WebhookCall

logger = logging.getLogger(__name__)

SCOPE = "ellity-webhook"
add_scope(SCOPE, _("Ellity's webhook"), offered=False)


def address_of(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('ellity-hook', args=[token])}"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def ellity_hook(request: HttpRequest, token: str) -> HttpResponse:
    """202 for a call that is stored, applied or not; 400 for one that isn't JSON, 404 for an unknown token, 411 without
    a length, 413 above MAX_BODY, 503 when the database is away."""
    try:
        # What is answered is kept, too: in the language of what is kept, whoever calls.
        with translation.override(settings.LANGUAGE_CODE):
            return _answer(request, token)
    except (DatabaseError, InterfaceError) as error:
        logger.error("A call of Ellity's webhook could not be stored or applied: %s", type(error).__name__)
        return HttpResponse(status=503, headers={"Retry-After": UNAVAILABLE_RETRY_SECONDS})


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    found = valid_token(token)
    if found is None or SCOPE not in found.scopes:
        raise Http404
    if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
        # Django reads no body without a length: the call would look empty.
        return HttpResponse(status=411)
    if request.method == "GET":
        return _apply(request.META.get("QUERY_STRING", "").encode()[:MAX_BODY], request.GET.dict())
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdigit() and int(length) > MAX_BODY:
        return _refuse(None, too_large(), status=413)
    body = request.read(MAX_BODY)
    try:
        fields = ellity.fields_of(body)
    except ValueError:
        return _refuse(body, str(ellity.NOT_JSON), status=400)
    return _apply(body, fields)


def _apply(body: bytes, fields: Mapping[str, Any]) -> HttpResponse:
    call = WebhookCall.objects.create(body=body)
    ellity.apply(call, fields)
    return _said(call, 202)


def _refuse(body: bytes | None, message: str, *, status: int) -> HttpResponse:
    return _said(WebhookCall.objects.create(body=body, status=WebhookCall.Status.REFUSED, message=message), status)


def _said(call: WebhookCall, status: int) -> HttpResponse:
    return JsonResponse({"status": call.status, "message": call.message}, status=status)
