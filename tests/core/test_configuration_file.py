"""`manage.py config apply`: what a person may write in the file, what is said about the rest, and that it is all or
nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.configuration.apply import Refused, carry_out, look
from integrations.core.configuration.operator import operators_request
from integrations.core.models import Connection, SettingsVersion
from integrations.core.setup import MARKETING
from tests.connectors.configuration_contract import applied, changed, exported
from tests.core.toy import connect
from tests.crawl import everything_stored
from tests.sandbox_server import Sandbox

ACCESS, SECRET = "LEADSQUARED_MAIN_ACCESS_KEY", "LEADSQUARED_MAIN_SECRET_KEY"
NEW = """
connections:
  - connector: leadsquared
    name: Fresh
    settings: {region: api.leadsquared.com}
"""


@pytest.fixture
def main(db: None, sandbox: Sandbox) -> LeadSquaredConnection:
    return connect(sandbox.leadsquared("destination"), name="Main")


@pytest.fixture
def refused(tmp_path: Path, db: None) -> Any:
    """Why a file is refused; nothing is written then."""

    def why(text: str) -> str:
        before = everything_stored()
        with pytest.raises(CommandError) as error:
            applied(text, tmp_path)
        assert everything_stored() == before
        return str(error.value)

    return why


def edited(text: str, **changes: Any) -> str:
    """The file with other blocks of its only connection."""
    document = yaml.safe_load(text)
    document["connections"][0] |= changes
    return yaml.safe_dump(document, sort_keys=False)


# -- how it reads ----------------------------------------------------------------------------------


def test_the_file_is_readable_ordered_and_without_secrets(main: LeadSquaredConnection) -> None:
    text = exported()
    assert [line for line in text.splitlines() if line.startswith("#")]
    found = yaml.safe_load(text)["connections"][0]
    assert list(found) == ["connector", "name", "state", "settings", "secrets", "access", "mappings"]
    assert found["secrets"] == {"access_key": {"env": ACCESS}, "secret_key": {"env": SECRET}}
    assert "      - {source: FirstName, target: FirstName}" in text
    assert main.access_key not in text
    assert text == exported("--connection", "Main")


def test_a_file_of_connections_nobody_could_tell_apart_is_not_written(
    main: LeadSquaredConnection, sandbox: Sandbox
) -> None:
    other = connect(sandbox.leadsquared("destination"), name="Main!")
    with pytest.raises(CommandError, match=f"one variable, {ACCESS}"):
        exported()
    Connection.objects.filter(pk=other.pk).update(name="Main")
    with pytest.raises(CommandError, match="Two connections are called “Main”"):
        exported()
    with pytest.raises(CommandError, match="no connection called Nobody"):
        exported("--connection", "Nobody")


# -- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a\n", "connections: The file must hold a list of connections."),
        ("connections: [1]\n", "connections[0]: This must be a connection"),
        ("connections: []\nfoo: 1\n", "foo: There is no such key here."),
        ("connections:\n  - name: &a X\n    connector: *a\n", "Line 3: Write it out instead of using an alias."),
        ("connections:\n  - name: X\n    name: Y\n", "Line 3: “name” is there twice."),
        ("connections:\n  - 1: X\n", "Line 2: A name must be text"),
        ("connections: !!python/object/apply:os.system ['true']\n", "Line 1: This is not YAML."),
        ("connections:\n  - name: [\n", "This is not YAML."),
        ("[" * 5000, "Line 1: It is nested too deeply."),
        ("a" * (2 * 1024 * 1024 + 1), "The file is larger than 2 MB."),
        ("connections:\n  - {name: X, connector: fax}\n", "connections[0].connector: No connector “fax” is installed"),
        ("connections:\n  - {connector: leadsquared}\n", "connections[0].name: It must be text"),
        (NEW + NEW.partition("connections:\n")[2], "connections[1].name: Another connection of the file is called"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_place(refused: Any, text: str, sentence: str) -> None:
    assert sentence in refused(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colour": "red"}, "connections[0].colour: There is no such key here."),
        ({"state": "sleeping"}, "connections[0].state: It must be one of: draft, enabled, disabled."),
        ({"state": "draft"}, "connections[0].state: It was set up already and can't be a draft again"),
        ({"settings": {"regoin": "x"}}, "connections[0].settings.regoin: There is no such key here."),
        ({"settings": {"region": "mars"}}, "connections[0].settings.region: Select a valid choice."),
        ({"settings": {"calls_per_5s": "many"}}, "connections[0].settings.calls_per_5s: It must be a whole number."),
        ({"settings": {"calls_per_5s": -1}}, "connections[0].settings.calls_per_5s: Ensure this value is greater"),
        ({"settings": {"notify": "yes please"}}, "connections[0].settings.notify: It must be true or false."),
        ({"settings": {"lead_source": 12}}, "connections[0].settings.lead_source: It must be text: put it in quotes."),
        ({"settings": {"notify_to": "nobody"}}, "connections[0].settings.notify_to: Enter a valid email address."),
        ({"settings": {"access_key": "s3cret-canary"}}, "connections[0].settings.access_key: Secrets don't stand in"),
        ({"secrets": {"access_key": "s3cret-canary"}}, "connections[0].secrets.access_key: Secrets don't stand in"),
        ({"secrets": {"access_key": {"env": "NOBODY_SET"}}}, "The environment variable NOBODY_SET is not set."),
        ({"access": {"roles": ["Pirates"]}}, "connections[0].access.roles: There is no group “Pirates” here"),
        ({"access": {"roles": "Pirates"}}, "connections[0].access.roles: It must be a list of texts."),
        ({"mappings": {"boat": []}}, "connections[0].mappings.boat: There is no such key here."),
        ({"mappings": {"lead": [{"source": "A"}]}}, "connections[0].mappings.lead[0]: “target” is missing."),
        ({"mappings": {"lead": [{"target": "A", "on": 1}]}}, "connections[0].mappings.lead[0].on: It must be true"),
        (
            {"mappings": {"lead": [{"source": "A", "target": "EmailAddress", "key": True}]}},
            "connections[0].mappings.lead[0].key: Here the settings say which rows are search keys.",
        ),
        (
            {"mappings": {"lead": [{"source": name, "target": "EmailAddress"} for name in "AB"]}},
            "connections[0].mappings.lead[1].target: Another row already fills EmailAddress.",
        ),
        ({"mappings": {"lead": []}}, "connections[0].mappings.lead: Mark the row of at least one unique field"),
    ],
)
def test_each_mistake_is_named_by_its_path(
    main: LeadSquaredConnection, refused: Any, changes: dict[str, Any], sentence: str
) -> None:
    said = refused(edited(exported(), **changes))
    assert sentence in said
    assert "s3cret-canary" not in said


def test_one_wrong_connection_keeps_the_right_ones_from_being_written(
    main: LeadSquaredConnection, refused: Any
) -> None:
    document = yaml.safe_load(changed(exported(), lead_source="Shop"))
    document["connections"] += yaml.safe_load(NEW.replace("api.leadsquared.com", "mars"))["connections"]
    assert "connections[1].settings.region" in refused(yaml.safe_dump(document))


def test_a_name_that_several_have_here_is_refused(main: LeadSquaredConnection, refused: Any, sandbox: Sandbox) -> None:
    text = exported()
    connect(sandbox.leadsquared("destination"), name="Main")
    assert "connections[0].name: Several connections here are called that" in refused(text)


# -- secrets ---------------------------------------------------------------------------------------


def test_a_new_connection_is_a_draft_until_it_has_its_secrets(db: None, refused: Any, tmp_path: Path) -> None:
    enabled = NEW + "    state: enabled\n"
    assert "connections[0].state: It can't be enabled: Access Key, Secret Key is not set." in refused(enabled)
    assert "New: LeadSquared Lead Sync “Fresh”" in applied(NEW, tmp_path)
    made = LeadSquaredConnection.objects.get()
    assert (made.state, made.connector, made.secrets()) == (Connection.State.DRAFT, "leadsquared", [])
    assert made.mappings.filter(record_type="lead").exists()
    assert "Nothing to change." in applied(NEW, tmp_path)


def test_a_new_secret_is_written_and_only_said_to_have_changed(
    main: LeadSquaredConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = exported()
    monkeypatch.setenv(SECRET, "canary-in-the-environment")
    shown = applied(text, tmp_path)
    assert "Secret Key: changed (the value is never kept)" in shown
    main.refresh_from_db()
    assert main.secret_key == "canary-in-the-environment"
    assert main.secrets_set["secret_key"]["by"] == "config apply"
    assert main.secrets_set["access_key"]["by"] == "tests"
    assert "Nothing to change." in applied(text, tmp_path)
    assert "canary" not in shown + everything_stored()


def test_another_address_takes_the_secrets_again(
    main: LeadSquaredConnection, refused: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = changed(exported(), region="api.leadsquared.com", api_address="")
    assert "connections[0].secrets.access_key: The address is another one." in refused(text)
    monkeypatch.setenv(ACCESS, main.access_key)
    assert "connections[0].secrets.secret_key: The address is another one." in refused(text)
    monkeypatch.setenv(SECRET, main.secret_key)
    applied(text, tmp_path)
    main.refresh_from_db()
    assert main.region == "api.leadsquared.com"


# -- applying --------------------------------------------------------------------------------------


def test_settings_mapping_access_and_state_become_those_of_the_file_in_one_version(
    main: LeadSquaredConnection, sandbox: Sandbox, tmp_path: Path
) -> None:
    connect(sandbox.leadsquared("destination"), name="Another")
    document = yaml.safe_load(changed(exported("--connection", "Main"), lead_behaviour="create"))
    [wanted] = document["connections"]
    wanted |= {"state": "disabled", "access": {"roles": [MARKETING]}}
    wanted["mappings"]["lead"][0] |= {"default": "unknown"}
    target = wanted["mappings"]["lead"][0]["target"]
    text = yaml.safe_dump(document, sort_keys=False)
    before = SettingsVersion.objects.filter(connection=main).count()
    shown = applied(text, tmp_path)
    assert "Sync Behaviour: Capture (Create and Update existing) Record → Create only new record" in shown
    assert f"Connector Access: Specify Roles: – → {MARKETING}" in shown
    assert "default “unknown”" in shown
    assert "State: Enabled → Disabled" in shown
    assert "Not in the file, and left as they are: Another." in shown
    main.refresh_from_db()
    assert (main.lead_behaviour, main.state, main.state_reason) == ("create", "disabled", "Disabled by config apply")
    assert list(main.access_roles.all()) == [Group.objects.get(name=MARKETING)]
    row = main.mappings.get(record_type="lead", target=target)
    assert row.default == "unknown"
    assert row.history.latest().history_user.username == "config apply"
    assert SettingsVersion.objects.filter(connection=main).count() == before + 1
    assert "Nothing to change." in applied(text, tmp_path)
    user = User.objects.get(username="config apply")
    assert not (user.is_active or user.is_superuser or user.is_staff or user.has_usable_password())


def test_it_asks_first(main: LeadSquaredConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "portal.yaml"
    file.write_text(changed(exported(), lead_source="Shop"))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    call_command("config", "apply", str(file), stdout=io.StringIO())
    with pytest.raises(CommandError, match="Add --yes"):
        call_command("config", "apply", str(file), stdout=io.StringIO())
    main.refresh_from_db()
    assert main.lead_source == ""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    call_command("config", "apply", str(file), stdout=io.StringIO())
    main.refresh_from_db()
    assert main.lead_source == "Shop"


def test_what_somebody_saved_since_the_look_is_not_overwritten(main: LeadSquaredConnection, tmp_path: Path) -> None:
    request = operators_request()
    found = look(changed(exported(), lead_source="Shop"), request)
    applied(changed(exported(), lead_source="Till"), tmp_path)
    with pytest.raises(Refused) as refused:
        carry_out(found, request)
    assert refused.value.problems == [("connections[0]", "Somebody saved its settings meanwhile: start again.")]
    main.refresh_from_db()
    assert main.lead_source == "Till"


def test_a_file_that_is_not_there_is_named(db: None) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.yaml can't be read"):
        call_command("config", "apply", "nowhere.yaml")
