"""Whoever unsubscribes is told by the list's webhook, remembered, and never made a member again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.models import Delivery, Event, Link
from integrations.sources.cdp.models import Audience
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER, HeyloyaltyAccount


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def creating(make_activation: MakeActivation, practice: HeyloyaltyAccount) -> ActivationConnection:
    """An activation that creates members; Heyloyalty would make those who unsubscribed new ones."""
    practice.settings(unsubscribed="recreate")
    return make_activation(create_members=True)


@pytest.fixture
def vip(creating: ActivationConnection) -> Audience:
    found = cdp.audience()
    portal.attach(creating, found)
    return found


def left(practice: HeyloyaltyAccount, number: int = 1) -> str:
    """Somebody whom the customer data platform doesn't know has unsubscribed. The member's id."""
    [member_id] = practice.seed(1, start=number)
    practice.unsubscribe(member_id)
    return member_id


def called(activation: ActivationConnection, member_id: str, number: int = 1, **changes: Any) -> Delivery:
    """The list's webhook calls, as Heyloyalty words it."""
    fields = {"email": cdp.email(number)}
    member = {"id": member_id, "fields": fields}
    body = {"member_id": member_id, "list_id": CUSTOMERS, "type": "unsubscribe", "member": member} | changes
    call = Delivery.objects.create(
        connection_id=activation.pk, content_type="application/json", body=json.dumps(body).encode()
    )
    portal.drain(activation)
    call.refresh_from_db()
    return call


def last(activation: ActivationConnection) -> tuple[str, str]:
    event = portal.drain(activation)[-1]
    return event.outcome, event.code


def states(practice: HeyloyaltyAccount) -> list[str]:
    return [member["state"] for member in practice.members()]


def test_who_unsubscribed_before_the_platform_knew_them_is_not_made_a_member(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount
) -> None:
    assert called(creating, left(practice)).status == Delivery.Status.CAPTURED
    cdp.enter(vip, *cdp.people(1))
    assert last(creating) == ("skipped", "consent")
    assert states(practice) == ["unsubscribed"]


def test_nor_by_the_import_of_everybody(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount
) -> None:
    called(creating, left(practice))
    cdp.enter(vip, *cdp.people(40))
    run = portal.synced(creating)
    assert run.skipped == 1
    assert states(practice) == ["unsubscribed"] + ["active"] * 39


def test_who_subscribed_again_themselves_gets_what_is_new(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount
) -> None:
    called(creating, left(practice))
    back = practice.save_member(email=cdp.email(1))
    called(creating, back, type="subscribe")
    cdp.enter(vip, *cdp.people(1))
    assert last(creating) == ("updated", "")
    assert states(practice) == ["unsubscribed", "active"]


def test_a_call_is_not_believed_but_looked_after(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount
) -> None:
    [member_id] = practice.seed(1)
    called(creating, member_id)
    assert Link.objects.get(record_type="unsubscription").remote_id == "active"
    cdp.enter(vip, *cdp.people(1))
    assert last(creating) == ("updated", "")


def test_a_call_about_another_list_is_left_out(creating: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    called(creating, left(practice), list_id=2)
    assert not Event.objects.exists()


def test_notes_take_one_query_however_many_persons(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount
) -> None:
    called(creating, left(practice))
    cdp.enter(vip, *cdp.people(30))
    with CaptureQueriesContext(connection) as queries:
        portal.drain(creating)
    asked = [query for query in queries if "'unsubscription'" in query["sql"] and "core_link" in query["sql"]]
    assert len(asked) == 1


# -- the page --------------------------------------------------------------------------------------


PAGE = "admin:heyloyalty_activationconnection_change"


def shown(client: Client, activation: ActivationConnection) -> str:
    client.force_login(User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("anna"))
    return client.get(f"{reverse(PAGE, args=[activation.pk])}?step=webhook").content.decode()


def test_the_page_asks_for_the_webhook_of_those_only_that_create_members(
    make_activation: MakeActivation, creating: ActivationConnection, client: Client
) -> None:
    page = shown(client, creating)
    assert "Create the webhook URL." in page and "never makes them members again" in page
    assert "Create the webhook URL." not in shown(client, make_activation(name="Other"))


def test_another_list_forgets_members_but_not_who_unsubscribed(
    creating: ActivationConnection, vip: Audience, practice: HeyloyaltyAccount, client: Client
) -> None:
    called(creating, left(practice))
    cdp.enter(vip, *cdp.people(1, start=2))
    portal.drain(creating)
    assert set(Link.objects.values_list("record_type", flat=True)) == {"member", "unsubscription"}
    client.force_login(User.objects.create_superuser("anna"))
    url = f"{reverse(PAGE, args=[creating.pk])}?step=heyloyalty"
    form = client.get(url).context["adminform"].form
    found = {name: form[name].value() for name in form.fields} | {"list_id": str(NEWSLETTER)}
    typed = {name: value for name, value in found.items() if value is not None}
    client.post(url, typed)
    creating.refresh_from_db()
    assert creating.list_id == str(NEWSLETTER)
    assert set(Link.objects.values_list("record_type", flat=True)) == {"unsubscription"}
