"""API tokens: made, recognised, and asked what they may use."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.core.hooks import TOKEN_BYTES, digest
from integrations.core.models import ApiToken

SCHEME = "bearer "


def new_token(name: str, scopes: Iterable[str], *, by: str = "") -> tuple[ApiToken, str]:
    """The row and the token itself, which is returned this once and stored as a digest."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return ApiToken.objects.create(name=name, scopes=list(scopes), digest=digest(token), created_by=by), token


def tokens_for(scope: str) -> QuerySet[ApiToken]:
    """All that may use it, the newest first. An installation has a handful of tokens: no index is needed."""
    mine = [pk for pk, scopes in ApiToken.objects.values_list("pk", "scopes") if scope in scopes]
    return ApiToken.objects.filter(pk__in=mine)


def valid_token(token: str) -> ApiToken | None:
    """The row of a token that wasn't revoked. Its day of use is written at most once a day."""
    found = ApiToken.objects.filter(digest=digest(token), revoked_at__isnull=True).first()
    today = timezone.localdate()
    if found is not None and found.last_used_on != today:
        ApiToken.objects.filter(pk=found.pk).update(last_used_on=today)
    return found


def token_of(request: HttpRequest) -> ApiToken | None:
    """The valid token of the Authorization header, whatever it may use."""
    header = request.headers.get("Authorization", "")
    return valid_token(header[len(SCHEME) :].strip()) if header.lower().startswith(SCHEME) else None
