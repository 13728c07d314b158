"""Connector Access: by role or by a user field, on a step of its own of every settings page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.models import Connection, SettingsVersion, UserField, UserFieldValue
from integrations.core.registry import all_connectors
from integrations.core.setup import MARKETING, write_groups
from tests.core.log_rows import log_in, make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def employee(db: None) -> UserField:
    write_groups()
    return UserField.objects.create(name="Is Employee")


@pytest.fixture
def shop(employee: UserField) -> LeadSquaredConnection:
    return make_connection("Shop")


def somebody(name: str, *yes: UserField) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    for field in yes:
        UserFieldValue.objects.create(field=field, user=user)
    return user


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def access_step(connection: Connection) -> str:
    return reverse("admin:leadsquared_leadsquaredconnection_change", args=[connection.pk]) + "?step=access"


def by_field(connection: Connection, field: UserField | None) -> None:
    Connection.objects.filter(pk=connection.pk).update(access_by="user_field", access_field=field)


# -- who sees what --------------------------------------------------------------------------------


def test_by_role_the_field_counts_for_nothing_and_the_other_way_round(
    shop: LeadSquaredConnection, employee: UserField
) -> None:
    sam, eva = somebody("sam"), somebody("eva", employee)
    sam.groups.set([role := Group.objects.create(name="Sellers")])
    shop.access_roles.add(role)
    shop.access_field = employee
    shop.save()

    def seen_by(user: Any) -> bool:
        return Connection.objects.visible_to(user).filter(pk=shop.pk).exists()

    assert (seen_by(sam), seen_by(eva)) == (True, False)
    by_field(shop, employee)
    assert (seen_by(sam), seen_by(eva)) == (False, True)
    by_field(shop, None)
    assert (seen_by(sam), seen_by(eva), seen_by(AnonymousUser())) == (False, False, False)
    assert seen_by(User.objects.create_superuser("root"))


def test_two_roles_show_a_connection_once(shop: LeadSquaredConnection) -> None:
    user = somebody("mia")
    user.groups.add(Group.objects.create(name="Sellers"))
    shop.access_roles.set(user.groups.all())
    assert Connection.objects.visible_to(user).count() == 1


# -- the step -------------------------------------------------------------------------------------


def test_every_settings_page_ends_with_it(employee: UserField) -> None:
    for _, connector in all_connectors():
        page: Any = admin.site._registry[connector.model]
        assert [step.name for step in page.steps].count("access") == 1
        assert page.steps[-1].name == "access"
        others = [name for step in page.steps[:-1] for _, part in step.fieldsets for name in part["fields"]]
        assert not {"access_by", "access_roles", "access_field"} & set(others)


def test_save_details_keeps_the_choice_in_history_and_version(shop: LeadSquaredConnection, employee: UserField) -> None:
    eva = somebody("eva", employee)
    shop.access_roles.set(eva.groups.all())
    browser = browser_of(eva)
    page = browser.get(access_step(shop)).content.decode()
    for words in ("Save Details", "Based on Role", "Specify Roles", "Advanced (User Level)", "Is Employee"):
        assert words in page
    browser.post(access_step(shop), {"access_by": "user_field", "access_field": employee.pk, "access_roles": []})
    shop.refresh_from_db()
    assert (shop.access_by, shop.access_field) == ("user_field", employee)
    settings = SettingsVersion.objects.latest("pk").snapshot["settings"]
    assert (settings["access_by"], settings["access_field"], settings["access_roles"]) == (
        "user_field",
        employee.pk,
        [],
    )
    history = reverse("admin:leadsquared_leadsquaredconnection_history", args=[shop.pk])
    text = browser.get(history).content.decode()
    assert "Based on Role → Advanced (User Level)" in text
    assert "– → Is Employee" in text
    assert f"{MARKETING} → –" in text


def test_nobody_locks_themselves_out(shop: LeadSquaredConnection, employee: UserField) -> None:
    mia = somebody("mia")
    shop.access_roles.set(mia.groups.all())
    browser = browser_of(mia)
    by_field = {"access_by": "user_field", "access_roles": [group.pk for group in mia.groups.all()]}
    page = browser.post(access_step(shop), by_field | {"access_field": employee.pk}).content.decode()
    assert "Your own value of “Is Employee” is not Yes" in page
    assert "Choose the field that decides." in browser.post(access_step(shop), by_field).content.decode()
    assert "Choose at least one role" in browser.post(access_step(shop), {"access_by": "role"}).content.decode()
    assert log_in(None).post(access_step(shop), by_field | {"access_field": employee.pk}).status_code == 302


def test_who_has_no_role_adds_no_connection(employee: UserField) -> None:
    user = User.objects.create_user("lone", is_staff=True)
    user.user_permissions.set(Group.objects.get(name=MARKETING).permissions.all())
    values = {"name": "Mine", "region": "api.leadsquared.com", "calls_per_5s": 10, "bulk_calls_per_5s": 1}
    page = browser_of(user).post(reverse("admin:leadsquared_leadsquaredconnection_add"), values)
    assert "You have no role, so you could not open this connection again." in page.content.decode()
    assert not Connection.objects.exists()


# -- user fields ----------------------------------------------------------------------------------


def test_an_administrator_sets_a_users_fields_and_the_connections_history_tells(
    shop: LeadSquaredConnection, employee: UserField
) -> None:
    mia = somebody("mia")
    by_field(shop, employee)
    root = log_in(None)
    page = reverse("admin:auth_user_change", args=[mia.pk])
    values = {
        "username": "mia",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "10:00:00",
        "groups": [group.pk for group in mia.groups.all()],
    }
    assert "Is Employee" in root.get(page).content.decode()
    assert root.post(page, values | {"user_fields": [employee.pk]}).status_code == 302
    assert Connection.objects.visible_to(mia).exists()
    root.post(page, values)
    assert not Connection.objects.visible_to(mia).exists()
    history = reverse("admin:leadsquared_leadsquaredconnection_history", args=[shop.pk])
    text = root.get(history).content.decode()
    assert text.count("Connector Access of mia") == 2
    assert "No → Yes" in text
    assert "Yes → No" in text


def test_a_field_that_decides_access_is_not_deleted(shop: LeadSquaredConnection, employee: UserField) -> None:
    by_field(shop, employee)
    root = log_in(None)
    page = reverse("admin:core_userfield_delete", args=[employee.pk])
    assert "Shop" in root.get(page).content.decode()
    root.post(page, {"post": "yes"})
    assert UserField.objects.filter(pk=employee.pk).exists()
    shop.set_state(Connection.State.REMOVED)
    root.post(page, {"post": "yes"})
    assert not UserField.objects.exists()
