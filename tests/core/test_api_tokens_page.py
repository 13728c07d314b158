"""API tokens in the portal: shown once, listed without their value, revoked, and not everybody's business."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from integrations.core.models import ApiToken
from integrations.core.setup import MARKETING, write_groups
from tests.core.api_client import Program, refused

pytestmark = pytest.mark.django_db
LIST = reverse("admin:core_apitoken_changelist")
ADD = reverse("admin:core_apitoken_add")
CUSTOMERS = "/api/loyalty/customers"


@pytest.fixture
def ada() -> Client:
    """An administrator."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


def mia(*permissions: str) -> Client:
    """A marketing admin, with these permissions besides."""
    write_groups()
    user = User.objects.create_user("mia", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def create(client: Client, **changes: object) -> str:
    response = client.post(ADD, {"name": "Till in Aarhus", "scopes": ["loyalty"], **changes})
    assert response.status_code == 200
    return response.content.decode()


def token_in(page: str) -> str:
    [value] = re.findall(r'id="api-token"[^>]* value="([^"]+)"', page)
    return value


def test_a_new_token_is_shown_once_with_a_copy_button_and_works(ada: Client) -> None:
    page = create(ada)
    token = token_in(page)
    assert 'data-copy="api-token"' in page
    assert Program(token=token).get(CUSTOMERS).status_code == 200
    made = ApiToken.objects.get()
    assert (made.name, made.scopes, made.created_by) == ("Till in Aarhus", ["loyalty"], "ada")
    listed = ada.get(LIST).content.decode()
    assert "Till in Aarhus" in listed
    assert token not in listed
    assert made.digest not in listed
    assert not LogEntry.objects.filter(change_message__contains=token).exists()


@pytest.mark.parametrize("changes", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}])
def test_a_token_needs_a_name_and_something_it_may_use(ada: Client, changes: dict[str, object]) -> None:
    assert 'id="api-token"' not in create(ada, **changes)
    assert not ApiToken.objects.exists()


def test_a_revoked_token_no_longer_works_and_the_list_says_so(ada: Client) -> None:
    program = Program(token=token_in(create(ada)))
    kept = Program("loyalty")
    first = ApiToken.objects.get(name="Till in Aarhus")
    ada.post(LIST, {"action": "revoke", "_selected_action": [first.pk]})
    refused(program.get(CUSTOMERS), 401)
    assert kept.get(CUSTOMERS).status_code == 200
    assert "Revoked" in ada.get(LIST).content.decode()
    assert LogEntry.objects.filter(object_id=str(first.pk), change_message__contains="Revoked").exists()


def test_marketing_admins_see_no_tokens_unless_they_may() -> None:
    client = mia()
    assert client.get(LIST).status_code == client.get(ADD).status_code == 403
    assert LIST not in client.get(reverse("admin:index")).content.decode()


def test_who_may_only_look_neither_creates_nor_revokes() -> None:
    client = mia("view_apitoken")
    Program("loyalty")
    token = ApiToken.objects.get()
    assert client.get(LIST).status_code == 200
    assert client.get(ADD).status_code == 403
    client.post(LIST, {"action": "revoke", "_selected_action": [token.pk]})
    assert ApiToken.objects.get().revoked_at is None


def test_the_sidebar_leads_those_who_may_to_the_tokens() -> None:
    assert LIST in mia("view_apitoken").get(reverse("admin:index")).content.decode()


def test_a_token_can_be_neither_changed_nor_deleted(ada: Client) -> None:
    Program("loyalty")
    pk = ApiToken.objects.get().pk
    ada.post(reverse("admin:core_apitoken_change", args=[pk]), {"name": "Other", "scopes": ["cdp"]})
    assert ada.post(reverse("admin:core_apitoken_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert (ApiToken.objects.get().name, ApiToken.objects.get().scopes) == ("Till", ["loyalty"])
