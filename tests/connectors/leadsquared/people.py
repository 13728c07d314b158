"""Who works with a Lead Sync connection in tests, and the addresses of its pages.

PYTEST_DONT_REWRITE: there are no assertions here, and the test modules import it before pytest does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.models import Connection
from integrations.core.setup import MARKETING, write_groups


@pytest.fixture
def nothing_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def groups(db: None, nothing_remembered: None) -> None:
    write_groups()


def person(name: str, role: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mia(groups: None) -> Client:
    """A marketing admin."""
    return person("mia", MARKETING)


@pytest.fixture
def leadsync(make_leadsync: Callable[..., LeadSquaredConnection], groups: None) -> LeadSquaredConnection:
    """A connection that marketing admins have access to."""
    connection = make_leadsync()
    connection.access_roles.add(Group.objects.get(name=MARKETING))
    return connection


def url(page: str, connection: Connection, *args: Any, step: str = "") -> str:
    address = reverse(f"admin:leadsquared_leadsquaredconnection_{page}", args=[connection.pk, *args])
    return f"{address}?step={step}" if step else address


def shown(response: Any) -> str:
    return str(response.content.decode())


def saved(connection: Connection) -> LeadSquaredConnection:
    return LeadSquaredConnection.objects.get(pk=connection.pk)
