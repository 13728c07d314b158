"""The pages of a Heyloyalty account, as someone with a browser uses them: without scripts, by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Receiver
from tests.sandbox_heyloyalty import NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

ADA = "ada@example.test"
LIST = "lists/1"
PAGES = [
    "",
    LIST,
    f"{LIST}/members/new",
    f"{LIST}/fields",
    f"{LIST}/activities",
    f"{LIST}/webhooks",
    "imports",
    "mails",
    "faults",
    "ledger",
    "settings",
]


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    practice = sandbox.heyloyalty()
    practice.settings(import_delay_s=0, retry_pause_s=0.01)
    return practice


def get(practice: HeyloyaltyAccount, path: str = "") -> str:
    reply = requests.get(f"{practice.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(practice: HeyloyaltyAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{practice.url}/{path}", data=form, timeout=10)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(practice: HeyloyaltyAccount, path: str) -> None:
    text = get(practice, path)
    assert '<html lang="en">' in text
    assert "<h1>" in text
    assert "<script" not in text


@pytest.mark.parametrize("path", ["lists/77", "lists/77/fields", f"{LIST}/members/nobody", "imports/7", "nowhere"])
def test_what_is_not_there_is_404(practice: HeyloyaltyAccount, path: str) -> None:
    assert requests.get(f"{practice.url}/{path}", timeout=10).status_code == 404


def test_the_front_page_leads_to_the_account(sandbox: Sandbox) -> None:
    assert "/heyloyalty/practice/" in requests.get(sandbox.url, timeout=10).text


def test_lists_are_shown_and_made(practice: HeyloyaltyAccount) -> None:
    assert practice.tracking_id in get(practice)
    reply = post(practice, "", name="Club")
    assert "The list was made" in reply.text
    assert reply.url.startswith(f"{practice.url}/lists/3?")
    assert post(practice, "", name=" ").status_code == 400


def test_members_are_listed_newest_first_in_pages_and_found(practice: HeyloyaltyAccount) -> None:
    practice.seed(60)
    first, second = get(practice, LIST), get(practice, f"{LIST}?offset=50")
    assert first.index("Member 60<") < first.index("Member 11<")
    assert "Member 10<" not in first
    assert "Member 10<" in second
    assert "60 members" in first
    assert "Member 42<" in get(practice, f"{LIST}?q=MEMBER000042")
    assert "members were added" in post(practice, f"{LIST}/seed").text
    assert len(practice.members()) == 70


def test_a_member_is_added_edited_unsubscribed_and_subscribed_again(practice: HeyloyaltyAccount) -> None:
    gold, music = practice.option("tier", "Gold"), practice.option("interests", "Music")
    reply = post(practice, f"{LIST}/members/new", email=ADA, firstname="Ada", tier=gold, interests=[music], city="")
    assert "The member was added" in reply.text
    path = f"{LIST}/members/{practice.member(ADA)['id']}"
    text = get(practice, path)
    assert f'value="{ADA}"' in text
    assert f'<option value="{gold}" selected>' in text
    assert f'value="{music}" checked' in text
    assert "was saved" in post(practice, path, action="save", email=ADA, firstname="Adele", tier="").text
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Adele"}
    assert "was unsubscribed" in post(practice, path, action="unsubscribe").text
    assert "unsubscribed since" in get(practice, path)
    assert "subscribed again" in post(practice, path, action="resubscribe").text
    assert practice.member(ADA)["state"] == "active"
    assert post(practice, path, action="dance").status_code == 400


def test_a_pending_member_is_confirmed_by_a_button(practice: HeyloyaltyAccount) -> None:
    practice.save_list(**{"double_opt-in": True})
    member_id = practice.api("POST", "lists/1/members", {"email": ADA}).json()["id"]
    assert "Confirm the subscription" in get(practice, f"{LIST}/members/{member_id}")
    post(practice, f"{LIST}/members/{member_id}", action="confirm")
    assert practice.member(ADA)["state"] == "active"


def test_a_refused_member_says_why_and_keeps_what_was_typed(practice: HeyloyaltyAccount) -> None:
    reply = post(practice, f"{LIST}/members/new", email="ada@nowhere", firstname='<b>"Ada')
    assert reply.status_code == 400
    assert "is not an e-mail address" in reply.text
    assert "&lt;b&gt;&quot;Ada" in reply.text
    assert '<b>"Ada' not in reply.text


def test_fields_and_options_are_shown_added_renamed_and_deleted(practice: HeyloyaltyAccount) -> None:
    path = f"{LIST}/fields"
    post(practice, path, action="field", name="shop", label="Shop", format="choice", options="Odense\nAarhus\n")
    assert f"{practice.option('shop', 'Aarhus')} Aarhus" in get(practice, path)
    post(practice, path, action="field", name="shop", label="Favourite shop", options="Vejle")
    shop = practice.list_of()["fields"]["shop"]
    assert (shop["label"], list(shop["options"].values())) == ("Favourite shop", ["Odense", "Aarhus", "Vejle"])
    post(practice, path, action="remove_field", name="shop")
    assert "shop" not in practice.list_of()["fields"]
    assert post(practice, path, action="field", name="Two words").status_code == 400
    post(practice, f"lists/{NEWSLETTER}/fields", action="field", name="sex")
    assert practice.list_of(NEWSLETTER)["fields"]["sex"]["type"] == "fixed"


def test_the_settings_of_a_list_are_saved(practice: HeyloyaltyAccount) -> None:
    form = {"name": "Club", "duplicates": "allow", "date_format": "dd-mm-yyyy hh:ii:ss", "tracking_id": ""}
    post(practice, f"{LIST}/fields", action="settings", double_opt_in="on", automations=["update"], **form)
    one = practice.list_of()
    assert {name: one[name] for name in form} == form
    assert (one["double_opt_in"], one["automations"]) == (True, ["update"])
    assert "no tracking" in get(practice, LIST)
    assert "was deleted" in post(practice, f"{LIST}/fields", action="remove_list").text
    assert len(practice.lists()) == 1


def test_the_feed_imports_and_mails_are_shown(practice: HeyloyaltyAccount) -> None:
    member_id = practice.save_member(email=ADA)
    practice.import_tracking([[ADA, "Theatre ticket"]], ["email", "product_name"])
    practice.import_csv([["bad"]], ["email"], sendErrorsTo="it@example.test")
    practice.wait_for_imports(2)
    assert "Theatre ticket" in get(practice, f"{LIST}/activities")
    assert "Theatre ticket" in get(practice, f"{LIST}/members/{member_id}")
    assert "is not an e-mail address" in get(practice, "imports/2")
    assert "imports/2" in get(practice, "imports")
    mails = get(practice, "mails")
    assert "it@example.test" in mails
    assert "Welcome" in mails


def test_webhooks_are_added_and_deleted_and_deliveries_shown(practice: HeyloyaltyAccount, receiver: Receiver) -> None:
    path = f"{LIST}/webhooks"
    post(practice, path, action="save", url=receiver.url, triggers=["subscribe"], contact_email="it@example.test")
    practice.save_member(email=ADA)
    practice.wait_for_deliveries(1)
    text = get(practice, path)
    assert receiver.url in text
    assert "delivered" in text
    (webhook,) = practice.api("GET", path).json()
    assert "was deleted" in post(practice, path, action="remove", id=webhook["id"]).text
    refused = post(practice, path, action="save", url="portal.example.test")
    assert (refused.status_code, 'value="portal.example.test"' in refused.text) == (400, True)


def test_the_ledger_page_shows_what_was_applied_and_called(practice: HeyloyaltyAccount) -> None:
    practice.api("POST", "lists/1/members", {"email": ADA})
    text = get(practice, "ledger")
    assert "member created" in text
    assert "loyalty/v1/lists/1/members" in text


def test_settings_show_what_a_connection_needs(practice: HeyloyaltyAccount) -> None:
    text = get(practice, "settings")
    for shown in (practice.url, practice.api_key, practice.api_secret, practice.tracking_id):
        assert shown in text
    assert "saved" in post(practice, "settings", latency_ms="25", unsubscribed="refuse").text
    assert (practice.settings()["latency_ms"], practice.settings()["unsubscribed"]) == (25, "refuse")
    assert post(practice, "settings", unsubscribed="forget").status_code == 400
    assert post(practice, "settings", field_limit="many").status_code == 400
    practice.seed(2)
    post(practice, "clear")
    assert practice.members() == []


def test_the_list_shows_the_fields_that_were_made_last_and_what_members_have_in_them(
    practice: HeyloyaltyAccount,
) -> None:
    options = [{"label": "Yes"}, {"label": "No"}]
    field = {"type": "custom", "name": "raptor_aud_vip", "label": "VIP", "format": "choice", "options": options}
    assert practice.api("PATCH", f"lists/{NEWSLETTER}", {"fields": [field]}, version=2).ok
    practice.save_member(
        list_id=NEWSLETTER, email=ADA, raptor_aud_vip=practice.option("raptor_aud_vip", "Yes", NEWSLETTER)
    )
    page = get(practice, f"lists/{NEWSLETTER}")
    assert '<th scope="col">VIP</th>' in page
    assert '<td data-label="VIP">Yes</td>' in page
