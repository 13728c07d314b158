"""Every refusal of the API as a plain sentence: `{"error": {"message": …, "field": …}}`. Never a stack trace."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

logger = logging.getLogger(__name__)

MAX_BODY_MB = 5
RETRY_SECONDS = "30"
# Two requests wrote the same record at the same moment: the second one finds it when it comes again.
CLASH_SECONDS = "1"
UNAUTHORIZED = (
    "Send a valid API token in the header “Authorization: Bearer …”. Tokens are created in the portal under Users and "
    "roles › API tokens."
)
NOT_JSON = "The body is not valid JSON. Correct it and send it again."
EMPTY = "The body is empty. Send JSON, with its length in the header “Content-Length”."
TOO_LARGE = f"The body is larger than {MAX_BODY_MB} MB and was not read. Send fewer rows a request."
NOTHING_HERE = "There is nothing at this address. The addresses are listed at /api/docs."
NOT_TAKEN = "This address takes {methods}, nothing else. The addresses are listed at /api/docs."
AWAY = "The portal's database can't be reached at the moment. Send the request again later."
CLASH = "Another request wrote the same record at the same moment. Nothing was changed; send this one again."
BROKEN = "Something went wrong in the portal. The server's log says what."

# By pydantic's type of error (https://docs.pydantic.dev/latest/errors/validation_errors/), with the values it names.
SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no field of this name.",
    "int_type": "Write a whole number without quotes, like 100.",
    "int_from_float": "Write a whole number, like 100.",
    "int_parsing": "Write a whole number, like 100.",
    "string_type": "Write text in quotes.",
    "string_unicode": "The text holds a character that doesn't exist in Unicode.",
    "bool_type": "Write true or false, without quotes.",
    "list_type": "Write a list, in square brackets.",
    "model_type": "Write an object, in curly brackets.",
    "model_attributes_type": "Write an object, in curly brackets.",
    "dict_type": "Write an object, in curly brackets.",
    "string_too_long": "Write at most {max_length} characters.",
    "string_too_short": "Write at least {min_length} character.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than_equal": "Write {le} or less.",
    "literal_error": "Write one of {expected}.",
    "too_long": "At most {max_length} rows a request; this one has {actual_length}. Send the others in another one.",
    "too_short": "Send at least one row.",
}


def error(status: int, message: str, field: str | None = None, *, retry_after: str = "") -> HttpResponse:
    headers = {"Retry-After": retry_after} if retry_after else {}
    headers |= {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return JsonResponse({"error": {"message": message, "field": field}}, status=status, headers=headers)


def first_problem(errors: Sequence[Mapping[str, Any]], *, skip: int = 0) -> tuple[str | None, str]:
    """Field (a dotted path without its first `skip` parts; None for the whole) and sentence of pydantic's first error.

    Never the value itself: it may be a PIN.
    """
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"][skip:]) or None
    sentence = SENTENCES.get(first["type"])
    if sentence is None:
        return field, first["msg"]
    limits = {key: f"{value:,}" if isinstance(value, int) else value for key, value in first.get("ctx", {}).items()}
    return field, sentence.format_map(limits)


def answer_errors(api: NinjaAPI) -> None:
    """Make `api` answer with sentences."""
    for exception, answer in ANSWERS.items():
        api.add_exception_handler(exception, answer)


def not_found(request: HttpRequest, problem: Any = None, **kwargs: Any) -> HttpResponse:
    return error(404, str(problem or "") or NOTHING_HERE)


def not_taken(answer: HttpResponse) -> HttpResponse:
    """django-ninja's own 405 is plain text."""
    methods = ", ".join(sorted(answer["Allow"].split(", ")))
    refusal = error(405, NOT_TAKEN.format(methods=methods))
    refusal["Allow"] = methods
    return refusal


def unavailable(request: HttpRequest, problem: Any = None) -> HttpResponse:
    logger.error("The API couldn't reach the database: %s", type(problem).__name__)
    return error(503, AWAY, retry_after=RETRY_SECONDS)


def _unauthorized(request: HttpRequest, problem: Any) -> HttpResponse:
    return error(401, UNAUTHORIZED)


def _refused(request: HttpRequest, problem: Any) -> HttpResponse:
    # ninja's 400 means one thing: it couldn't parse the body.
    return (
        error(422, NOT_JSON)
        if problem.status_code == HTTPStatus.BAD_REQUEST
        else error(problem.status_code, str(problem))
    )


def _invalid(request: HttpRequest, problem: Any) -> HttpResponse:
    # ninja names the place ("body", "query") and, for a body, the parameter first.
    in_body = problem.errors[0]["loc"][0] == "body"
    field, message = first_problem(problem.errors, skip=2 if in_body else 1)
    empty = in_body and field is None and problem.errors[0]["type"] == "missing"
    return error(422, EMPTY if empty else message, field)


def _too_large(request: HttpRequest, problem: Any) -> HttpResponse:
    return error(413, TOO_LARGE)


def _clash(request: HttpRequest, problem: Any) -> HttpResponse:
    return error(503, CLASH, retry_after=CLASH_SECONDS)


def _broken(request: HttpRequest, problem: Any) -> HttpResponse:
    # The places without the exception's own text, which may quote the data.
    places = "".join(traceback.format_tb(problem.__traceback__))
    logger.error("%s %s failed: %s\n%s", request.method, request.path, type(problem).__name__, places)
    return error(500, BROKEN)


ANSWERS: Mapping[type[Exception], Any] = MappingProxyType(
    {
        Http404: not_found,
        AuthenticationError: _unauthorized,
        HttpError: _refused,
        ValidationError: _invalid,
        RequestDataTooBig: _too_large,
        IntegrityError: _clash,
        OperationalError: unavailable,
        InterfaceError: unavailable,
        Exception: _broken,
    }
)
