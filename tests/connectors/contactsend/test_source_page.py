"""The source page step by step, driven as a browser does, against both practice accounts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from integrations.connectors.contactsend.jobs import FIRST, FROM_HUB, FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection, SubscriptionRow
from integrations.core.engine import collect, removal
from integrations.core.engine.drain import drain
from integrations.core.models import Connection, Cursor, FieldMapping, Run
from integrations.core.setup import SUPPORT
from tests.connectors.contactsend.page import (
    NAME,
    behaviour_step,
    disable,
    errors_of,
    newsletter,
    provider_step,
    rows,
    signed_in,
    source_step,
    url,
    with_access,
)
from tests.connectors.contactsend.pair import connect, first_sync, settle
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import CLUB, CUSTOMERS, NEWS, NEWSLETTER, OFFERS, ContactsendAccount

pytestmark = pytest.mark.django_db
pytest_plugins = ("tests.connectors.contactsend.page",)


def messages_of(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


# -- a new source -----------------------------------------------------------------------------------


def test_a_marketing_admin_walks_through_the_steps_to_an_enabled_source(
    mia: Client, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.save_person("luca@example.test", firstName="Luca")
    user_key, api_key = send.keys
    new = {
        "name": "Shop",
        "workspace": hub.workspace_id,
        "hub_token": hub.token,
        "hub_address": hub.api_address,
    }
    page = mia.post(reverse(f"{NAME}_add"), new, follow=True)
    source = ContactsendConnection.objects.get()
    assert "Now choose the node." in page.content.decode()
    assert "Shop · 1 customers" in page.content.decode()
    assert "Everybody · 1 customers · aggregate" in page.content.decode()
    mia.post(url(source, "source"), source_step(source, node_id=hub.shop))
    source.refresh_from_db()
    keys = provider_step(source, user_key=user_key, api_key=api_key, send_address=send.address)
    page = mia.post(url(source, "provider"), keys, follow=True)
    assert "Newsletter (7) · 0 subscribers" in page.content.decode()
    source.refresh_from_db()
    mia.post(url(source, "provider"), provider_step(source, userdb_id=str(CUSTOMERS)))
    page = mia.post(url(source, "subscriptions"), rows(newsletter()) | {"_next": ""}, follow=True)
    assert SubscriptionRow.objects.get().webform_code == NEWS
    assert "MODIFICATO" in page.content.decode()
    source.refresh_from_db()
    mia.post(url(source, "behaviour"), behaviour_step(source, last_modified_field="MODIFICATO"))
    page = mia.post(reverse(f"{NAME}_do", args=[source.pk, "enable"]), follow=True)
    assert "The first sync has started:" in page.content.decode()
    run = Run.objects.get(job=FIRST)
    assert (run.trigger, run.plan) == (Run.Trigger.IMPORT, {"expected": 1})
    for _ in range(2):
        collect.collect(run.pk)
        drain(source.pk)
    assert send.subscriber("luca@example.test")["NOME"] == "Luca"


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [({"node_id": ""}, "Choose a node under Source first."), ({"userdb_id": ""}, "Choose a userdb under Provider")],
)
def test_what_a_source_misses_is_said_before_it_can_be_enabled(
    mia: Client, hub: ContacthubAccount, send: ContactsendAccount, missing: dict[str, str], sentence: str
) -> None:
    source = with_access(connect(hub, send, state=Connection.State.DRAFT))
    ContactsendConnection.objects.filter(pk=source.pk).update(**missing)
    page = mia.post(reverse(f"{NAME}_do", args=[source.pk, "enable"]), follow=True)
    assert sentence in page.content.decode()
    source.refresh_from_db()
    assert source.state == Connection.State.DRAFT


def test_without_a_matching_pair_it_can_not_be_enabled(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    FieldMapping.objects.update(is_key=False)
    page = mia.post(reverse(f"{NAME}_do", args=[source.pk, "enable"]), follow=True)
    assert "Mark at least one pair of fields as matching" in page.content.decode()


def test_enabling_again_starts_no_second_first_sync(mia: Client, source: ContactsendConnection) -> None:
    first_sync(source)
    disable(source)
    page = mia.post(reverse(f"{NAME}_do", args=[source.pk, "enable"]), follow=True)
    assert "The sync is enabled." in page.content.decode()
    assert Run.objects.filter(job=FIRST).count() == 1


def test_the_menu_has_the_first_sync_again_with_its_estimate(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount
) -> None:
    hub.seed(30)
    assert url(source, page="first_sync") in mia.get(url(source)).content.decode()
    page = mia.get(url(source, page="first_sync"))
    assert "30 customers:" in page.content.decode()
    page = mia.post(url(source, page="first_sync"), follow=True)
    assert Run.objects.get(job=FIRST).plan == {"expected": 30}
    again = mia.get(url(source, page="first_sync"))
    assert "It is under way:" in again.content.decode()


def test_support_can_neither_see_nor_start_it(source: ContactsendConnection) -> None:
    support = signed_in("sam", SUPPORT)
    source.access_roles.add(Group.objects.get(name=SUPPORT))
    assert support.get(url(source, page="first_sync")).status_code == 403


# -- one source: one node: one userdb -----------------------------------------------------------------


def test_a_second_source_of_a_node_is_refused_and_the_first_one_named(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    other = with_access(connect(hub, send, name="Other", node_id="", userdb_id=str(NEWSLETTER)))
    response = mia.post(
        url(other, "source"), source_step(other, node_id=hub.shop, hub_address=f"{hub.url}/", hub_token=hub.token)
    )
    assert errors_of(response)["node_id"] == [
        "This node has a source already: “Shop”. Choose another node. One source: one node: one userdb."
    ]
    source.access_roles.clear()
    response = mia.post(url(other, "source"), source_step(other, node_id=hub.shop))
    assert "one that you have no access to" in errors_of(response)["node_id"][0]


@pytest.mark.parametrize("typed", ["6", "06", " 6 "])
def test_a_second_source_of_a_userdb_is_refused(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount, typed: str
) -> None:
    other = with_access(connect(hub, send, state="draft", node_id=hub.node("Newsletter"), userdb_id=str(CLUB)))
    send.settings(user_key="x" * 40)
    response = mia.post(url(other, "provider"), provider_step(other, userdb_id=typed))
    assert "This userdb has a source already: “Shop”." in errors_of(response)["userdb_id"][0]


def test_what_is_no_number_is_no_userdb(mia: Client, source: ContactsendConnection) -> None:
    response = mia.post(url(source, "provider"), provider_step(source, userdb_id="customers"))
    assert errors_of(response)["userdb_id"]


# -- secrets and addresses ----------------------------------------------------------------------------


def test_another_address_asks_for_the_keys_again(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    response = mia.post(url(source, "source"), source_step(source, hub_address="https://hub.example.test/hub/v1"))
    assert "enter this again" in errors_of(response)["hub_token"][0]
    response = mia.post(
        url(source, "provider"), provider_step(source, send_address="https://soap.example.test/soap/services")
    )
    assert set(errors_of(response)) == {"user_key", "api_key"}


# -- subscriptions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (newsletter(code=OFFERS), f"This is the code of another form: the Webform Code of Newsletter is {NEWS}."),
        (newsletter(field="__cls9"), "The userdb has no such subscription system."),
        (newsletter(hub_id=""), "Enter the ID that the subscription has in Contacthub."),
        (newsletter(field=""), "Choose the subscription system of Contactsend."),
    ],
)
def test_a_wrong_row_is_explained_at_the_row(
    mia: Client, source: ContactsendConnection, row: dict[str, str], sentence: str
) -> None:
    disable(source)
    response = mia.post(url(source, "subscriptions"), rows(row))
    assert escape(sentence) in response.content.decode()
    assert SubscriptionRow.objects.count() == 0


def test_a_subscription_and_a_system_can_be_there_once(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    twice = mia.post(url(source, "subscriptions"), rows(newsletter(), newsletter(field="__cls2")))
    assert "Another row has this subscription already." in twice.content.decode()
    twice = mia.post(url(source, "subscriptions"), rows(newsletter(), newsletter(hub_id="offers")))
    assert "Another row has this subscription system already." in twice.content.decode()


def test_a_row_is_added_and_another_removed_and_what_is_typed_stays(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    page = mia.post(url(source, "subscriptions"), rows(newsletter(hub_id="typed")) | {"_more": ""})
    assert (b"rows-1-webform_code" in page.content, b'value="typed"' in page.content) == (True, True)
    mia.post(url(source, "subscriptions"), rows(newsletter(), newsletter("offers", "__cls2")))
    assert SubscriptionRow.objects.count() == 2
    mia.post(url(source, "subscriptions"), rows(newsletter() | {"DELETE": "on"}, newsletter("offers", "__cls2")))
    assert [row.webform_code for row in SubscriptionRow.objects.all()] == [OFFERS]


def test_where_the_service_can_not_tell_systems_are_typed(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    send.settings(service_2016=True)
    disable(source)
    page = mia.get(url(source, "subscriptions"))
    assert "This Contactsend service can't tell its subscription systems." in page.content.decode()
    response = mia.post(url(source, "subscriptions"), rows(newsletter()))
    assert "Enter the Webform Code of this subscription system." in response.content.decode()
    mia.post(url(source, "subscriptions"), rows(newsletter(code="230006001355")))
    assert SubscriptionRow.objects.get().registration_field == "__cls1"


def test_an_aggregate_node_has_no_subscriptions(mia: Client, hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = with_access(connect(hub, send, state=Connection.State.DRAFT, node_id=""))
    mia.post(url(source, "source"), source_step(source, node_id=hub.everybody))
    page = mia.get(url(source, "subscriptions"))
    assert "The active node is an aggregate" in page.content.decode()
    assert mia.post(url(source, "subscriptions"), rows(newsletter())).status_code == 403


# -- fields to be mapped ------------------------------------------------------------------------------


def test_every_field_of_contacthub_is_offered_with_the_userdbs_fields(
    mia: Client, source: ContactsendConnection
) -> None:
    page = mia.get(url(source, page="mapping"))
    formset = page.context["rows"]
    paths = [form["source"].value() for form in formset]
    assert {"base.address.city", "tags.manual", "externalId"} <= set(paths)
    assert any(path.startswith("extended.") for path in paths)
    mapped = {form["source"].value(): form["target"].value() for form in formset if form["target"].value()}
    assert mapped["base.contacts.email"] == "EMAIL"
    assert "one-way" in page.content.decode()
    assert "Default Value" not in page.content.decode()


def mapping_of(page: Any, **changes: str) -> dict[str, str]:
    """The page's own rows, with targets by path (dots as __) changed, posted."""
    wanted = {path.replace("__", "."): target for path, target in changes.items()}
    posted = []
    for form in page.context["rows"]:
        path = form["source"].value()
        row = {"id": str(form["id"].value() or ""), "source": path, "target": form["target"].value() or ""}
        row["target"] = wanted.get(path, row["target"])
        ticks = {name: "on" for name in ("enabled", "is_key") if form[name].value()}
        posted.append(row | ticks)
    return rows(*posted)


def test_a_field_is_mapped_and_another_left_out(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    page = mia.get(url(source, page="mapping"))
    response = mia.post(
        url(source, page="mapping"), mapping_of(page, base__address__city="CITTA", base__lastName=""), follow=True
    )
    assert "The mapping is saved." in messages_of(response)
    found = {row.source: row.target for row in FieldMapping.objects.filter(enabled=True)}
    assert found["base.address.city"] == "CITTA"
    assert "base.lastName" not in found


def test_types_are_checked_in_both_directions(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    page = mia.get(url(source, page="mapping"))
    posted = mapping_of(page, base__dob="DATA_NASCITA", base__firstName="PUNTI", registeredAt="NOTE")
    response = mia.post(url(source, page="mapping"), posted, follow=True)
    verdicts = {form["source"].value(): form.judgement.verdict for form in response.context["rows"] if form.judgement}
    assert verdicts["base.dob"] == "fits"
    assert verdicts["base.firstName"] == "conflicts"
    # It can only be read, so nothing comes back.
    assert verdicts["registeredAt"] == "converts"
    assert "First name is text, PUNTI takes number" in response.content.decode()


def test_at_least_one_pair_is_matching(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    posted = mapping_of(mia.get(url(source, page="mapping")))
    response = mia.post(url(source, page="mapping"), {k: v for k, v in posted.items() if not k.endswith("is_key")})
    assert "Mark at least one pair of fields as matching" in response.content.decode()


# -- how changes are found ----------------------------------------------------------------------------


def test_the_page_says_how_changes_are_found_and_how_old_the_oldest_look_is(
    mia: Client, source: ContactsendConnection, send: ContactsendAccount
) -> None:
    settle(source, 1)
    page = mia.get(url(source, "behaviour")).content.decode()
    assert "In Contacthub: by its update stream." in page
    assert "by looking through the whole userdb" in page
    assert "The oldest look is" in page
    mia.post(url(source, "behaviour"), behaviour_step(source, last_modified_field="MODIFICATO"))
    # What was changed since that look is still found.
    assert list(Cursor.objects.get(job=FROM_SEND).value) == ["since"]
    assert "In Contactsend: by the field MODIFICATO." in mia.get(url(source, "behaviour")).content.decode()


def test_a_token_without_the_stream_is_said_to_list(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount
) -> None:
    hub.settings(role="TRUSTED_APPLICATION")
    settle(source, 1)
    assert Cursor.objects.filter(job=FROM_HUB).exists()
    assert "by listing who was updated" in mia.get(url(source, "behaviour")).content.decode()


def test_the_history_tells_who_changed_which_subscription(mia: Client, source: ContactsendConnection) -> None:
    disable(source)
    mia.post(url(source, "subscriptions"), rows(newsletter()))
    mia.post(url(source, "subscriptions"), rows(newsletter("news-it")))
    page = mia.get(url(source, page="history")).content.decode()
    row = f"newsletter-it ↔ __cls1 ↔ {NEWS}"
    for line in (f"– → {row}", f"{row} → –", f"– → news-it ↔ __cls1 ↔ {NEWS}"):
        assert line in page
    assert "mia" in page


def test_node_and_userdb_of_a_removed_source_can_have_another_one(
    mia: Client, source: ContactsendConnection, hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    removal.remove(source, User.objects.get(username="mia"))
    draft = {"state": Connection.State.DRAFT, "node_id": "", "userdb_id": str(CUSTOMERS)}
    other = with_access(connect(hub, send, name="Other", **draft))
    answer = mia.post(url(other, "source"), source_step(other, node_id=hub.shop))
    assert answer.status_code == 302
    other.refresh_from_db()
    assert (other.node_id, other.userdb_id) == (hub.shop, str(CUSTOMERS))
