"""Revert to this version: what it shows, what it refuses, and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection as database  # noqa: F401 – for the condition of `skipif`
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core import versions
from integrations.core.models import Connection, FieldMapping, SettingsVersion
from integrations.core.setup import MARKETING, SUPPORT, write_groups
from tests.at_once import at_once
from tests.connectors.leadsquared.people import person, saved, shown, url
from tests.core.toy import deliver, lead

pytest_plugins = ("tests.connectors.leadsquared.people",)


@pytest.fixture
def old(leadsync: LeadSquaredConnection) -> SettingsVersion:
    """A version with another lead source and mapping than today's."""
    version = versions.record_version(leadsync)
    leadsync.lead_source = "Second account"
    leadsync.save()
    row = leadsync.mappings.get(record_type="lead", target="FirstName")
    row.source, row.default = "GivenName", "friend"
    row.save()
    leadsync.mappings.get(record_type="lead", target="LastName").delete()
    versions.record_version(leadsync)
    return version


def page(version: SettingsVersion) -> str:
    return url("version", version.connection, version.number)


def revert(client: Client, version: SettingsVersion) -> Any:
    return client.post(page(version), {"from": versions.current_version(version.connection)}, follow=True)


def test_it_shows_the_difference_and_looking_changes_nothing(mia: Client, leadsync: Any, old: SettingsVersion) -> None:
    now = versions.snapshot(leadsync)
    text = shown(mia.get(page(old)))
    for line in (
        "Second account",
        "GivenName, default “friend”",
        "Mapping of Lead, LastName",
        "Revert to this version",
    ):
        assert line in text
    assert versions.snapshot(leadsync) == now


def test_settings_and_mapping_are_as_they_were_in_one_new_version_of_the_user(
    mia: Client, leadsync: Any, old: SettingsVersion
) -> None:
    kept = leadsync.mappings.get(record_type="lead", target="FirstName").pk
    before = SettingsVersion.objects.count()
    assert f"The settings are those of version {old.number} again." in shown(revert(mia, old))
    assert saved(leadsync).lead_source == ""
    row = FieldMapping.objects.get(pk=kept)
    assert (row.source, row.default) == ("FirstName", "")
    assert leadsync.mappings.filter(record_type="lead", target="LastName").exists()
    assert SettingsVersion.objects.count() == before + 1
    assert SettingsVersion.objects.latest("number").created_by.username == "mia"  # type: ignore[union-attr]
    assert row.history.latest().history_user.username == "mia"
    assert "there is nothing to revert" in shown(mia.get(page(old)))


def test_a_role_that_is_gone_is_said_and_nothing_changes(mia: Client, leadsync: Any) -> None:
    pirates = Group.objects.create(name="Pirates")
    leadsync.access_roles.add(pirates)
    version = versions.record_version(leadsync)
    pirates.delete()
    versions.record_version(leadsync)
    now = versions.snapshot(leadsync)
    assert "There is no group “Pirates” here" in shown(revert(mia, version))
    assert versions.snapshot(leadsync) == now


def test_a_version_of_another_address_wants_the_keys_again(mia: Client, leadsync: Any) -> None:
    version = versions.record_version(leadsync)
    LeadSquaredConnection.objects.filter(pk=leadsync.pk).update(region="api.leadsquared.com", api_address="")
    versions.record_version(leadsync)
    text = shown(revert(mia, version))
    assert "This version sends to another address." in text
    assert "Revert to this version</button>" not in text
    assert saved(leadsync).region == "api.leadsquared.com"


def test_changed_keys_are_named_and_stay(mia: Client, leadsync: Any, old: SettingsVersion) -> None:
    leadsync = saved(leadsync)
    leadsync.secret_key = "canary"
    leadsync.secrets_set = {**leadsync.secrets_set, "secret_key": {"at": "2026-03-01T00:00:00+00:00", "by": "bo"}}
    leadsync.save()
    versions.record_version(leadsync)
    text = shown(mia.get(page(old)))
    assert "Not reverted, because old values are never kept: Secret Key." in text
    revert(mia, old)
    assert (saved(leadsync).secret_key, saved(leadsync).lead_source) == ("canary", "")


def test_what_somebody_saved_since_the_page_was_opened_is_not_overwritten(
    mia: Client, leadsync: Any, old: SettingsVersion
) -> None:
    looked_at = versions.current_version(leadsync)
    LeadSquaredConnection.objects.filter(pk=leadsync.pk).update(lead_source="Newer")
    versions.record_version(saved(leadsync))
    answer = mia.post(page(old), {"from": looked_at}, follow=True)
    assert "Somebody saved the settings meanwhile." in shown(answer)
    assert saved(leadsync).lead_source == "Newer"


# -- who may ---------------------------------------------------------------------------------------


def test_support_and_strangers_reach_no_version(mia: Client, leadsync: Any, old: SettingsVersion) -> None:
    support = person("sam", SUPPORT)
    leadsync.access_roles.add(Group.objects.get(name=SUPPORT))
    assert support.get(page(old)).status_code == 403
    assert revert(support, old).status_code == 403
    leadsync.access_roles.clear()
    assert mia.get(page(old)).status_code == 404
    assert revert(mia, old).status_code == 404
    assert saved(leadsync).lead_source == "Second account"


def test_one_who_may_only_look_sees_the_version_without_the_button(leadsync: Any, old: SettingsVersion) -> None:
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_leadsquaredconnection"))
    user.groups.add(leadsync.access_roles.get())
    user.groups.get().permissions.clear()
    vera = Client()
    vera.force_login(user)
    text = shown(vera.get(page(old)))
    assert f"Version {old.number}" in text
    assert "Revert to this version" not in text
    assert revert(vera, old).status_code == 403


def test_a_version_there_never_was_is_not_found(mia: Client, leadsync: Any) -> None:
    assert mia.get(url("version", leadsync, 99)).status_code == 404


# -- history ---------------------------------------------------------------------------------------


def test_the_history_is_grouped_by_version_and_tells_who_switched_it(
    mia: Client, leadsync: Any, old: SettingsVersion
) -> None:
    mia.post(url("do", leadsync, "disable"))
    text = shown(mia.get(url("history", leadsync)))
    assert text.index("in force") < text.rindex("Disabled by mia") < text.index("Second account")
    assert text.index("Second account") < text.index(f">Version {old.number}<")
    assert page(old) in text
    Connection.objects.filter(pk=leadsync.pk).update(state=Connection.State.ENABLED)


def test_an_event_leads_to_the_version_it_ran_under(mia: Client, leadsync: Any) -> None:
    [event] = deliver(leadsync, lead(1))
    panel = reverse("admin:core_event_change", args=[event.pk])
    version = event.version
    assert version is not None
    assert page(version) in shown(mia.get(panel))
    leadsync.access_roles.add(Group.objects.get(name=SUPPORT))
    assert "/versions/" not in shown(person("sam", SUPPORT).get(panel))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("database.vendor == 'sqlite'", reason="the tests' SQLite is in memory: one writes at a time")
def test_of_two_who_revert_at_once_one_is_told_to_look_again(
    destination: Any, make_leadsync: Callable[..., LeadSquaredConnection], nothing_remembered: None
) -> None:
    write_groups()
    leadsync = make_leadsync()
    leadsync.access_roles.add(Group.objects.get(name=MARKETING))
    wanted = []
    for source in ("First", "Second", "Third"):
        leadsync.lead_source = source
        leadsync.save()
        wanted.append(versions.record_version(leadsync))
    looked_at = wanted.pop().pk
    users = [person("mia", MARKETING), person("bo", MARKETING)]
    at_once(
        *(
            lambda user=user, version=version: user.post(page(version), {"from": looked_at})
            for user, version in zip(users, wanted, strict=True)
        )
    )
    latest = SettingsVersion.objects.filter(connection=leadsync).latest("number")
    assert latest.number == wanted[-1].number + 2
    assert saved(leadsync).lead_source == latest.snapshot["settings"]["lead_source"] in ("First", "Second")
