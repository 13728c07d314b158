"""What somebody reads who follows an old link, may not open a page, or meets a bug."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.views import defaults

from tests.core.log_rows import MARKETING, log_in

pytestmark = pytest.mark.django_db
FIRST_PAGE = 'href="/admin/"'


def text_of(response: Any) -> str:
    return response.content.decode()


def test_a_page_that_is_not_there_says_so_and_leads_back() -> None:
    for response in (Client().get("/nothing/"), log_in(None).get("/admin/core/event/999/change/")):
        assert response.status_code == 404
        assert "There is no such page" in text_of(response)
        assert FIRST_PAGE in text_of(response)


def test_a_page_of_another_role_says_whom_to_ask() -> None:
    response = log_in(MARKETING).get("/admin/core/apitoken/")
    assert response.status_code == 403
    assert "Ask an administrator" in text_of(response)
    assert FIRST_PAGE in text_of(response)


def test_a_form_that_stood_open_too_long_says_that_nothing_was_saved() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("admin"))
    response = client.post("/admin/core/event/1/retry/")
    assert response.status_code == 403
    assert "nothing was saved" in text_of(response)


def test_a_bug_shows_a_sentence_also_without_a_database(rf: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        broken = text_of(defaults.server_error(rf.get("/")))
        odd = text_of(defaults.bad_request(rf.get("/"), SuspiciousOperation("why")))
    assert "Something went wrong in the portal" in broken
    assert "Go back and try again" in odd
    assert "why" not in odd
