"""The source page driven as a browser does: who opens it, its addresses, and what its steps post."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.models import Connection
from integrations.core.setup import MARKETING
from tests.connectors.contactsend.pair import connect
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

NAME = "admin:contactsend_contactsendconnection"
WAY = re.compile(r'<span class="set-mark" aria-hidden="true">(.)</span>\s*<div>\s*<strong>(.*?)</strong>( – [^<\n]*)?')


@pytest.fixture
def mia(db: None) -> Client:
    """A marketing admin."""
    cache.clear()
    return signed_in("mia", MARKETING)


def signed_in(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def source(hub: ContacthubAccount, send: ContactsendAccount, db: None) -> ContactsendConnection:
    """An enabled source that Mia has access to."""
    return with_access(connect(hub, send))


def with_access(connection: ContactsendConnection) -> ContactsendConnection:
    connection.access_roles.add(Group.objects.get(name=MARKETING))
    return connection


def disable(connection: ContactsendConnection) -> None:
    connection.set_state(Connection.State.DISABLED, "by a test")


def url(connection: Connection, step: str = "", page: str = "change") -> str:
    arguments = [connection.pk, "customer"] if page == "mapping" else [connection.pk]
    return reverse(f"{NAME}_{page}", args=arguments) + (f"?step={step}" if step else "")


def source_step(connection: ContactsendConnection, **changes: Any) -> dict[str, Any]:
    columns = ("name", "description", "workspace", "node_id", "hub_address")
    values = {name: getattr(connection, name) for name in columns}
    return {**values, "hub_token": "", **changes}


def provider_step(connection: ContactsendConnection, **changes: Any) -> dict[str, Any]:
    values = {name: getattr(connection, name) for name in ("userdb_id", "send_address")}
    return {**values, "user_key": "", "api_key": "", **changes}


def behaviour_step(connection: ContactsendConnection, **changes: Any) -> dict[str, Any]:
    columns = (
        "conflict_rule", "deletes", "last_modified_field", "time_zone", "hub_calls_per_second",
        "send_calls_per_second", "notify_to",
    )  # fmt: skip
    return {**{name: getattr(connection, name) for name in columns}, **changes}


def rows(*wanted: dict[str, str]) -> dict[str, str]:
    """A formset's post."""
    posted = {"rows-TOTAL_FORMS": str(len(wanted)), "rows-INITIAL_FORMS": "0"}
    for number, row in enumerate(wanted):
        posted |= {f"rows-{number}-{name}": value for name, value in row.items()}
    return posted


def newsletter(hub_id: str = "newsletter-it", field: str = "__cls1", code: str = "") -> dict[str, str]:
    return {"hub_subscription_id": hub_id, "registration_field": field, "webform_code": code}


def way_of(response: Any) -> list[str]:
    """The guide on a page: "✓ Disable the source", "2 Empty the new node – it has 214 customers"."""
    found = WAY.findall(response.content.decode())
    return [f"{mark} {text}{detail}".strip() for mark, text, detail in found]


def errors_of(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = response.context["adminform"].form.errors
    return found
