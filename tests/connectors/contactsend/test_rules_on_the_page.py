"""Every row of the edit-rule table through the page, allowed and refused, and the guide instead of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from integrations.connectors.contactsend.jobs import FIRST
from integrations.connectors.contactsend.models import ContactsendConnection, Pair, SubscriptionRow
from integrations.core.models import Connection, Cursor, Event, FieldMapping, Lease, Link, Run
from integrations.core.models.engine import EPOCH
from tests.connectors.contactsend.page import (
    NAME,
    behaviour_step,
    disable,
    errors_of,
    newsletter,
    provider_step,
    rows,
    source_step,
    url,
    way_of,
)
from tests.connectors.contactsend.pair import first_sync, from_hub
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import NEWSLETTER, ContactsendAccount

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.connectors.contactsend.page",)

Post = Callable[..., Any]
DISABLE, CURRENT, NEW, USERDB = "Disable the source", "Empty the current node", "Empty the new node", "Empty the userdb"
REST = ("Make the change", "Enable the source")
OTHER_KEY = "c" * 40


@pytest.fixture
def post(mia: Client, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount) -> Post:
    """Post one of the table's changes."""

    def change(kind: str, **more: str) -> Any:
        if kind == "node":
            page, values = url(source, "source"), source_step(source, node_id=hub.node("Newsletter"))
        elif kind == "apikey":
            page, values = url(source, "provider"), provider_step(source, api_key=OTHER_KEY)
        elif kind == "userkey":
            page, values = url(source, "provider"), provider_step(source, user_key=OTHER_KEY)
        elif kind == "userdb":
            page, values = url(source, "provider"), provider_step(source, userdb_id=str(NEWSLETTER))
        elif kind == "apikey and userdb":
            page = url(source, "provider")
            send.settings(api_key=OTHER_KEY)
            values = provider_step(source, userdb_id=str(NEWSLETTER), api_key=OTHER_KEY)
        elif kind == "subscriptions":
            page, values = url(source, "subscriptions"), rows(newsletter())
        else:
            page = url(source, page="mapping")
            values = rows({"source": "base.contacts.email", "target": "EMAIL", "enabled": "on", "is_key": "on"})
        return mia.post(page, values | more)

    return change


def fill_current(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    hub.seed(214)


def fill_new(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    hub.seed(214, node_id=hub.node("Newsletter"))


def fill_userdb(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    send.seed(7, source=NEWSLETTER)


FILL = {CURRENT: fill_current, NEW: fill_new, USERDB: fill_userdb}
DETAILS = {CURRENT: "it has 214 customers", NEW: "it has 214 customers", USERDB: "it has 7 subscribers"}
TABLE = [
    ("node", (DISABLE, NEW)),
    ("apikey", (DISABLE, CURRENT)),
    ("userdb", (DISABLE, CURRENT, USERDB)),
    ("apikey and userdb", (DISABLE, CURRENT, USERDB)),
    ("userkey", (DISABLE,)),
    ("subscriptions", (DISABLE,)),
    ("mapping", (DISABLE,)),
]
REFUSED = [(name, needs, missing) for name, needs in TABLE for missing in needs if missing != DISABLE]


@pytest.mark.parametrize(("name", "needs"), TABLE)
def test_a_change_while_the_source_runs_shows_the_way_and_saves_nothing(
    post: Post, source: ContactsendConnection, name: str, needs: tuple[str, ...]
) -> None:
    before = state_of(source)
    found = way_of(post(name))
    numbered = [
        f"{place} {text}" for place, text in enumerate((DISABLE, *REST), len(needs) - len((DISABLE, *REST)) + 3)
    ]
    assert found[0] == f"1 {DISABLE}"
    assert [text for text in found if text[0] != "✓"] == [f"1 {DISABLE}", *numbered[1:]]
    assert [text for text in found if text[0] == "✓"] == [f"✓ {need}" for need in needs[1:]]
    assert state_of(source) == before


@pytest.mark.parametrize(("name", "needs", "missing"), REFUSED)
def test_what_is_not_empty_stands_in_the_way_with_its_number(
    post: Post,
    source: ContactsendConnection,
    hub: ContacthubAccount,
    send: ContactsendAccount,
    name: str,
    needs: tuple[str, ...],
    missing: str,
) -> None:
    disable(source)
    FILL[missing](hub, send)
    before = state_of(source)
    expected = [
        f"{place} {need} – {DETAILS[need]}" if need == missing else f"✓ {need}" for place, need in enumerate(needs, 1)
    ]
    assert way_of(post(name))[: len(needs)] == expected
    assert state_of(source) == before


@pytest.mark.parametrize(("name", "needs"), TABLE)
def test_a_change_is_saved_when_all_is_as_the_table_wants_it(
    post: Post,
    source: ContactsendConnection,
    hub: ContacthubAccount,
    send: ContactsendAccount,
    name: str,
    needs: tuple[str, ...],
) -> None:
    disable(source)
    for need, fill in FILL.items():
        if need not in needs:
            fill(hub, send)
    before = state_of(source)
    assert post(name).status_code == 302
    assert state_of(source) != before


def state_of(source: ContactsendConnection) -> Any:
    found: Any = ContactsendConnection.objects.get(pk=source.pk)
    settings = (found.node_id, found.userdb_id, found.api_key, found.user_key, found.name)
    mapping = list(FieldMapping.objects.order_by("pk").values_list("source", "target"))
    return settings, mapping, list(SubscriptionRow.objects.values_list("hub_subscription_id"))


# -- what is free ---------------------------------------------------------------------------------------


def test_name_description_and_behaviour_are_free_while_it_runs(mia: Client, source: ContactsendConnection) -> None:
    assert mia.post(url(source, "source"), source_step(source, name="Till", description="It")).status_code == 302
    assert mia.post(url(source, "behaviour"), behaviour_step(source, conflict_rule="hub")).status_code == 302
    assert mia.post(url(source, "provider"), provider_step(source)).status_code == 302
    assert mia.post(url(source, "subscriptions"), rows()).status_code == 302
    source.refresh_from_db()
    assert (source.name, source.conflict_rule, source.state) == ("Till", "hub", Connection.State.ENABLED)


def test_the_same_key_typed_again_is_no_change(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    user_key, api_key = send.keys
    response = mia.post(url(source, "provider"), provider_step(source, api_key=api_key, user_key=user_key))
    assert response.status_code == 302


@pytest.mark.parametrize(("name", "needs"), TABLE)
def test_a_draft_may_be_changed_as_one_likes(
    post: Post,
    source: ContactsendConnection,
    hub: ContacthubAccount,
    send: ContactsendAccount,
    name: str,
    needs: tuple[str, ...],
) -> None:
    source.set_state(Connection.State.DRAFT)
    for fill in FILL.values():
        fill(hub, send)
    assert post(name).status_code == 302


def test_a_source_that_was_enabled_keeps_a_node(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    response = mia.post(url(source, "source"), source_step(source, node_id=""))
    assert errors_of(response)["node_id"] == ["A source that was enabled once needs one."]


# -- the guide ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["node", "userdb", "subscriptions", "mapping"])
def test_disable_in_the_guide_disables_and_nothing_else(post: Post, source: ContactsendConnection, name: str) -> None:
    assert b'name="_disable"' in post(name).content
    before = state_of(source)
    page = post(name, _disable="")
    source.refresh_from_db()
    assert (source.state, state_of(source)) == (Connection.State.DISABLED, before)
    assert "Nothing else was saved yet: press Save." in page.content.decode()
    assert post(name).status_code == 302


def test_what_was_typed_stays_in_the_form(post: Post, hub: ContacthubAccount) -> None:
    page = post("node", name="Typed").content.decode()
    assert 'value="Typed"' in page
    assert f'<option value="{hub.node("Newsletter")}" selected>' in page


def test_a_count_that_can_not_be_read_does_not_count_as_empty(
    post: Post, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    disable(source)
    send.fault("unauthorized", times=None)
    assert "3 Empty the userdb – how many it has can&#x27;t be read now" in way_of(post("userdb"))


def test_what_is_still_under_way_is_waited_for(post: Post, source: ContactsendConnection) -> None:
    disable(source)
    lease = Lease.objects.create(connection=source, name="deliver", until=Now() + (EPOCH.resolution * 10**8))
    page = post("node")
    assert way_of(page)[0] == "1 Disable the source – what is under way ends within a minute"
    assert b'name="_disable"' not in page.content
    lease.delete()
    assert post("node").status_code == 302


# -- after it ---------------------------------------------------------------------------------------------


def test_another_node_forgets_who_was_whom_and_begins_with_a_first_sync(
    post: Post, mia: Client, source: ContactsendConnection, hub: ContacthubAccount
) -> None:
    hub.seed(3)
    first_sync(source)
    hub.save_person("late@example.test")
    disable(source)
    assert post("node").status_code == 302
    assert not any(rows.objects.exists() for rows in (Pair, Cursor, Link))
    page = mia.post(reverse(f"{NAME}_do", args=[source.pk, "enable"]), follow=True)
    assert "The first sync has started:" in page.content.decode()
    assert Run.objects.filter(job=FIRST).count() == 2


def test_what_waits_for_the_node_before_is_not_sent_to_the_new_one(
    post: Post, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    from_hub(source)
    send.fault("system_error", times=None)
    hub.save_person("luca@example.test")
    from_hub(source)
    assert Event.objects.get().settled_at is None
    send.clear_faults()
    disable(source)
    Lease.objects.update(until=EPOCH)
    assert post("node").status_code == 302
    event = Event.objects.get()
    assert (event.outcome, event.code) == ("skipped", "stopped")
    run = Run.objects.get(pk=event.run_id)
    assert (run.status, run.waiting) == (Run.Status.STOPPED, 0)
