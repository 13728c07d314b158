"""Who works with loyalty customers in the portal, and the addresses of their pages."""

from __future__ import annotations

import html
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from integrations.core.setup import MARKETING, SUPPORT, write_groups
from integrations.sources.loyalty.models import Customer

LIST = reverse("admin:loyalty_customer_changelist")
ADD = reverse("admin:loyalty_customer_add")
SETTINGS = reverse("admin:loyalty_loyaltysettings_change", args=[1])
PIN_MAILS = reverse("admin:loyalty_pinmail_changelist")
IMPORT = reverse("admin:loyalty_customer_import")


def person(name: str, group: str | None, *permissions: str, checks_csrf: bool = False) -> Client:
    write_groups()
    user = User.objects.create_user(name, is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(enforce_csrf_checks=checks_csrf)
    client.force_login(user)
    return client


def mia(*permissions: str, **options: Any) -> Client:
    """A marketing admin, with these permissions besides."""
    return person("mia", MARKETING, *permissions, **options)


def sam(*permissions: str) -> Client:
    """Of the support."""
    return person("sam", SUPPORT, *permissions)


def page_of(customer: Customer, page: str = "change") -> str:
    return reverse(f"admin:loyalty_customer_{page}", args=[customer.pk])


def shown(response: Any) -> str:
    """The text of a page as a browser has it."""
    return html.unescape(response.content.decode())
