"""The API itself. Its documentation at `/api/docs` is for people who may sign in to the portal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError
from ninja.openapi.docs import Swagger
from ninja.openapi.views import openapi_json

from integrations.core.api.auth import ApiTokenAuth
from integrations.core.api.errors import answer_errors, not_taken, unavailable
from integrations.core.api.scopes import add_scope
from integrations.core.api.tokens import token_of

View = Callable[..., HttpResponse]
DESCRIPTION = """\
Send `Authorization: Bearer …` with every request; tokens are created in the portal under *Users and roles › API \
tokens*. Bodies are JSON in UTF-8 of at most 5 MB.

Every refusal reads `{"error": {"message": …, "field": …}}` and says what to correct. After 503 send the same request \
again: everything you write carries your own id, and what was written before is answered as a duplicate.

A batch holds up to 1,000 rows. Its answer has one entry a row; a row with an error doesn't refuse the others, unless \
you send `"all_or_nothing": true`.
"""


def _for_staff(view: Any) -> View:
    """The pages for those who may sign in; openapi.json also for programs with a valid token."""
    if view.func is not openapi_json:
        return cast(View, staff_member_required(view))

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            allowed = (request.user.is_active and request.user.is_staff) or token_of(request) is not None
        except (OperationalError, InterfaceError) as away:
            return unavailable(request, away)
        return view(request, *args, **kwargs) if allowed else api.on_exception(request, AuthenticationError())

    return guarded


class Docs(Swagger):
    """The page of django-ninja with files of this server, though its app isn't installed (see config/settings.py)."""

    template_cdn = str(settings.BASE_DIR / "templates" / "core" / "api_docs.html")


api = NinjaAPI(
    title="Integration portal",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    # Without validatorUrl Swagger would show the document to a server on the Internet.
    docs=Docs({"validatorUrl": None}),
    docs_decorator=_for_staff,
)
answer_errors(api)


def with_sentences(patterns: Iterable[Any]) -> None:
    """In English, as the documentation is: sources say what is wrong with a row in the language in force. And the one
    refusal that django-ninja makes outside its exception handlers: a method that an address doesn't take."""
    for pattern in patterns:
        pattern.callback = _with_sentence(pattern.callback)


def _with_sentence(view: View) -> View:
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override("en"):
            answer = view(request, *args, **kwargs)
        answer.headers["Content-Language"] = "en"
        return not_taken(answer) if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED else answer

    return answered


def register_api(name: str, label: Any, router: Router) -> None:
    """Serve a source's router at `/api/<name>/` for tokens that may use `name`."""
    add_scope(name, label)
    api.add_router(f"/{name}", router, auth=ApiTokenAuth(name), tags=[str(label)])
