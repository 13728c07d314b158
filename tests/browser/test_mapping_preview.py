"""Edit Mapping with its preview: a row is changed, what it would do is seen, and nothing was sent or saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Demo, sign_in
from tests.browser.test_lead_sync import edit_mapping, log_row, save_lead

pytestmark = pytest.mark.browser
EMAIL = "preview@example.test"


def first_name(page: Page) -> Locator:
    return page.locator("tr[data-row]").filter(has=page.locator("option[value='FirstName'][selected]"))


def test_a_marketing_admin_sees_what_a_changed_row_would_do(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    save_lead(page, demo, "Petra", EMAIL)
    log_row(page, demo, "New Events", EMAIL)

    edit_mapping(page, demo)
    here = page.url
    pane = page.get_by_role("region", name="Preview").first
    pane.get_by_role("button", name="Preview").click()
    expect(pane.get_by_text("Nothing would be sent: Nothing changed since it was last sent.")).to_be_visible()

    # The preview follows the row, without a button and without another page.
    source = first_name(page).locator("input[name$='-source']")
    source.fill("EmailAddress")
    source.press("Tab")
    expect(pane.get_by_text("Would update this lead by Email: 1 field changes, 1 call.")).to_be_visible()
    changed = pane.get_by_role("row").filter(has_text="First Name")
    expect(changed.get_by_text("changed")).to_be_visible()
    expect(changed.get_by_text("Petra")).to_be_visible()
    expect(page.locator("#mapping-said")).to_have_text("Would update this lead by Email: 1 field changes, 1 call.")
    assert page.url == here

    # Enter in the search looks the record up: it doesn't save the mapping.
    search = pane.get_by_label("E-mail, phone with country code or record key")
    search.fill(EMAIL)
    search.press("Enter")
    expect(pane.get_by_role("radio", name="One found by key")).to_be_checked()
    expect(pane.locator("#try-results").get_by_text(EMAIL).first).to_be_visible()

    pane.get_by_role("button", name="Check the last 500 records").click()
    expect(pane.get_by_text("No field refuses any of them.")).to_be_visible()

    # A type that conflicts is marked at once, and Only problems leaves just that row.
    page.locator("input[name$='-source']").last.fill("DoNotEmail")
    page.locator("select[name$='-target']").last.select_option("mx_Points")
    expect(page.locator("tr[data-row]").last.get_by_text("conflicts")).to_be_visible()
    page.get_by_label("Only problems").check()
    expect(page.locator("tr[data-row]:visible")).to_have_count(1)

    page.goto(here)
    expect(first_name(page).locator("input[name$='-source']")).to_have_value("FirstName")
    page.goto(f"{demo.practice}/leadsquared/destination/")
    expect(page.get_by_role("row").filter(has_text=EMAIL)).to_contain_text("Petra")


def test_fields_that_are_not_mapped_are_suggested(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    edit_mapping(page, demo)
    first_name(page).locator("[name$='-DELETE']").check()
    page.get_by_role("button", name="Suggest mappings").click()
    expect(page.get_by_text("suggested: look at").first).to_be_visible()
    expect(page.locator("tr[data-row]").get_by_text("suggested").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280, 2100])
def test_the_page_fits_its_width(page: Page, demo: Demo, width: int) -> None:
    sign_in(page, demo, "marketing")
    edit_mapping(page, demo)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("radio", name="Pasted JSON").check()
    page.get_by_label("Record as JSON").fill('{"EmailAddress": "new@example.test", "FirstName": "Nu"}')
    page.get_by_role("region", name="Preview").first.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Would create this lead: 3 fields, 1 call.").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
