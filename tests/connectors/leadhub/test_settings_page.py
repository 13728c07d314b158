"""The LeadHub Integration's pages as a browser sends them: the key is tried when it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadhub.models import LeadHubConnection, Notification
from integrations.core.models import Connection
from integrations.core.setup import MARKETING
from tests.sandbox_leadhub import LeadHubAccount
from tests.sources.loyalty.people import mia, shown

pytestmark = pytest.mark.django_db
ADD = "admin:leadhub_leadhubconnection_add"
CHANGE = "admin:leadhub_leadhubconnection_change"
WRONG = "not-the-key-0123456789"


def save(client: Client, leadhub: LeadHubAccount, key: str, connection: LeadHubConnection | None = None) -> str:
    """Save the first step with this key; returns the page that follows."""
    role = Group.objects.get(name=MARKETING)
    if connection:
        connection.access_roles.add(role)
    page = reverse(CHANGE, args=[connection.pk]) if connection else reverse(ADD)
    values = {
        "name": "LeadHub",
        "api_key": key,
        "api_address": leadhub.url,
        "calls_per_minute": 0,
        "_next": "",
    }
    return shown(client.post(f"{page}?step=key", values, follow=True))


def tags_sent(leadhub: LeadHubAccount) -> list[Any]:
    return [entry["tag"] for entry in leadhub.ledger(kind="tag")]


def state() -> str:
    return LeadHubConnection.objects.get().state


def test_the_first_key_activates_the_integration_by_its_test_tag(leadhub: LeadHubAccount) -> None:
    page = save(mia(), leadhub, leadhub.token)
    assert "the integration is on" in page
    assert state() == Connection.State.ENABLED
    assert tags_sent(leadhub) == ["ellity_test_connection"]


def test_a_key_leadhub_refuses_says_what_to_check_and_leaves_a_draft(leadhub: LeadHubAccount) -> None:
    page = save(mia(), leadhub, WRONG)
    assert "Check the API key is correct. LeadHub answered: 401 unauthorized." in page
    assert WRONG not in page
    assert 'name="api_key"' in page  # Where it can be corrected.
    assert state() == Connection.State.DRAFT


def test_a_key_that_is_changed_later_is_tried_as_well(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    client = mia()
    page = save(client, leadhub, WRONG, connection)
    assert "does not work. Check the API key is correct." in page
    page = save(client, leadhub, leadhub.token, connection)
    assert "does not work" not in page
    assert tags_sent(leadhub) == ["ellity_test_connection"]


def test_saving_without_a_new_key_tries_nothing(connection: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    save(mia(), leadhub, "", connection)
    assert tags_sent(leadhub) == []


def test_notification_before_expiry_has_send_or_not_first_and_the_days_second(connection: LeadHubConnection) -> None:
    connection.access_roles.add(Group.objects.get(name=MARKETING))
    client = mia()
    address = reverse(CHANGE, args=[connection.pk]) + "?step=expiry"
    page = shown(client.get(address))
    assert ">Send</option>" in page and ">Do not send</option>" in page
    assert page.index('name="expiry_notification"') < page.index('name="expiry_days"')
    values = {"expiry_notification": Notification.SEND, "expiry_days": 0, "time_zone": "Europe/Prague", "notify_to": ""}
    assert "greater than or equal to 1" in shown(client.post(address, values))
    client.post(address, values | {"expiry_days": 7})
    connection.refresh_from_db()
    assert (connection.expiry_notification, connection.expiry_days) == (Notification.SEND, 7)
