"""The settings of Amero/FlexPOS as a marketing admin sees and changes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
CONNECTION = "Members of the shop (practice)"
STEPS = ("Settings", "Attractions settings", "Import settings", "Field mapping", "Webhook URL")
DANISH = ("Indstillinger", "Attractions indstillinger", "Import-indstillinger", "Feltmapping")


def open_settings(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    page.goto(f"{demo.portal}/admin/flexpos/flexposconnection/")
    page.get_by_role("link", name=CONNECTION).last.click()


@pytest.fixture
def settings(page: Page, demo: Demo) -> Page:
    open_settings(page, demo)
    return page


@pytest.fixture
def danish(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(locale="da-DK")
    page = context.new_page()
    open_settings(page, demo)
    yield page
    context.close()


def step(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=False).last.click()


@pytest.mark.parametrize("width", [1280, 390])
def test_each_step_fits_the_screen(settings: Page, width: int) -> None:
    settings.set_viewport_size({"width": width, "height": 900})
    for name in STEPS:
        step(settings, name)
        settings.wait_for_load_state()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert settings.evaluate(wide) == 0, name


def test_what_is_changed_is_saved_and_secrets_stay_where_they_are(settings: Page) -> None:
    expect(settings.get_by_label("Client_secret")).to_have_value("")
    expect(settings.get_by_label("List", exact=True)).to_contain_text("Customers")
    step(settings, "Import settings")
    expect(settings.get_by_text("Careful: with Yes")).to_be_visible()
    settings.get_by_label("Send errors in the import file to").fill("it@example.test")
    settings.get_by_role("button", name="Save", exact=True).click()
    expect(settings.get_by_text("Import settings saved.")).to_be_visible()
    expect(settings.get_by_label("Send errors in the import file to")).to_have_value("it@example.test")


def test_a_field_is_mapped_and_the_way_to_see_it_at_once_is_shown(settings: Page) -> None:
    step(settings, "Field mapping")
    settings.get_by_role("link", name="Edit Mapping").first.click()
    settings.get_by_label("Source field, row 11").select_option("cards.Cardnumber")
    settings.get_by_label("Target field, row 11").select_option(label="Card number · text (card_number)")
    settings.get_by_role("button", name="Save", exact=True).last.click()
    expect(settings.get_by_text("The mapping is saved.")).to_be_visible()
    settings.get_by_role("link", name="Fetch data from FlexPOS").click()
    expect(settings.get_by_role("button", name="Make an estimate")).to_be_visible()


def test_a_danish_browser_gets_the_words_of_the_danish_page(danish: Page) -> None:
    for name in DANISH:
        expect(danish.get_by_role("link", name=name).last).to_be_visible()
    expect(danish.get_by_label("Match medlemmer på felt")).to_be_visible()
    danish.get_by_role("link", name="Import-indstillinger").click()
    expect(danish.get_by_label("Skal tidligere afmeldte kunne importeres igen")).to_be_visible()
