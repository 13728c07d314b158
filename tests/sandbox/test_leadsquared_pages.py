"""The pages, as someone with a browser uses them: without scripts, by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Receiver
from tests.sandbox_server import LeadSquaredAccount, Sandbox

PAGES = ["", "leads/new", "automations", "faults", "ledger", "settings"]


def get(account: LeadSquaredAccount, path: str = "") -> str:
    reply = requests.get(f"{account.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(account: LeadSquaredAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{account.url}/{path}", data=form, timeout=10)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(source: LeadSquaredAccount, path: str) -> None:
    text = get(source, path)
    assert '<html lang="en">' in text
    assert "<h1>" in text
    assert "<script" not in text


def test_the_front_page_leads_to_the_accounts(sandbox: Sandbox) -> None:
    reply = requests.get(sandbox.url, timeout=10)
    assert "/leadsquared/source/" in reply.text
    assert requests.get(f"{sandbox.url}/sandbox.css", timeout=10).headers["Content-Type"].startswith("text/css")


def test_leads_are_listed_newest_first_in_pages(source: LeadSquaredAccount) -> None:
    source.seed(60)
    first, second = get(source), get(source, "?offset=50")
    assert first.index("Lead 60<") < first.index("Lead 11<")
    assert "Lead 10<" not in first
    assert "Lead 10<" in second
    assert "60 leads" in first
    assert "Lead 42<" in get(source, "?q=000042")


def test_a_lead_can_be_added_and_edited_and_sets_off_automations(
    source: LeadSquaredAccount, receiver: Receiver
) -> None:
    source.automation(receiver.url)
    reply = post(source, "leads/new", FirstName="Ada", EmailAddress="ada@example.test", DoNotEmail="0", mx_City="")
    assert "The lead was saved" in reply.text
    lead_id = reply.url.split("/")[-1].split("?")[0]
    assert 'value="ada@example.test"' in get(source, f"leads/{lead_id}")
    post(source, f"leads/{lead_id}", FirstName="Adele")
    deliveries = source.wait_for_deliveries(2)
    assert [delivery["trigger"] for delivery in deliveries] == ["new_lead", "lead_update"]
    assert source.lead("ada@example.test")["FirstName"] == "Adele"


def test_the_whole_form_of_a_lead_can_be_sent_back(source: LeadSquaredAccount) -> None:
    lead_id = source.save_lead(
        FirstName="Ada", mx_Date_of_Birth="1990-02-03 00:00:00", mx_Tier="Gold", Source="Trade fair"
    )
    text = get(source, f"leads/{lead_id}")
    assert 'value="1990-02-03 00:00:00"' in text
    assert '<option value="Gold" selected>' in text
    reply = post(source, f"leads/{lead_id}", FirstName="Ada", mx_Date_of_Birth="1990-02-03 00:00:00", mx_Tier="Gold")
    assert "The lead was saved" in reply.text
    assert source.ledger()[-1]["fields"] == []


def test_a_refused_lead_says_why_and_keeps_what_was_typed(source: LeadSquaredAccount) -> None:
    reply = post(source, "leads/new", FirstName='<b>"Ada', EmailAddress="ada@nowhere")
    assert reply.status_code == 400
    assert "is not an email address" in reply.text
    assert "&lt;b&gt;&quot;Ada" in reply.text
    assert '<b>"Ada' not in reply.text


def test_an_activity_can_be_added(source: LeadSquaredAccount) -> None:
    (lead_id,) = source.seed(1)
    reply = post(source, f"leads/{lead_id}/activities", code="201", mx_Custom_1="A-77", note="In the store")
    assert "The activity was added" in reply.text
    assert "A-77" in reply.text
    assert requests.get(f"{source.url}/leads/nobody", timeout=10).status_code == 404


def test_an_automation_is_verified_saved_switched_and_deleted(source: LeadSquaredAccount, receiver: Receiver) -> None:
    form = {
        "name": "To the portal",
        "url": receiver.url,
        "triggers": ["new_lead", "activity"],
        "variant": "wrapped",
        "headers": "X-Token: t-1\n",
    }
    verified = post(source, "automations", action="verify", **form)
    assert "Verify: Verified" in verified.text
    assert receiver.url in verified.text
    assert source.automations() == []
    post(source, "automations", action="save", **form)
    (saved,) = source.automations()
    assert saved["headers"] == {"X-Token": "t-1"}
    assert (saved["triggers"], saved["variant"]) == (["new_lead", "activity"], "wrapped")
    assert "is now off" in post(source, "automations", action="toggle", id=saved["id"]).text
    changed = post(source, "automations", action="save", id=saved["id"], **(form | {"variant": "flat"}))
    assert "saved" in changed.text
    assert (source.automations()[0]["variant"], source.automations()[0]["enabled"]) == ("flat", False)
    receiver.statuses = [500]
    assert "Answered 500" in post(source, "automations", action="verify_saved", id=saved["id"]).text
    post(source, "automations", action="remove", id=saved["id"])
    assert source.automations() == []


def test_an_automation_without_an_address_is_refused(source: LeadSquaredAccount) -> None:
    reply = post(source, "automations", action="save", url="portal.example.test/hook", triggers="new_lead")
    assert reply.status_code == 400
    assert "starts with http" in reply.text
    assert 'value="portal.example.test/hook"' in reply.text


def test_deliveries_are_listed_with_their_result(source: LeadSquaredAccount, receiver: Receiver) -> None:
    receiver.statuses = [500, 500, 500]
    source.automation(receiver.url, name="To the portal")
    source.save_lead(FirstName="Ada")
    source.wait_for_deliveries(1)
    text = get(source, "automations")
    assert "failed" in text
    assert "Lead_Post_Create" in text


def test_the_ledger_page_shows_what_was_applied_and_called(source: LeadSquaredAccount) -> None:
    source.save_lead(FirstName="Ada", EmailAddress="ada@example.test")
    source.api("GET", "UserManagement.svc/Users.Get")
    text = get(source, "ledger")
    assert "lead created" in text
    assert "Users.Get" in text
    assert source.secret_key not in text


def test_settings_show_what_a_connection_needs(source: LeadSquaredAccount) -> None:
    text = get(source, "settings")
    assert source.url in text
    assert source.access_key in text
    assert "saved" in post(source, "settings", latency_ms="25", calls_per_5s="0").text
    assert source.settings()["latency_ms"] == 25
    assert post(source, "settings", latency_ms="soon").status_code == 400
    assert "leads were added" in post(source, "seed").text
    post(source, "clear")
    assert source.lead_count() == 0
