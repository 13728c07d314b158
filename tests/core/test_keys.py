"""Encrypted columns, their keys, and the checks that refuse unsafe settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import transaction
from django.db.models import F, Value
from django.test import override_settings

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.checks import check_keys, check_phone_country, check_queue, unsafe_queue_settings
from integrations.core.fields import EncryptedBytes, EncryptedText, SecretField, secret_names
from integrations.core.models import Delivery
from tests.crawl import everything_stored

SECRET = "canary-secret-value"


@pytest.fixture
def connection(db: None) -> LeadSquaredConnection:
    return LeadSquaredConnection.objects.create(connector="leadsquared", name="Lead Sync", secret_key=SECRET)


def forget_keys() -> None:
    """Keys are cached on each field: what a restart does."""
    for model in (LeadSquaredConnection, Delivery):
        for field in model._meta.get_fields():
            if isinstance(field, EncryptedText | EncryptedBytes):
                for name in ("keys", "fernet_keys", "fernet"):
                    field.__dict__.pop(name, None)


def test_a_secret_is_stored_encrypted_and_not_in_history(connection: LeadSquaredConnection) -> None:
    connection.refresh_from_db()
    assert connection.secret_key == SECRET
    assert SECRET not in everything_stored()
    columns = {field.name for field in LeadSquaredConnection.history.model._meta.get_fields()}
    assert not columns.intersection(secret_names(LeadSquaredConnection))


@pytest.mark.parametrize("expression", [F("name"), Value("x")])
def test_an_expression_cannot_destroy_a_secret(connection: LeadSquaredConnection, expression: Any) -> None:
    with pytest.raises(FieldError), transaction.atomic():
        LeadSquaredConnection.objects.update(secret_key=expression)
    connection.secret_key = "other"
    with pytest.raises(FieldError), transaction.atomic():
        LeadSquaredConnection.objects.bulk_update([connection], ["secret_key"])
    connection.refresh_from_db()
    assert connection.secret_key == SECRET


def test_secret_fields_are_found_by_their_type() -> None:
    assert secret_names(LeadSquaredConnection) == ("access_key", "secret_key")
    assert isinstance(LeadSquaredConnection._meta.get_field("secret_key"), SecretField)


def test_keys_rotate_without_loss(connection: LeadSquaredConnection, settings: Any) -> None:
    old = settings.FERNET_KEYS
    delivery = Delivery.objects.create(connection=connection, body=b"\xff\x00body")
    try:
        settings.FERNET_KEYS = ["a-new-key", *old]
        forget_keys()
        call_command("rekey", verbosity=0)
        settings.FERNET_KEYS = ["a-new-key"]
        forget_keys()
        connection.refresh_from_db()
        delivery.refresh_from_db()
        assert (connection.secret_key, delivery.body) == (SECRET, b"\xff\x00body")
    finally:
        settings.FERNET_KEYS = old
        forget_keys()


def test_missing_and_shared_keys_are_refused() -> None:
    with override_settings(FERNET_KEYS=[]):
        assert [error.id for error in check_keys()] == ["portal.E001"]
    with override_settings(FERNET_KEYS=["same"], SECRET_KEY="same"):
        assert [error.id for error in check_keys()] == ["portal.E002"]
    assert check_keys() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"retry": 120}, "retry must exceed"),
        ({"timeout": None}, "must both be set"),
        ({"timeout": 30}, "at least 90"),
        ({"max_attempts": 0}, "max_attempts must be 1"),
        ({"ack_failures": False}, "ack_failures must be True"),
        ({"catch_up": True}, "catch_up must be False"),
        ({"save_limit": 250}, "save_limit must be 0"),
        ({"queue_limit": 50}, "retry must exceed"),
    ],
)
def test_unsafe_queue_settings_are_refused(settings: Any, change: dict[str, Any], words: str) -> None:
    assert any(words in text for text in unsafe_queue_settings(settings.Q_CLUSTER | change))


@pytest.mark.parametrize(("country", "right"), [("", True), ("DK", True), ("45", False), ("Denmark", False)])
def test_a_country_that_does_not_exist_is_refused(settings: Any, country: str, right: bool) -> None:
    settings.PHONE_COUNTRY = country
    assert (check_phone_country() == []) is right


def test_our_own_queue_settings_are_safe() -> None:
    assert check_queue() == []
