"""The till and the other pages, as someone with a browser uses them: without scripts, by links and forms."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_server import Sandbox

PAGES = ["", "customers", "customers/new", "journals", "tickets", "faults", "ledger", "settings"]


@pytest.fixture
def shop(sandbox: Sandbox) -> FlexPOSAccount:
    shop = sandbox.flexpos()
    shop.unlimited()
    shop.at("2026-03-09T11:00:00Z")
    return shop


def get(shop: FlexPOSAccount, path: str = "") -> str:
    reply = requests.get(f"{shop.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(shop: FlexPOSAccount, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{shop.url}/{path}", data=form, timeout=10)


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(shop: FlexPOSAccount, path: str, filled: bool) -> None:
    if filled:
        shop.seed(customers=5, journals=5, tickets=5, memberships=5)
    text = get(shop, path)
    assert '<html lang="en">' in text
    assert "<h1>" in text
    assert "<script" not in text


def test_the_front_page_leads_to_the_shop(sandbox: Sandbox) -> None:
    assert "/flexpos/shop/" in requests.get(sandbox.url, timeout=10).text


def test_a_customer_is_found_at_the_till_and_a_sale_rung_up(shop: FlexPOSAccount) -> None:
    mette = shop.customer(FirstName="Mette", LastName="Holm", Email="mette@example.test")
    shop.customer(FirstName="Anne")
    found = get(shop, "?q=METTE")
    assert f"?customer={mette}" in found
    assert "Anne" not in found
    assert f'name="customer" value="{mette}"' in get(shop, f"?customer={mette}")
    form = {"customer": mette, "quantity-7711": "2", "quantity-8102": "", "store": "3", "action": "sale"}
    reply = post(shop, "sales", **form)
    assert "Sale 10001 of 70.00 kr. was rung up" in reply.text
    assert "2 × Kaffe" in reply.text
    (journal,) = shop.journals()
    assert (journal["CustomerId"], journal["Total"], journal["StoreName"]) == (mette, 70.0, "Roskilde")


def test_a_return_and_an_anonymous_sale_are_rung_up(shop: FlexPOSAccount) -> None:
    reply = post(shop, "sales", **{"customer": "", "quantity-7711": "1", "store": "1", "action": "return"})
    assert "Return 10001 of -35.00 kr. was rung up" in reply.text
    assert "anonymous" in reply.text
    assert shop.journals()[0]["CustomerId"] is None


def test_a_refused_sale_says_why_and_keeps_customer_and_quantities(shop: FlexPOSAccount) -> None:
    mette = shop.customer(FirstName="Mette")
    empty = post(shop, "sales", customer=mette, store="3", action="sale")
    assert empty.status_code == 400
    assert "at least one product" in empty.text
    typed = {"customer": mette, "store": "3", "quantity-7711": "two", "quantity-8101": "3"}
    wrong = post(shop, "sales", **typed)
    assert "“two” is not a whole number" in wrong.text
    assert 'name="quantity-8101" value="3"' in wrong.text
    assert f'name="customer" value="{mette}"' in wrong.text
    assert shop.journals() == []


def test_a_ticket_and_a_membership_are_sold(shop: FlexPOSAccount) -> None:
    mette = shop.customer(FirstName="Mette")
    assert "“Sommershow” was sold" in post(shop, "tickets", customer=mette, attraction="14", quantity="2").text
    assert shop.tickets()[0]["Quantity"] == 2
    text = post(shop, "tickets", customer=mette, attraction="15", quantity="1").text
    assert "“Årskort” was sold" in text
    assert "2027-03-09" in text
    assert "choose one first" in post(shop, "tickets", customer="", attraction="15").text


def test_a_customer_is_added_and_edited(shop: FlexPOSAccount) -> None:
    form = {"FirstName": "Mette", "Email": "", "GetsNewsletter": "on", "cards": '{"Cardnumber": 1234}'}
    reply = post(shop, "customers/new", **form)
    assert "The customer was saved" in reply.text
    (added,) = shop.customers()
    assert (added["Email"], added["IsActive"], added["GetsNewsletter"]) == (None, False, 1)
    assert added["cards"] == {"Cardnumber": 1234}
    path = f"customers/{added['CustomerId']}"
    assert 'value="Mette"' in get(shop, path)
    shop.forward(minutes=5)
    post(shop, path, **form, IsActive="on", City="Odense", filler_kb="3")
    (edited,) = shop.customers()
    assert (edited["City"], edited["IsActive"], edited["ModifiedDate"]) == ("Odense", True, "2026-03-09T12:05:00")
    assert len(edited["FillerText"]) == 3 * 1024
    assert requests.get(f"{shop.url}/customers/7", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"cards": "1234"}, "Cards are one object"),
        ({"cards": "{Cardnumber"}, "Cards are written as"),
        ({"filler_kb": "-1"}, "is not a whole number"),
    ],
)
def test_a_refused_customer_says_why_and_keeps_what_was_typed(
    shop: FlexPOSAccount, form: dict[str, str], words: str
) -> None:
    reply = post(shop, "customers/new", FirstName='<b>"Mette', **form)
    assert reply.status_code == 400
    assert words in reply.text
    assert "&lt;b&gt;&quot;Mette" in reply.text
    assert '<b>"Mette' not in reply.text
    assert shop.customers() == []


def test_customers_are_listed_newest_first_in_pages_and_searched(shop: FlexPOSAccount) -> None:
    shop.seed(customers=60)
    first, second = get(shop, "customers"), get(shop, "customers?offset=50")
    assert first.index(">50060<") < first.index(">50011<")
    assert ">50010<" not in first
    assert ">50010<" in second
    assert "60 customers" in first
    assert "active, club member, gets the newsletter" in first
    found = get(shop, "customers?q=50042")
    assert ">50042<" in found
    assert ">50043<" not in found
    assert "offset=50" not in found
    assert "q=500&amp;offset=50" in get(shop, "customers?q=500")
    assert ">50010<" in get(shop, "customers?q=500&offset=50")


def test_invented_customers_are_added_by_a_button(shop: FlexPOSAccount) -> None:
    assert "were added" in post(shop, "seed").text
    post(shop, "seed")
    assert (len(shop.customers()), len(shop.journals())) == (100, 200)
    assert "Newer" in get(shop, "journals?offset=50")


def test_the_ledger_page_shows_what_was_done_and_called(shop: FlexPOSAccount) -> None:
    shop.customer(Email="mette@example.test")
    for _ in range(2):
        shop.api("Customers", shop.token())
    text = get(shop, "ledger")
    assert "customer created" in text
    assert "v1/Customers: 2 · v1/oauth/token: 2" in text
    assert "practice-secret" not in text


def test_settings_show_what_a_connection_needs_and_switch_quirks(shop: FlexPOSAccount) -> None:
    text = get(shop, "settings")
    for needed in (shop.api_url, shop.attraction_api_url, *shop.client, *shop.attraction_client):
        assert f"<code>{needed}</code>" in text
    reply = post(shop, "settings", latency_ms="1.5", calls_per_minute="30", order="newest_first", repeats_page="on")
    assert "saved" in reply.text
    settings = shop.settings()
    assert (settings["latency_ms"], settings["calls_per_minute"], settings["order"]) == (1.5, 30, "newest_first")
    assert (settings["repeats_page"], settings["mixed_cards"]) == (True, False)
    assert post(shop, "settings", latency_ms="soon").status_code == 400


def test_the_clock_is_set_and_all_data_deleted_on_the_settings_page(shop: FlexPOSAccount) -> None:
    shop.customer(FirstName="Mette")
    assert "The tills show 2026-10-25T02:30:00" in post(shop, "clock", now="2026-10-25T01:30:00Z").text
    assert "stand still" in get(shop, "settings")
    refused = post(shop, "clock", now="noon")
    assert refused.status_code == 400
    assert "The clock was not set" in refused.text
    post(shop, "clear")
    assert shop.customers() == []
