"""Part of ConnectorContract: a connection as a file, and back to a version of its settings."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from integrations.core import versions
from integrations.core.configuration.export import variable
from integrations.core.fields import secret_names
from integrations.core.models import Connection, FieldMapping, SettingsVersion
from integrations.core.setup import MARKETING, SUPPORT
from tests.crawl import everything_stored


def exported(*options: str) -> str:
    out = StringIO()
    call_command("config", "export", *options, stdout=out)
    return out.getvalue()


def applied(text: str, where: Path, *options: str) -> str:
    """What `config apply` prints for a file of this text."""
    file = where / "portal.yaml"
    file.write_text(text)
    out = StringIO()
    call_command("config", "apply", str(file), *(options or ["--yes"]), stdout=out)
    return out.getvalue()


def changed(text: str, **changes: Any) -> str:
    """The file with other settings of its only connection."""
    document = yaml.safe_load(text)
    document["connections"][0]["settings"] |= changes
    return yaml.safe_dump(document, sort_keys=False)


def set_variables(connection: Any, environment: pytest.MonkeyPatch) -> list[str]:
    """The secrets as an operator's environment has them; returns their values."""
    values = []
    for name in secret_names(type(connection)):
        values.append(getattr(connection, name))
        environment.setenv(variable(connection.connector, connection.name, name), values[-1])
    return values


def page_of(connection: Any, page: str, *args: Any) -> str:
    address: str = admin.site._registry[type(connection)].page_url(page, connection, *args)
    return address


def number(connection: Any) -> int:
    return SettingsVersion.objects.filter(connection_id=connection.pk).latest("number").number


class ConfigurationContract:
    def test_it_comes_out_of_an_empty_database_as_it_went_in(
        self, connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        connection.access_roles.add(Group.objects.get(name=MARKETING))
        file, secrets = exported(), set_variables(connection, monkeypatch)
        Connection.objects.all().delete()
        shown = applied(file, tmp_path)
        assert exported() == file
        made = type(connection).objects.get()
        assert (made.state, made.access_roles.get().name) == (Connection.State.ENABLED, MARKETING)
        assert [getattr(made, name) for name in secret_names(type(made))] == secrets
        assert made.history.latest().history_user.username == "config apply"
        assert number(made) == 1
        held = everything_stored()
        assert not [secret for secret in secrets if secret in file or secret in shown or secret in held]

    def test_the_same_file_again_changes_nothing(self, connection: Any, tmp_path: Path) -> None:
        file, before = exported(), everything_stored()
        assert "Nothing to change." in applied(file, tmp_path)
        assert everything_stored() == before

    def test_a_dry_run_shows_the_difference_and_writes_nothing(self, connection: Any, tmp_path: Path) -> None:
        file = exported().replace(f"name: {connection.name}", f"name: {connection.name}\n    description: Of the shop")
        before = everything_stored()
        assert "Description: – → Of the shop" in applied(file, tmp_path, "--dry-run")
        assert everything_stored() == before

    def test_without_its_secrets_it_is_not_made(
        self, connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = exported()
        Connection.objects.all().delete()
        with pytest.raises(CommandError) as refused:
            applied(file, tmp_path)
        for name in secret_names(type(connection)):
            env = variable(connection.connector, connection.name, name)
            assert f"connections[0].secrets.{name}: The environment variable {env} is not set." in str(refused.value)
        assert not Connection.objects.exists()

    def test_a_version_is_gone_back_to(self, connection: Any, client: Client) -> None:
        connection.set_state(Connection.State.DISABLED)
        connection.access_roles.add(Group.objects.get(name=MARKETING))
        versions.record_version(connection)
        before, first, notified = exported(), number(connection), connection.notify_to
        connection.notify_to = "somebody@example.test"
        connection.save()
        connection.access_roles.add(Group.objects.get(name=SUPPORT))
        FieldMapping.objects.filter(connection=connection).update(default="x")
        versions.record_version(connection)
        page = page_of(connection, "version", first)
        self.sign_in(client, MARKETING)
        shown = client.get(page).content.decode()
        assert "somebody@example.test" in shown
        answer = client.post(page, {"from": versions.current_version(connection)})
        assert answer.status_code == 302
        assert exported() == before
        assert number(connection) == first + 2
        latest = type(connection).objects.get().history.latest()
        assert (latest.history_user.username, latest.notify_to) == (MARKETING, notified)
        history = client.get(page_of(connection, "history")).content.decode()
        assert f"Reverted to version {first}" in history

    def sign_in(self, client: Client, role: str, connection: Connection | None = None) -> None:
        """As somebody of this role, which has access to `connection`."""
        user = User.objects.create_user(role, password="x", is_staff=True)
        user.groups.add(group := Group.objects.get(name=role))
        if connection is not None:
            connection.access_roles.add(group)
        client.force_login(user)
