"""The frame of the JSON API: who may use it, and how it refuses. Loyalty's customers stand for any source's API."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from integrations.core.api import errors
from integrations.core.api.tokens import new_token
from integrations.core.hooks import digest
from integrations.core.models import ApiToken
from tests.core.api_client import Program, refused
from tests.crawl import everything_stored

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/loyalty/customers"
SCHEMA = "/api/openapi.json"
DOCS = "/api/docs"


def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("dan", is_staff=True))
    return client


# -- tokens -----------------------------------------------------------------------------------------


def test_a_token_is_random_and_kept_as_a_digest_only() -> None:
    tokens = {new_token("Till", ["loyalty"])[1] for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)
    assert set(ApiToken.objects.values_list("digest", flat=True)) == {digest(token) for token in tokens}
    assert not any(token in everything_stored() for token in tokens)


def test_a_valid_token_is_let_in() -> None:
    assert Program("loyalty").get(CUSTOMERS).status_code == 200


def test_a_method_that_an_address_does_not_take_is_refused_with_a_sentence() -> None:
    response = Client().delete(CUSTOMERS)
    _, message = refused(response, 405)
    assert message == f"This address takes {response['Allow']}, nothing else. The addresses are listed at /api/docs."
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("token", [None, "wrong", "ærø", "x" * 5000])
def test_a_missing_or_wrong_token_is_unauthorized(token: str | None) -> None:
    program = Program(token=None if token is None else token.encode().decode("latin-1"))
    response = program.get(CUSTOMERS)
    field, message = refused(response, 401)
    assert (field, response["WWW-Authenticate"]) == (None, "Bearer")
    assert "Authorization: Bearer" in message


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token}x"])
def test_a_token_in_another_form_is_unauthorized(header: str) -> None:
    token = Program("loyalty").token
    response = Client(headers={"Authorization": header.format(token=token)}).get(CUSTOMERS)
    refused(response, 401)


def test_a_revoked_token_is_unauthorized_from_the_next_request_on() -> None:
    program = Program("loyalty")
    assert program.get(CUSTOMERS).status_code == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    refused(program.get(CUSTOMERS), 401)


def test_a_token_for_something_else_is_forbidden_and_the_answer_says_what_is_missing() -> None:
    _, message = refused(Program("cdp").get(CUSTOMERS), 403)
    assert "“Loyalty”" in message


def test_a_signed_in_person_without_a_token_is_unauthorized() -> None:
    refused(staff().get(CUSTOMERS), 401)


def test_the_day_of_use_is_written_once_a_day() -> None:
    program = Program("loyalty")
    day = datetime.datetime(2026, 3, 9, 12, tzinfo=datetime.UTC)
    with time_machine.travel(day, tick=False):
        program.get(CUSTOMERS)
        with_first = len(writes(lambda: program.get(CUSTOMERS)))
    assert ApiToken.objects.get().last_used_on == day.date()
    assert with_first == 0
    with time_machine.travel(day + datetime.timedelta(days=1), tick=False):
        assert len(writes(lambda: program.get(CUSTOMERS))) == 1
    assert ApiToken.objects.get().last_used_on == day.date() + datetime.timedelta(days=1)


def writes(call: Callable[[], Any]) -> list[str]:
    """The UPDATE statements of a call."""
    found: list[str] = []

    def listen(execute: Any, sql: str, *arguments: Any) -> Any:
        found.extend([sql] if sql.startswith("UPDATE") else [])
        return execute(sql, *arguments)

    with connection.execute_wrapper(listen):
        call()
    return found


# -- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"email": "' + b"9" * 10])
def test_malformed_json_is_refused_with_a_sentence(body: bytes) -> None:
    _, message = refused(Program("loyalty").post(CUSTOMERS, body), 422)
    assert "JSON" in message


def test_an_empty_body_is_refused_with_a_sentence() -> None:
    assert refused(Program("loyalty").post(CUSTOMERS, b""), 422) == (None, errors.EMPTY)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"12"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    refused(Program("loyalty").post(CUSTOMERS, body), 422)


def test_a_body_above_the_cap_is_not_read() -> None:
    body = b'{"email": "' + b"a" * (errors.MAX_BODY_MB * 1024 * 1024) + b'"}'
    _, message = refused(Program("loyalty").post(CUSTOMERS, body), 413)
    assert f"{errors.MAX_BODY_MB} MB" in message


def test_a_large_body_without_a_token_is_unauthorized_and_not_read() -> None:
    body = b" " * (errors.MAX_BODY_MB * 1024 * 1024 + 1)
    refused(Program(token=None).post(CUSTOMERS, body), 401)


@pytest.mark.parametrize("path", ["/api/nothing", "/api/loyalty/nothing", f"{CUSTOMERS}/"])
def test_an_unknown_address_is_not_found_as_json(path: str) -> None:
    refused(Program("loyalty").get(path), 404)
    program = Program("loyalty")
    program.client.handler.enforce_csrf_checks = True
    refused(program.post(path, {}), 404)


@pytest.mark.parametrize("path", [CUSTOMERS, SCHEMA])
def test_without_the_database_it_says_when_to_come_again(path: str) -> None:
    program = Program("loyalty")

    def away(*arguments: Any) -> Any:
        raise OperationalError("could not connect to secret-host")

    with connection.execute_wrapper(away):
        response = program.get(path)
    _, message = refused(response, 503)
    assert int(response["Retry-After"]) > 0
    assert "secret-host" not in message


def test_what_went_wrong_inside_is_in_the_log_without_the_data(caplog: pytest.LogCaptureFixture) -> None:
    program = Program("loyalty")
    canary = "canary-" + "in-the-message"

    def broken(*arguments: Any) -> Any:
        raise RuntimeError(canary)

    with connection.execute_wrapper(broken):
        _, message = refused(program.get(CUSTOMERS), 500)
    assert "Traceback" not in message
    assert "RuntimeError" in caplog.text
    assert "valid_token" in caplog.text
    assert canary not in caplog.text + message


def test_a_token_stands_in_no_log_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    program = Program()
    answers = [program.get(CUSTOMERS), program.post(CUSTOMERS, b"{"), program.get("/api/nothing"), program.get(SCHEMA)]
    assert program.token
    assert all(program.token.encode() not in answer.content for answer in answers)
    assert program.token not in caplog.text


# -- documentation ----------------------------------------------------------------------------------


def test_the_documentation_is_for_those_who_may_sign_in() -> None:
    assert Client().get(DOCS).status_code == 302
    assert Client().get(DOCS)["Location"].startswith("/admin/login/")
    assert Program("loyalty").get(DOCS).status_code == 302
    customer = Client()
    customer.force_login(User.objects.create_user("no-staff"))
    assert customer.get(DOCS).status_code == 302
    refused(customer.get(SCHEMA), 401)


def test_the_documentation_loads_nothing_from_elsewhere_and_runs_no_inline_script() -> None:
    page = staff().get(DOCS)
    html = page.content.decode()
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", html)
    assert all('type="application/json"' in attributes for attributes in inline)
    assert '"validatorUrl": null' in html
    assert "script-src 'self' 'unsafe-eval'" in page["Content-Security-Policy"]


def test_the_schema_is_for_staff_and_for_programs_with_a_token() -> None:
    refused(Client().get(SCHEMA), 401)
    refused(Program(token="wrong").get(SCHEMA), 401)
    for reader in (staff(), Program("cdp")):
        schema = reader.get(SCHEMA).json()
        assert schema["openapi"].startswith("3.")
        assert schema["components"]["securitySchemes"]["ApiTokenAuth"] == {"type": "http", "scheme": "bearer"}


def test_every_operation_says_what_it_does_and_needs_a_token() -> None:
    operations = [
        operation
        for methods in Program("loyalty").get(SCHEMA).json()["paths"].values()
        for operation in methods.values()
    ]
    assert operations
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == [{"ApiTokenAuth": []}]
        assert {"401", "403", "422", "503"} <= {str(status) for status in operation["responses"]}


# -- its language -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "message"), [("nobody", "This is not a valid e-mail address."), (7, "Write text in quotes.")]
)
def test_answers_are_in_english_whatever_language_is_asked_for(email: Any, message: str) -> None:
    program = Program("loyalty")
    program.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "da"
    answer = program.post(f"{CUSTOMERS}/batch", {"rows": [{"external_id": "1", "email": email}]})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "en")
    assert answer.json()["rows"][0]["error"]["message"] == message
