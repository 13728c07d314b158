"""Create New Activation › Heyloyalty as a marketing admin clicks through it: four steps, then an audience detached."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
SECONDS = 1000
AUDIENCE = "In Odense"


@pytest.fixture
def list_of_activations(page: Page, demo: Demo) -> Page:
    sign_in(page, demo, "marketing")
    page.get_by_role("link", name=re.compile("Activation$")).click()
    return page


def choose(page: Page, button: str, *names: str) -> None:
    """Select …, tick, Apply."""
    page.get_by_text(button, exact=True).click()
    for name in names:
        page.get_by_label(name, exact=True).click()
    page.get_by_role("button", name="Apply").locator("visible=true").click()


def test_four_steps_with_next_lead_to_an_activation_that_is_up_and_running(
    list_of_activations: Page, demo: Demo
) -> None:
    page = list_of_activations
    page.get_by_text("Create New Activation").click()
    page.locator("#changelist").get_by_role("link", name="Heyloyalty").click()
    page.get_by_label("Name").fill("To the newsletter")
    page.get_by_label("Description").fill("Who lives where.")
    expect(page.get_by_label("Preferred person identifier").locator("option:checked")).to_have_text("Email")
    page.get_by_role("button", name="Save & Next").click()

    page.get_by_label("API address").fill(f"{demo.practice}/heyloyalty/practice")
    page.get_by_role("textbox", name="API key").fill("practice-key-practice")
    page.get_by_role("textbox", name="API secret").fill("wrong")
    page.get_by_label("E-mail").fill("it@example.test")
    page.get_by_label("List ID").fill("https://app.heyloyalty.com/lists/2/members?page=3")
    expect(page.get_by_label("List ID")).to_have_value("2")
    expect(page.get_by_text("Check API key and API secret")).to_be_visible()
    page.get_by_role("textbox", name="API secret").fill("practice-secret-practice")
    page.get_by_label("List ID").fill("2 ")
    expect(page.get_by_text("The list is “Newsletter”.")).to_be_visible()
    page.get_by_role("button", name="Save & Next").click()

    expect(page.get_by_text("Choose Account information (Kontooplysninger).")).to_be_visible()
    expect(page.get_by_text("The list is “Newsletter”.")).to_be_visible()
    page.get_by_role("button", name="Save & Next").click()

    choose(page, "Select audiences", AUDIENCE)
    expect(page.get_by_text(AUDIENCE, exact=True).locator("visible=true").first).to_be_visible()
    choose(page, "Select calculated attributes", "Spent")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The activation is up and running.")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("raptor_aud_in_odense"))).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^J\d+$")).first.click()
    expect(page.get_by_text("Success").first).to_be_visible(timeout=60 * SECONDS)


def test_the_lists_of_choices_are_searched_and_applied_by_keyboard(list_of_activations: Page) -> None:
    page = list_of_activations
    page.get_by_role("link", name="Audiences for the newsletter (practice)").first.click()
    page.get_by_role("link", name="Audiences and calculated attributes").click()
    page.get_by_text("Select audiences", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("nothing is called so")
    expect(page.get_by_label(AUDIENCE, exact=True)).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_label("Search").locator("visible=true").fill("odense")
    expect(page.get_by_label(AUDIENCE, exact=True)).to_be_visible()
    page.get_by_role("button", name="Apply").locator("visible=true").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label(AUDIENCE, exact=True)).to_be_hidden()
    expect(page.get_by_text("Select audiences", exact=True)).to_be_focused()


def test_detaching_asks_what_to_do_with_the_field(list_of_activations: Page) -> None:
    page = list_of_activations
    page.get_by_role("link", name="Audiences for the newsletter (practice)").first.click()
    page.get_by_role("link", name="Audiences and calculated attributes").click()
    choose(page, "Select calculated attributes", "Spent")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("You detach it: choose what happens to its field, then save again.")).to_be_visible()
    page.get_by_label("Empty it for all members").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("All persons are synced now")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("raptor_att_spent"))).to_be_hidden()
