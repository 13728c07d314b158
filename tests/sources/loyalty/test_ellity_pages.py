"""Ellity's webhook in the portal: its URL is shown once, its calls stay visible, personal data only to some."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from integrations.core.models import ApiToken
from integrations.sources.loyalty import ellity
from integrations.sources.loyalty.models_ellity import WebhookCall

pytestmark = pytest.mark.django_db
ADDRESS = reverse("admin:loyalty_webhookcall_address")
CALLS = reverse("admin:loyalty_webhookcall_changelist")
BODY = json.dumps({"customer": {"id": "48213", "email": "anna@example.test", "credit": "many"}}).encode()


def person(*permissions: str) -> Client:
    user = User.objects.create_user("mia", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mia() -> Client:
    """She sees the calls and may make the URL."""
    return person("view_webhookcall", "change_ellity_address")


def path_in(page: str, field: str) -> str:
    [value] = re.findall(rf'id="{field}"[^>]* value="([^"]+)"', page)
    return "/" + html.unescape(value).partition("://")[2].partition("/")[2]


def test_the_url_is_shown_once_with_copy_buttons_and_works(mia: Client) -> None:
    page = mia.post(ADDRESS).content.decode()
    path = path_in(page, "hook-address")
    assert 'data-copy="hook-address"' in page
    assert Client().post(path, BODY, content_type="application/json").status_code == 202
    token = path.rstrip("/").rpartition("/")[2]
    assert token not in mia.get(ADDRESS).content.decode()
    assert token not in mia.get(CALLS).content.decode()
    assert not LogEntry.objects.filter(change_message__contains=token).exists()


def test_the_url_for_calls_without_a_body_names_ellitys_variables(mia: Client) -> None:
    path = path_in(mia.post(ADDRESS).content.decode(), "hook-address-query")
    for name, value in (
        ("customer.id", "1"),
        ("customer.email", ""),
        ("customer.credit", "5"),
        ("creditChange.value", "5"),
    ):
        assert f"#{name}#" in path
        path = path.replace(f"#{name}#", value)
    assert Client().get(path).status_code == 202
    assert WebhookCall.objects.get().status == "applied"


def test_the_page_shows_the_body_for_ellitys_form(mia: Client) -> None:
    page = mia.get(ADDRESS).content.decode()
    [shown] = re.findall(r'<textarea id="hook-body"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert html.unescape(shown) == ellity.BODY
    assert json.loads(ellity.BODY)["creditChange"] == {"value": "#creditChange.value#"}


def test_a_revoked_url_no_longer_works(mia: Client) -> None:
    path = path_in(mia.post(ADDRESS).content.decode(), "hook-address")
    mia.post(reverse("admin:loyalty_webhookcall_address_revoke", args=[ApiToken.objects.get().pk]))
    assert Client().post(path, BODY, content_type="application/json").status_code == 404
    assert "no longer works" in mia.get(ADDRESS).content.decode()


def test_a_token_of_the_api_cannot_be_revoked_here(mia: Client) -> None:
    token = ApiToken.objects.create(name="Till", digest="x", scopes=["loyalty"])
    assert mia.post(reverse("admin:loyalty_webhookcall_address_revoke", args=[token.pk])).status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_who_may_only_look_makes_and_revokes_no_url() -> None:
    client = person("view_webhookcall")
    token = ApiToken.objects.create(name="Ellity", digest="x", scopes=["ellity-webhook"])
    assert client.get(ADDRESS).status_code == 200
    assert client.post(ADDRESS).status_code == 403
    assert client.post(reverse("admin:loyalty_webhookcall_address_revoke", args=[token.pk])).status_code == 403
    assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 1


def test_who_may_not_see_the_calls_sees_neither_page() -> None:
    client = person()
    assert {client.get(page).status_code for page in (ADDRESS, CALLS)} == {403}


@pytest.mark.parametrize(("permission", "seen"), [("view_personal_data", True), ("view_event", False)])
def test_a_call_that_was_not_applied_shows_its_reason_and_what_came_to_those_who_may(
    permission: str, seen: bool
) -> None:
    client = person("view_webhookcall", "change_ellity_address", permission)
    path = path_in(client.post(ADDRESS).content.decode(), "hook-address")
    Client().post(path, BODY, content_type="application/json")
    call = WebhookCall.objects.get()
    listed = client.get(CALLS).content.decode()
    assert "Not applied" in listed
    assert "customer.credit is not a whole number" in listed
    page = client.get(reverse("admin:loyalty_webhookcall_change", args=[call.pk])).content.decode()
    assert ("anna@example.test" in page) is seen
    assert ("48213" in page) is seen
    assert "anna@example.test" not in listed


@pytest.mark.parametrize("body", [b"\xff{", None, b"customer.id=48213&customer.email=anna%40example.test"])
def test_a_call_in_any_form_has_a_page(body: bytes | None) -> None:
    client = person("view_webhookcall")
    call = WebhookCall.objects.create(body=body, status="refused")
    page = client.get(reverse("admin:loyalty_webhookcall_change", args=[call.pk]))
    assert page.status_code == 200
    assert "48213" not in page.content.decode()
