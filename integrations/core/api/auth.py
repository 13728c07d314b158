"""Who may call: what django-ninja asks before each operation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import AuthenticationError, AuthorizationError
from ninja.security import HttpBearer

from integrations.core.api.scopes import scope_label
from integrations.core.api.tokens import token_of, valid_token
from integrations.core.models import ApiToken

FORBIDDEN = "This API token may not use “{scope}”. Create one that may under Users and roles › API tokens."


class ApiTokenAuth(HttpBearer):
    """`Authorization: Bearer …` with a token that may use one source's API."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiToken:
        """Raises AuthenticationError for a missing, wrong or revoked token, AuthorizationError for one without
        the scope."""
        found = token_of(request)
        if found is None:
            raise AuthenticationError
        if self.scope not in found.scopes:
            raise AuthorizationError(message=FORBIDDEN.format(scope=scope_label(self.scope)))
        return found

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return valid_token(token)
