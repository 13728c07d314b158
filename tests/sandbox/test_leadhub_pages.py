"""The pages of a LeadHub account, as someone with a browser uses them: without scripts, by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.sandbox.leadhub.basic_tags import derived
from tests.sandbox_leadhub import LeadHubAccount
from tests.sandbox_server import Sandbox

JANA = "jana.novakova@example.test"


@pytest.fixture
def leadhub(sandbox: Sandbox) -> LeadHubAccount:
    leadhub = sandbox.leadhub()
    leadhub.limits()
    return leadhub


def get(leadhub: LeadHubAccount, path: str = "") -> str:
    reply = requests.get(f"{leadhub.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(leadhub: LeadHubAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{leadhub.url}/{path}", data=form, timeout=10)


def profile_page(leadhub: LeadHubAccount, email: str = JANA) -> str:
    return get(leadhub, f"people/{leadhub.profile(email)['id']}")


@pytest.mark.parametrize("path", ["", "faults", "ledger", "settings"])
def test_every_page_opens(leadhub: LeadHubAccount, path: str) -> None:
    text = get(leadhub, path)
    assert '<html lang="en">' in text
    assert "<h1>" in text
    assert "LeadHub, account “practice”" in text
    assert "<script" not in text


def test_the_front_page_leads_to_the_account(sandbox: Sandbox) -> None:
    assert "/leadhub/practice/" in requests.get(sandbox.url, timeout=10).text


def test_profiles_are_listed_newest_first_in_pages_and_found(leadhub: LeadHubAccount) -> None:
    leadhub.seed(60)
    first, second = get(leadhub), get(leadhub, "?offset=50")
    assert first.index("Customer 60<") < first.index("Customer 11<")
    assert "Customer 10<" not in first
    assert "Customer 10<" in second
    assert "60 profiles" in first
    for text in ("000042", "SEED-42", "customer 42"):
        assert "Customer 42<" in get(leadhub, f"?q={text}")
    assert "match “nobody”" in get(leadhub, "?q=nobody")


def test_invented_profiles_are_added_by_a_button(leadhub: LeadHubAccount) -> None:
    assert "10 profiles were added" in post(leadhub, "seed").text
    post(leadhub, "seed")
    assert leadhub.profile_count() == 20


def test_a_profile_shows_latest_data_occurrences_and_basic_tags(leadhub: LeadHubAccount) -> None:
    leadhub.put("ellity-1", JANA, first_name="Jana")
    leadhub.tag("ellity-1", "ellity_account_changed", currentAccount=120, registered=False, items="<b>")
    leadhub.tag("ellity-1", "ellity_account_changed", currentAccount=90, registered=True)
    text = profile_page(leadhub)
    tags, occurrences = text.split("<h2>Occurrences</h2>")
    assert "currentAccount: 90" in tags
    assert "currentAccount: 120" not in tags
    assert occurrences.index("currentAccount: 90") < occurrences.index("currentAccount: 120")
    assert "items: &quot;&lt;b&gt;&quot;" in occurrences
    assert "90 points" in tags
    assert "Registered" in tags
    assert requests.get(f"{leadhub.url}/people/nobody", timeout=10).status_code == 404


def test_basic_tags_are_derived_from_the_latest_general_ones() -> None:
    values = {basic.name: value for basic, value in derived({})}
    assert values == dict.fromkeys(
        ["Ellity - registrace účtu", "Ellity - stav účtu", "Ellity - změna expirace", "Ellity - změna PIN"], ""
    )
    tags = {
        "ellity_account_changed": {"currentAccount": 0, "registered": False},
        "ellity_expiry_changed": {"expiryDate": "2026-12-31", "expiryValue": 40},
        "ellity_pin_changed": {"newPin": "0042"},
    }
    assert [value for _, value in derived(tags)] == [
        "Not registered",
        "0 points",
        "40 points expire on 2026-12-31",
        "New PIN 0042",
    ]
    # Clients that know no booleans send 0 and 1.
    assert derived({"ellity_account_changed": {"registered": 1}})[0][1] == "Registered"


def test_the_ledger_page_shows_what_was_applied_lost_and_called(leadhub: LeadHubAccount) -> None:
    assert "Accepted and lost" not in get(leadhub, "ledger")
    leadhub.put("ellity-1", JANA)
    leadhub.tag("ellity-1", "ellity_pin_changed", newPin="0042")
    leadhub.tag("ellity-2", "ellity_pin_changed", newPin="0043")
    text = get(leadhub, "ledger")
    assert "profile created" in text
    assert "tag ellity_pin_changed created" in text
    assert "0042" in text
    assert "Accepted and lost" in text
    assert "POST profiles/tags" in text
    assert leadhub.token not in text


def test_settings_show_what_a_connection_needs(leadhub: LeadHubAccount) -> None:
    text = get(leadhub, "settings")
    assert leadhub.url in text
    assert leadhub.token in text


def test_settings_are_saved_or_refused_whole(leadhub: LeadHubAccount) -> None:
    form = {"token": "another", "strict": "yes", "visibility_delay_s": "0.5", "tag_write_limit": "20", "latency_ms": ""}
    assert post(leadhub, "settings", **form).status_code == 400
    assert leadhub.settings()["token"] != "another"
    assert "saved" in post(leadhub, "settings", **(form | {"latency_ms": "25"})).text
    settings = leadhub.settings()
    assert (settings["token"], settings["strict"], settings["latency_ms"]) == ("another", True, 25)
    assert (settings["visibility_delay_s"], settings["tag_write_limit"]) == (0.5, 20)
    assert '<option value="yes" selected>' in get(leadhub, "settings")
    post(leadhub, "settings", strict="no")
    assert leadhub.settings()["strict"] is False
    refused = post(leadhub, "settings", visibility_delay_s="3")
    assert "visibility_delay_s is a number from 0 to 2" in refused.text


def test_all_data_is_deleted_by_a_button(leadhub: LeadHubAccount) -> None:
    leadhub.seed(2)
    assert "All data was deleted" in post(leadhub, "clear").text
    assert leadhub.profile_count() == 0
