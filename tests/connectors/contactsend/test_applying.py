"""`config apply` on a source that is enabled: disabled first, changed, enabled last; and vendors are asked before."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError

from integrations.connectors.contactsend.jobs import FIRST
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.configuration.apply import Refused, carry_out, look
from integrations.core.configuration.operator import operators_request
from integrations.core.engine.lease import acquire
from integrations.core.models import Alert, Connection, Run
from tests.connectors.configuration_contract import applied, exported, set_variables
from tests.connectors.contactsend.page import disable
from tests.connectors.overheard import called_in_no_transaction
from tests.crawl import everything_stored
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.connectors.contactsend.page",)
ROW = {"hub_subscription_id": "newsletter-it", "registration_field": "__cls1"}


def edited(**changes: object) -> str:
    """The file with other blocks of its only connection; None leaves one out."""
    document = yaml.safe_load(exported())
    wanted = document["connections"][0] | changes
    document["connections"] = [{name: value for name, value in wanted.items() if value is not None}]
    return yaml.safe_dump(document, sort_keys=False)


def with_node(node: str, **changes: object) -> str:
    settings = yaml.safe_load(exported())["connections"][0]["settings"]
    return edited(settings=settings | {"node_id": node}, **changes)


def lines(shown: str) -> list[str]:
    """The differences."""
    return [line.strip() for line in shown.splitlines() if line.startswith("  ")]


def test_it_is_disabled_first_and_then_changed(source: ContactsendConnection, tmp_path: Path) -> None:
    text = edited(state="disabled", subscriptions=[ROW])
    first, second = lines(applied(text, tmp_path))
    assert first == "State: Enabled → Disabled"
    assert "newsletter-it ↔ __cls1" in second
    source.refresh_from_db()
    assert source.state == Connection.State.DISABLED
    assert source.subscription_rows.get().registration_field == "__cls1"
    assert "Nothing to change." in applied(text, tmp_path)


@pytest.mark.parametrize("state", [None, "enabled"])
def test_one_that_stays_enabled_is_disabled_for_the_change_only(
    source: ContactsendConnection, tmp_path: Path, state: str | None
) -> None:
    text = edited(subscriptions=[ROW], state=state)
    first, _change, last = lines(applied(text, tmp_path))
    assert (first, last) == ("State: Enabled → Disabled, for what follows", "State: Disabled → Enabled")
    source.refresh_from_db()
    assert (source.state, source.subscription_rows.count()) == (Connection.State.ENABLED, 1)
    assert not Alert.objects.filter(recovered_at__isnull=True).exists()
    assert "Nothing to change." in applied(text, tmp_path)


def test_what_else_has_to_be_done_first_is_said(
    source: ContactsendConnection, hub: ContacthubAccount, tmp_path: Path
) -> None:
    hub.seed(1)
    text, before = with_node(hub.everybody), everything_stored()
    with pytest.raises(CommandError, match=r"connections\[0\]: First: Empty the new node"):
        applied(text, tmp_path)
    assert everything_stored() == before


def test_nothing_is_changed_while_a_worker_is_at_work(source: ContactsendConnection, tmp_path: Path) -> None:
    text, request = edited(state="disabled", subscriptions=[ROW]), operators_request()
    found = look(text, request)
    held = acquire(source.pk)
    assert held is not None
    with pytest.raises(Refused) as refused:
        carry_out(found, request)
    assert "A worker is at work on it" in refused.value.problems[0][1]
    with pytest.raises(CommandError, match="what is under way ends within a minute"):
        applied(text, tmp_path)
    source.refresh_from_db()
    assert (source.state, source.subscription_rows.count()) == (Connection.State.ENABLED, 0)
    held.release()
    applied(text, tmp_path)
    assert source.subscription_rows.count() == 1


def test_a_new_one_is_enabled_without_a_call_inside_the_transaction(
    source: ContactsendConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = exported()
    set_variables(source, monkeypatch)
    Connection.objects.all().delete()
    with called_in_no_transaction() as calls:
        applied(text, tmp_path)
    assert {call.vendor for call in calls} == {"Contacthub", "Contactsend"}
    made = ContactsendConnection.objects.get()
    assert made.state == Connection.State.ENABLED
    assert "Nothing to change." in applied(text, tmp_path)
    assert Run.objects.filter(connection=made, job=FIRST).count() == 1


def test_a_new_node_that_is_a_view_of_others_is_known_as_one(
    source: ContactsendConnection, hub: ContacthubAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = with_node(hub.everybody, state="disabled")
    set_variables(source, monkeypatch)
    Connection.objects.all().delete()
    with called_in_no_transaction():
        applied(text, tmp_path)
    assert ContactsendConnection.objects.get().node_is_aggregate


def test_one_without_a_userdb_is_told_what_to_choose(source: ContactsendConnection, tmp_path: Path) -> None:
    ContactsendConnection.objects.filter(pk=source.pk).update(userdb_id="", state="draft")
    with pytest.raises(CommandError, match=r"connections\[0\].state: Choose a userdb under Provider options first"):
        applied(edited(state="enabled"), tmp_path)


def test_one_that_was_enabled_since_the_look_is_not_changed(source: ContactsendConnection) -> None:
    disable(source)
    request = operators_request()
    found = look(edited(subscriptions=[ROW]), request)
    source.set_state("enabled")
    with pytest.raises(Refused, match="Somebody saved its settings meanwhile"):
        carry_out(found, request)
    assert not source.subscription_rows.exists()


def test_where_contactsend_does_not_answer_nothing_is_written(
    source: ContactsendConnection, send: ContactsendAccount, tmp_path: Path
) -> None:
    disable(source)
    text = edited(state="enabled", description="Of the shop")
    send.fault("unavailable", times=None)
    with pytest.raises(CommandError, match=r"connections\[0\].state: "):
        applied(text, tmp_path)
    source.refresh_from_db()
    assert (source.state, source.description) == (Connection.State.DISABLED, "")
