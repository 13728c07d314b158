"""The preview of the field mapping: customers, receipts and tickets, against the practice shop and list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from integrations.connectors.flexpos.models import FlexPOSConnection, ImportType
from integrations.connectors.flexpos.orders import journals
from integrations.core.models import Event, Link
from integrations.core.setup import MARKETING
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.connectors.flexpos.rows import row
from tests.sandbox_heyloyalty import HeyloyaltyAccount


@pytest.fixture
def mia(db: None) -> Client:
    cache.clear()
    user = User.objects.create_user("mia", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def shop_connection(make_flexpos: MakeConnection) -> FlexPOSConnection:
    connection = make_flexpos()
    connection.access_roles.add(Group.objects.get(name=MARKETING))
    return connection


def pressed(
    client: Client, connection: FlexPOSConnection, record_type: str, button: str = "_preview", **more: str
) -> Any:
    """A button of the page with the saved rows; `rows-…` in `more` are changes."""
    page = reverse("admin:flexpos_flexposconnection_mapping", args=[connection.pk, record_type])
    rows = list(connection.mappings.filter(record_type=record_type))
    sent = {"rows-INITIAL_FORMS": str(len(rows)), "rows-TOTAL_FORMS": str(len(rows)), button: ""}
    for number, one in enumerate(rows):
        values = {"id": str(one.pk), "source": one.source, "target": one.target}
        values |= {"enabled": "on"} if one.enabled else {}
        sent |= {f"rows-{number}-{name}": value for name, value in values.items()}
    return client.post(page, sent | more).context


def pasted(client: Client, connection: FlexPOSConnection, record_type: str, record: Any, **more: str) -> dict[str, Any]:
    context = pressed(client, connection, record_type, try_from="pasted", try_json=json.dumps(record), **more)
    return dict(context["trial"])


def cells(trial: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {cell["source"]: cell for cell in trial["cells"]}


def test_a_member_that_is_there_would_be_updated(
    mia: Client, shop_connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=till.email(1), firstname="Mads", mobile="4520000001")
    trial = pasted(mia, shop_connection, "member", till.customer(1, FirstName="Mette"))
    assert trial["verdict"].startswith("Would update this customer by E-mail: ")
    assert trial["verdict"].endswith(" change, 1 call.")
    name, mobile = cells(trial)["FirstName"], cells(trial)["Mobile"]
    assert (name["sent"], name["there"], name["changed"]) == ("Mette", "Mads", True)
    assert (mobile["sent"], mobile["there"], mobile["changed"]) == ("4520000001", "4520000001", False)


def test_options_are_shown_by_their_labels(
    mia: Client, shop_connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    denmark = practice.option("country", "Denmark")
    practice.save_member(email=till.email(1), country=denmark)
    trial = pasted(mia, shop_connection, "member", till.customer(1, Country="DK"))
    country = cells(trial)["Country"]
    assert (country["came"], country["sent"], country["there"]) == ("DK", "Denmark", "Denmark")


def test_somebody_new_would_be_created(mia: Client, shop_connection: FlexPOSConnection) -> None:
    trial = pasted(mia, shop_connection, "member", {"Data": [till.customer(1)]})
    assert trial["verdict"].startswith("Would create this customer: ")


@pytest.mark.parametrize(
    ("settings", "values", "verdict"),
    [
        ({"import_type": ImportType.UPDATE}, {}, "Would be skipped: It doesn't exist yet"),
        ({}, {"Email": ""}, "Would be skipped: The person has no e-mail address."),
        ({}, {"Email": "mette"}, "Would be refused: Email in FlexPOS is not an e-mail address."),
        ({}, {"BirthDate": "in May"}, "Would be refused: "),
    ],
)
def test_what_is_not_sent_says_why(
    mia: Client, shop_connection: FlexPOSConnection, settings: Any, values: Any, verdict: str
) -> None:
    FlexPOSConnection.objects.filter(pk=shop_connection.pk).update(**settings)
    assert pasted(mia, shop_connection, "member", till.customer(1, **values))["verdict"].startswith(verdict)


def test_who_unsubscribed_would_be_skipped(
    mia: Client, shop_connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.deliver(shop_connection, till.customer(1))
    practice.unsubscribe(practice.member(till.email(1))["id"])
    again = till.customer(1, FirstName="Mia")
    FlexPOSConnection.objects.update(reimport_unsubscribed=False)
    assert pasted(mia, shop_connection, "member", again)["verdict"] == "Would be skipped: The person did not consent."
    FlexPOSConnection.objects.update(reimport_unsubscribed=True)
    assert pasted(mia, shop_connection, "member", again)["verdict"].startswith("Would create this customer: ")


def test_a_member_that_is_equal_is_left_as_it_is(mia: Client, shop_connection: FlexPOSConnection) -> None:
    till.deliver(shop_connection, till.customer(1))
    Link.objects.all().delete()
    trial = pasted(mia, shop_connection, "member", till.customer(1))
    assert trial["verdict"] == "Nothing would be sent: The list has these values already."
    assert not [cell for cell in trial["cells"] if cell["changed"]]


@pytest.mark.parametrize(("record_type", "payload"), [("journal", "journal_sale"), ("ticket", "ticket_paid")])
def test_orders_would_be_sent_and_nobody_knows_what_is_there(
    mia: Client, shop_connection: FlexPOSConnection, record_type: str, payload: str, practice: HeyloyaltyAccount
) -> None:
    trial = pasted(mia, shop_connection, record_type, row(payload))
    assert trial["verdict"].startswith(f"Would send this {record_type}: ")
    assert "activity feed can't be read" in trial["blind"]
    assert practice.activities() == []


def test_a_sale_to_nobody_is_said_to_be_none(mia: Client, shop_connection: FlexPOSConnection) -> None:
    text = json.dumps(row("journal_anonymous"))
    context = pressed(mia, shop_connection, "journal", try_from="pasted", try_json=text)
    assert "Nobody is named in it" in context["no_record"]


def test_the_vendor_that_refuses_leaves_its_reason(
    mia: Client, shop_connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    pressed(mia, shop_connection, "member")
    practice.fault("unauthorized", times=None)
    trial = pasted(mia, shop_connection, "member", till.customer(1))
    assert trial["verdict"].startswith("Would wait: ")
    assert trial["blind"]
    assert cells(trial)["FirstName"]["sent"]


def test_the_last_customers_are_checked_by_the_fields_as_last_read(
    mia: Client, shop_connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.arrive(shop_connection, till.customer(1), till.customer(2, BirthDate="in May"), till.customer(3, Country="XX"))
    pressed(mia, shop_connection, "member")
    before = practice.call_count()
    result = pressed(mia, shop_connection, "member", "_check")["check"]
    assert practice.call_count() == before
    assert (result["records"], result["unfit"]) == (3, 2)
    reports = {report["source"]: report for report in result["reports"]}
    assert reports["BirthDate"]["refused"] == reports["Country"]["refused"] == 1
    assert reports["Mobile"]["converted"] == 3
    assert Event.objects.count() == 3


def test_lines_of_receipts_are_checked(mia: Client, shop_connection: FlexPOSConnection) -> None:
    records = journals([row("journal_sale")]).records
    till.queue(shop_connection, records)
    result = pressed(mia, shop_connection, "journal", "_check")["check"]
    assert (result["records"], result["unfit"]) == (len(records), 0)
