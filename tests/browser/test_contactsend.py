"""The source page of Contacthub ↔ Contactsend as a marketing admin walks through it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, reload_until, sign_in

pytestmark = pytest.mark.browser
CONNECTION = "Customers and newsletter (practice)"
STEPS = ("Source", "Provider options", "Subscription synchronisation", "Behaviour")


@pytest.fixture
def source(page: Page, demo: Demo) -> Page:
    sign_in(page, demo, "marketing")
    page.goto(f"{demo.portal}/admin/contactsend/contactsendconnection/")
    page.get_by_role("link", name=CONNECTION).last.click()
    return page


def step(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=name).click()


@pytest.mark.parametrize("width", [1280, 390])
def test_each_step_fits_the_screen(source: Page, width: int) -> None:
    source.set_viewport_size({"width": width, "height": 900})
    for name in STEPS:
        step(source, name)
        fits(source, name)
    step(source, "Provider options")
    source.get_by_role("link", name="Show fields to be mapped").click()
    fits(source, "mapping")


def fits(page: Page, name: str) -> None:
    page.wait_for_load_state()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0, name


def test_both_accounts_are_offered_to_choose_from(source: Page) -> None:
    expect(source.get_by_label("Active nodes")).to_contain_text("Newsletter · 214 customers")
    expect(source.get_by_label("Active nodes")).to_contain_text("aggregate")
    expect(source.get_by_label("Contacthub token")).to_have_value("")
    step(source, "Provider options")
    expect(source.get_by_label("userdb ID")).to_contain_text("Club (8) · 0 subscribers")
    expect(source.get_by_label("apiKey")).to_have_value("")
    step(source, "Behaviour")
    expect(source.get_by_text("In Contacthub: by its update stream.")).to_be_visible()
    expect(source.get_by_label("Last-modified field")).to_have_value("MODIFICATO")


def test_a_field_is_mapped_on_the_way_that_the_page_shows(source: Page) -> None:
    step(source, "Provider options")
    source.get_by_role("link", name="Show fields to be mapped").click()
    source.get_by_label("Contactsend field, City").select_option("CITTA")
    source.get_by_role("button", name="Save", exact=True).last.click()
    guide = source.get_by_role("alert")
    expect(guide).to_contain_text("Disable the source")
    expect(source.get_by_label("Contactsend field, City")).to_have_value("CITTA")
    guide.get_by_role("button", name="Disable it now").click()
    expect(source.get_by_text("Nothing else was saved yet: press Save.")).to_be_visible()
    source.get_by_role("button", name="Save", exact=True).last.click()
    expect(source.get_by_text("The mapping is saved.")).to_be_visible()
    expect(source.get_by_label("Contactsend field, City")).to_have_value("CITTA")
    enable(source)


def enable(page: Page) -> None:
    page.locator("summary", has_text="More Actions").click()
    page.get_by_role("button", name="Enable sync").click()
    expect(page.get_by_text("The sync is enabled.")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_another_node_is_not_refused_but_the_way_to_it_is_shown(source: Page, width: int) -> None:
    source.set_viewport_size({"width": width, "height": 900})
    nodes = source.get_by_label("Active nodes")
    nodes.select_option(label="Newsletter · 214 customers")
    source.get_by_role("button", name="Save", exact=True).click()
    guide = source.get_by_role("alert").filter(has_text="This is the way")
    expect(guide.get_by_role("listitem").nth(1)).to_contain_text("Empty the new node – it has 214 customers")
    fits(source, "guide")
    guide.get_by_role("button", name="Disable it now").click()
    expect(guide.get_by_role("listitem").first).to_contain_text("done")
    expect(guide.get_by_role("button", name="Disable it now")).to_have_count(0)
    expect(nodes.locator("option:checked")).to_have_text("Newsletter · 214 customers")
    fits(source, "guide-disabled")
    enable(source)


def test_a_subscription_is_added_with_its_webform_code_filled_in(source: Page) -> None:
    source.locator("summary", has_text="More Actions").click()
    source.get_by_role("button", name="Disable sync").click()
    step(source, "Subscription synchronisation")
    source.get_by_role("button", name="Add a subscription").click()
    source.get_by_label("Contacthub subscription ID, row 2").fill("offers-it")
    source.get_by_label("Contactsend subscription system, row 2").select_option("__cls2")
    source.get_by_label("Webform Code, row 2").fill("230006001355")
    source.get_by_role("button", name="Save", exact=True).last.click()
    expect(source.get_by_text("This is the code of another form")).to_be_visible()
    source.get_by_label("Webform Code, row 2").fill("")
    source.get_by_role("button", name="Save", exact=True).last.click()
    expect(source.get_by_label("Webform Code, row 2")).to_have_value("230006001356")
    source.get_by_label("Remove row 2").check()
    source.get_by_role("button", name="Save", exact=True).last.click()
    expect(source.get_by_label("Webform Code, row 2")).to_have_count(0)
    enable(source)


def test_the_first_sync_can_be_run_again(source: Page) -> None:
    source.locator("summary", has_text="More Actions").click()
    source.get_by_role("link", name="First sync").click()
    start = source.get_by_role("button", name="Start the first sync")
    # The demo's own may still be under way.
    reload_until(source, start)
    expect(source.get_by_text("customers: ")).to_be_visible()
    fits(source, "first-sync")
    start.click()
    source.wait_for_url("**/core/run/**")
