"""The settings page of Amero/FlexPOS, driven as a browser does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core import catalog
from integrations.core.models import FieldCatalog, FieldMapping, Link
from integrations.core.models.engine import EPOCH
from integrations.core.registry import connector_for
from integrations.core.setup import MARKETING
from tests.connectors.flexpos import till
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount

NAME = "admin:flexpos_flexposconnection"


@pytest.fixture
def mia(db: None) -> Client:
    cache.clear()
    user = User.objects.create_user("mia", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def mine(connection: FlexPOSConnection) -> FlexPOSConnection:
    connection.access_roles.add(Group.objects.get(name=MARKETING))
    return connection


def url(connection: FlexPOSConnection, step: str = "", page: str = "change") -> str:
    return reverse(f"{NAME}_{page}", args=[connection.pk]) + (f"?step={step}" if step else "")


def first_step(shop: FlexPOSAccount, practice: HeyloyaltyAccount, **changes: Any) -> dict[str, Any]:
    client_id, client_secret = shop.client
    values = {
        "name": "Shop",
        "api_key": practice.api_key,
        "api_secret": practice.api_secret,
        "list_id": "",
        "tracking_id": practice.tracking_id,
        "match_on": "email",
        "api_url": shop.api_url,
        "client_id": client_id,
        "client_secret": client_secret,
        "fetch_active": "all",
        "fetch_club_members": "only",
        "fetch_newsletter": "all",
        "api_address": practice.url,
        "tracking_address": practice.url,
        "calls_per_second": 0,
        "calls_per_minute": 0,
    }
    return {**values, **changes}


def import_step(**changes: Any) -> dict[str, Any]:
    values = {
        "import_type": "upsert",
        "date_format": "Y-m-dTH:i:s",
        "separator": ".",
        "reimport_unsubscribed": "on",
        "errors_to": "",
        "notify_to": "",
    }
    return {**values, **changes}


def test_a_marketing_admin_sets_it_up_step_by_step(
    mia: Client, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    response = mia.post(reverse(f"{NAME}_add"), first_step(shop, practice, _next=""))
    made = FlexPOSConnection.objects.get()
    assert response["Location"] == url(made, "attractions")
    assert (made.connector, made.filters.club_member, made.filters.active) == ("flexpos", True, False)
    assert made.mappings.filter(record_type="member", source="Email", target="email").exists()
    assert {"journal", "ticket"} <= set(made.mappings.values_list("record_type", flat=True))
    attraction_client_id, attraction_client_secret = shop.attraction_client
    attractions = {
        "attraction_api_url": shop.attraction_api_url,
        "attraction_client_id": attraction_client_id,
        "attraction_client_secret": attraction_client_secret,
    }
    assert mia.post(url(made, "attractions"), attractions).status_code == 302
    page = mia.get(url(made, "settings")).content.decode()
    assert "Customers (0)" in page
    assert "Newsletter (0)" in page
    again = first_step(shop, practice, list_id="1", api_key="", api_secret="", client_secret="")
    assert mia.post(url(made, "settings"), again).status_code == 302
    made.refresh_from_db()
    assert (made.list_number, made.api_secret) == (1, practice.api_secret)
    tested = mia.post(reverse(f"{NAME}_do", args=[made.pk, "test"])).content.decode()
    assert "The list has tracking, and the Tracking ID is right" in tested


def test_each_step_has_the_labels_of_the_page(mia: Client, mine: FlexPOSConnection) -> None:
    labels = {
        "settings": ["List", "Match members on field", "Client_id", "Client_secret", "Fetch Customers Active",
                     "Only with IsActive (true)", "Fetch Customers ClubMember", "Only with IsClubMember (1)",
                     "Fetch Customers Newsletter", "Only with GetsNewsletter (1)"],
        "attractions": ["Attraction API url", "Attraction Client_id", "Attraction Client_secret"],
        "import": ["Import type", "Create without check", "Update or create", "Update only", "Date format",
                   "Character that separates options", "Re-import previously unsubscribed",
                   "is created on it again", "Send active automations", "Send webhooks",
                   "Send errors in the import file to"],
        "mapping": ["Mapping for Customer", "Mapping for Journal", "Mapping for Ticket", "run a manual import"],
        "webhook": ["Tick Subscribe, Update and Unsubscribe"],
    }  # fmt: skip
    for step, expected in labels.items():
        page = mia.get(url(mine, step)).content.decode()
        assert [label for label in expected if escape(label) not in page] == []


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"api_address": "https://heyloyalty.example.com"}, {"api_key", "api_secret"}),
        ({"tracking_address": "https://tracking.example.com"}, {"api_key", "api_secret"}),
        ({"api_url": "https://till.example.com/v1"}, {"client_secret"}),
    ],
)
def test_secrets_are_not_sent_to_an_address_they_were_not_entered_for(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount,
    changes: dict[str, str], asked: set[str],
) -> None:  # fmt: skip
    blank = dict.fromkeys(("api_key", "api_secret", "client_secret"), "")
    response = mia.post(url(mine, "settings"), first_step(shop, practice, list_id="1", **blank, **changes))
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == asked


def test_a_list_of_nobody_is_refused(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    response = mia.post(url(mine, "settings"), first_step(shop, practice, list_id="77"))
    assert "not one of the choices" in response.content.decode()


def test_another_list_has_its_fields_read_anew(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    assert mia.post(url(mine, "settings"), first_step(shop, practice, list_id="2")).status_code == 302
    assert set(FieldCatalog.objects.values_list("fetched_at", flat=True)) == {EPOCH}


def test_everybody_is_new_to_another_list_and_who_left_the_first_one_is_not_forgotten(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    FlexPOSConnection.objects.update(reimport_unsubscribed=False)
    FieldMapping.objects.exclude(target="email").delete()  # all that the second list has

    def choose(number: str) -> None:
        assert mia.post(url(mine, "settings"), first_step(shop, practice, list_id=number)).status_code == 302
        mine.refresh_from_db()

    people = [till.customer(1), till.customer(2)]
    assert till.deliver(mine, *people) == [("new", "")] * 2
    practice.unsubscribe(practice.member(till.email(1))["id"])
    assert till.pull(mine, "consent").new == 1
    choose("2")
    assert till.deliver(mine, *people) == [("new", "")] * 2
    assert len(practice.members(list_id=2)) == 2
    choose("1")
    assert till.deliver(mine, *people) == [("skipped", "consent"), ("unchanged", "")]


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        ("settings", {"api_url": "/v2"}),
        ("attractions", {"attraction_api_url": "/v2"}),
    ],
)
def test_another_address_of_flexpos_forgets_nobody_who_unsubscribed(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount, step: str,
    changes: dict[str, str],
) -> None:  # fmt: skip
    till.deliver(mine, till.customer())
    practice.unsubscribe(practice.member(till.email(1))["id"])
    till.pull(mine, "consent")
    before = set(Link.objects.values_list("record_type", "remote_id"))
    assert {"member", "unsubscription"} == {record_type for record_type, _ in before}
    client_id, client_secret = shop.attraction_client
    attractions = {"attraction_client_id": client_id, "attraction_client_secret": client_secret}
    posted = first_step(shop, practice, list_id="1") if step == "settings" else attractions
    moved = {name: f"{shop.url}{end}" for name, end in changes.items()}
    assert mia.post(url(mine, step), posted | moved).status_code == 302
    assert set(Link.objects.values_list("record_type", "remote_id")) == before


def test_another_separator_respells_the_paths_that_are_mapped(mia: Client, mine: FlexPOSConnection) -> None:
    assert mia.post(url(mine, "import"), import_step(separator="/")).status_code == 302
    sources = FieldMapping.objects.filter(connection=mine, record_type="journal").values_list("source", flat=True)
    assert "Lines/ProductName" in sources
    assert not [source for source in sources if "." in source]


def test_a_field_the_list_lacks_is_shown_with_what_to_do(
    mia: Client, mine: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    assert "doesn&#x27;t exist" not in mia.get(url(mine, "mapping")).content.decode()
    practice.remove_field("city")
    catalog.current(connector_for(mine), "member", now=True)
    page = mia.get(url(mine, "mapping")).content.decode()
    assert "city doesn&#x27;t exist: add it to the list in Heyloyalty, or remove its row." in page


def test_edit_mapping_offers_the_fields_of_the_list_and_the_columns_of_tracking(
    mia: Client, mine: FlexPOSConnection
) -> None:
    def page(record_type: str) -> str:
        return mia.get(reverse(f"{NAME}_mapping", args=[mine.pk, record_type])).content.decode()

    assert "Card number · text (card_number)" in page("member")
    assert "Product name · text (product_name)" in page("journal")
    assert "Seat · text (seat)" in page("ticket")


def mapping_of(**added: str) -> dict[str, Any]:
    """Edit Mapping of customers as a browser posts it: the e-mail address, and one more row."""
    rows = [{"source": "Email", "target": "email", "enabled": "on"}, {"enabled": "on", **added}]
    posted = {f"rows-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    return {"rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "0", "_save": "", **posted}


def test_only_fields_of_flexposs_data_can_be_mapped_its_own_and_nested_ones_too(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.at(timezone.now() - timedelta(minutes=1))
    shop.customer(0, Email=till.email(1), extra={"Hobby": "Chess", "pets": [{"Name": "Rex"}, {"Age": 3}]})
    editor = reverse(f"{NAME}_mapping", args=[mine.pk, "member"])
    page = mia.get(editor).content.decode()
    offered = ["cards.Cardnumber", "Hobby", "pets.Name", "pets.Age"]
    assert [name for name in offered if f'value="{name}"' not in page] == []
    assert 'value="pets"' not in page and 'value="cards"' not in page
    wrong = mia.post(editor, mapping_of(source="Shoesize", target="card_number")).content.decode()
    assert "The source sends no field Shoesize." in wrong
    saved = mia.post(editor, mapping_of(source="pets.Name", target="card_number"), follow=True).content.decode()
    assert "run a manual import" in saved
    assert reverse(f"{NAME}_import", args=[mine.pk]) in saved
    assert mine.mappings.filter(record_type="member", source="pets.Name").exists()


def test_a_mapped_field_that_left_flexposs_data_is_shown_with_what_to_do(mia: Client, mine: FlexPOSConnection) -> None:
    mine.mappings.filter(target="city").update(source="Town")
    catalog.current(connector_for(mine), "customers", now=True)
    page = mia.get(url(mine, "mapping")).content.decode()
    assert escape("Town isn't in FlexPOS's data: have it added there, or remove its row.") in page
    editor = mia.get(reverse(f"{NAME}_mapping", args=[mine.pk, "member"])).content.decode()
    assert "The source sends no field Town." in editor


def test_while_flexpos_is_away_its_fields_can_be_typed(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.fault("system_error", times=None)
    page = mia.get(reverse(f"{NAME}_mapping", args=[mine.pk, "member"])).content.decode()
    assert 'list="mapping-sources"' in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"list_id": "2"}, "The Tracking ID is still that of the list before"),
        ({"list_id": "1", "tracking_id": "unknown"}, "Check the Tracking ID"),
        ({"list_id": "1", "tracking_id": ""}, "No Tracking ID is entered."),
    ],
)
def test_a_list_without_tracking_is_said_so_at_once(
    mia: Client, mine: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount, changes: dict[str, str],
    said: str,
) -> None:  # fmt: skip
    saved = mia.post(url(mine, "settings"), first_step(shop, practice, **changes), follow=True)
    assert said in " ".join(map(str, saved.context["messages"]))


def test_without_a_list_it_is_not_enabled(mia: Client, mine: FlexPOSConnection) -> None:
    FlexPOSConnection.objects.filter(pk=mine.pk).update(state="draft", list_id="")
    answer = mia.post(reverse(f"{NAME}_do", args=[mine.pk, "enable"]), follow=True)
    assert "Choose a list under Settings first." in answer.content.decode()
    mine.refresh_from_db()
    assert mine.state == "draft"
