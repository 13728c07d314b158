"""Subscriptions as part of a version and of a file, under the same edit rules as on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core import versions
from integrations.core.models import SettingsVersion
from tests.connectors.configuration_contract import applied, exported
from tests.connectors.contactsend.page import NAME, disable, newsletter, rows, url

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.connectors.contactsend.page",)


def page(version: SettingsVersion) -> str:
    return reverse(f"{NAME}_version", args=[version.connection_id, version.number])


@pytest.fixture
def without(source: ContactsendConnection, mia: Client) -> SettingsVersion:
    """A version without subscriptions, of a disabled source that has one by now."""
    version = versions.record_version(source)
    disable(source)
    mia.post(url(source, "subscriptions"), rows(newsletter()))
    assert source.subscription_rows.count() == 1
    return version


def test_subscriptions_are_reverted_and_come_back(
    mia: Client, source: ContactsendConnection, without: SettingsVersion
) -> None:
    with_one = SettingsVersion.objects.filter(connection=source).latest("number")
    assert "newsletter-it ↔ __cls1" in mia.get(page(without)).content.decode()
    mia.post(page(without), {"from": versions.current_version(source)})
    assert not source.subscription_rows.exists()
    mia.post(page(with_one), {"from": versions.current_version(source)})
    row = source.subscription_rows.get()
    assert (row.hub_subscription_id, row.registration_field) == ("newsletter-it", "__cls1")
    assert SettingsVersion.objects.filter(connection=source).latest("number").created_by.username == "mia"
    history = mia.get(reverse(f"{NAME}_history", args=[source.pk])).content.decode()
    assert history.count("newsletter-it ↔ __cls1") == 3


def test_a_running_source_is_not_reverted_and_the_way_is_said(
    mia: Client, source: ContactsendConnection, without: SettingsVersion
) -> None:
    source.set_state("enabled")
    answer = mia.post(page(without), {"from": versions.current_version(source)}).content.decode()
    assert "First: Disable the source." in answer
    assert source.subscription_rows.count() == 1


def test_the_rows_of_a_file_are_checked_as_on_the_page(
    source: ContactsendConnection, without: SettingsVersion, tmp_path: Path
) -> None:
    document = yaml.safe_load(exported())
    [wanted] = document["connections"]
    assert wanted["subscriptions"][0]["hub_subscription_id"] == "newsletter-it"
    wanted["subscriptions"] = [{"hub_subscription_id": "other", "registration_field": "__nowhere"}]
    with pytest.raises(
        CommandError, match=r"connections\[0\].subscriptions\[0\].registration_field: The userdb has no"
    ):
        applied(yaml.safe_dump(document, sort_keys=False), tmp_path)
    wanted |= {"subscriptions": [], "state": "disabled"}
    applied(yaml.safe_dump(document, sort_keys=False), tmp_path)
    assert not source.subscription_rows.exists()
