"""The settings that every connection to Heyloyalty has."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from integrations.connectors.heyloyalty.account import HeyloyaltyAccount
from integrations.core.fields import secret_names
from tests import sandbox_heyloyalty

DEFAULTS = {
    "api_key": "",
    "api_secret": "",
    "api_address": "https://api.heyloyalty.com",
    "tracking_address": "https://tracking.heycommerce.dk",
    "calls_per_second": 5,
}


def test_it_has_the_vendors_addresses_and_a_careful_rate() -> None:
    assert {field.name: field.get_default() for field in HeyloyaltyAccount._meta.get_fields()} == DEFAULTS


def test_keys_are_secrets_and_every_setting_says_where_it_is_found() -> None:
    assert secret_names(HeyloyaltyAccount) == ("api_key", "api_secret")
    for name in ("api_key", "api_secret"):
        assert "Account information" in str(HeyloyaltyAccount._meta.get_field(name).help_text)
    assert all(HeyloyaltyAccount._meta.get_field(name).help_text for name in DEFAULTS)


def test_it_has_no_table_of_its_own() -> None:
    assert HeyloyaltyAccount._meta.abstract
    assert HeyloyaltyAccount not in apps.get_models()


@isolate_apps("tests")
def test_a_connection_that_inherits_it_has_a_client(practice: sandbox_heyloyalty.HeyloyaltyAccount) -> None:
    class Shop(HeyloyaltyAccount):
        id = models.AutoField(primary_key=True)

        class Meta:
            app_label = "tests"

    shop = Shop(
        api_address=practice.url,
        tracking_address=practice.url,
        api_key=practice.api_key,
        api_secret=practice.api_secret,
        calls_per_second=0,
    )
    client = shop.client()
    assert [one.name for one in client.lists()] == ["Customers", "Newsletter"]
    client.close()
