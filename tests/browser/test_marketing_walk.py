"""A marketing admin's whole way with a connection: found, set up, tried out, broken, mended, undone, removed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Demo, sign_in
from tests.browser.life import practice
from tests.browser.test_lead_sync import log_row

pytestmark = pytest.mark.browser
NAME = "Leads of the walk"
SOURCE, DESTINATION = "walk-source", "walk-destination"
EMAIL = "vera@example.test"
LEAD = '{"EmailAddress": "new@example.test", "FirstName": "Nu"}'
REASON = "is not a number"
# Does it look different without the focus?
SHOWS_FOCUS = """element => {
    const look = () => { const style = getComputedStyle(element); return style.outline + style.boxShadow; };
    const focused = look();
    element.blur();
    const left = look();
    element.focus({focusVisible: true});
    return focused !== left;
}"""


def test_a_marketing_admin_walks_the_whole_way(page: Page, demo: Demo) -> None:
    practice(demo, f"leadsquared/{SOURCE}", "open")
    practice(demo, f"leadsquared/{DESTINATION}", "open")
    sign_in(page, demo, "marketing")
    install_by_keyboard(page, demo)
    choose_from_the_account(page)
    give_access(page)
    check_connection(page)
    see_beforehand_what_would_happen(page)
    connect_the_source(page, demo)
    enable(page)
    lead = practice(demo, f"leadsquared/{SOURCE}", "leads", values={"FirstName": "Vera", "EmailAddress": EMAIL})["id"]
    log_row(page, demo, "New Events", EMAIL)

    break_the_mapping(page)
    practice(demo, f"leadsquared/{SOURCE}", "leads", id=lead, values={"FirstName": "Vera M."})
    log_row(page, demo, "Failed", EMAIL)
    see_the_cause_and_mend_it(page, demo)
    log_row(page, demo, "Updated Events", EMAIL)
    expect(page.get_by_role("row").filter(has_text=EMAIL).get_by_text("recovered")).to_be_visible()

    change_and_revert(page)
    disable_and_remove(page, demo)


# -- setting up ---------------------------------------------------------------------------------------------------


def install_by_keyboard(page: Page, demo: Demo) -> None:
    """From the first page to the saved account, with the keyboard alone."""
    tab_to(page, page.get_by_role("link", name="Apps Marketplace"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("marketplace"))
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search apps")).to_be_focused()
    page.keyboard.type("leadsquared lead")
    expect(page.get_by_role("region", name="Contactsend")).to_be_hidden()
    tab_to(page, page.get_by_role("link", name="Install LeadSquared Lead Sync"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not set yet.").first).to_be_visible()
    type_into(page, "Name", NAME)
    type_into(page, "API address", "Another")
    type_into(page, "Other API address", f"{demo.practice}/leadsquared/{DESTINATION}")
    type_into(page, "Access Key", f"u$rpractice-{DESTINATION}")
    type_into(page, "Secret Key", f"practice-secret-{DESTINATION}")
    tab_to(page, page.get_by_role("button", name="Save & Next"))
    page.keyboard.press("Space")
    expect(page.get_by_label("Lead Source")).to_be_visible()


def tab_to(page: Page, wanted: Locator) -> None:
    """Raises when it can't be reached, or doesn't show that it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate(SHOWS_FOCUS), f"{wanted} doesn't show that it has the focus"
            return
    raise AssertionError(f"Tab never reached {wanted}")


def type_into(page: Page, label: str, text: str) -> None:
    """Into a list it chooses the item that begins so."""
    tab_to(page, page.get_by_label(re.compile(rf"^{label}\*?$")))
    page.keyboard.type(text)


def choose_from_the_account(page: Page) -> None:
    """Basic Settings offer what the account has; who set a key stands beside it, the key nowhere."""
    page.get_by_label("Lead Capture Secondary Search By Criteria").select_option("Phone")
    page.get_by_label("Select User to Notify on Failure").select_option(f"mia.holm@{DESTINATION}.example.test")
    save(page)
    step(page, "Account")
    expect(page.get_by_text("Saved – leave blank to keep. Set on")).to_have_count(2)
    expect(page.get_by_text("by marketing.")).to_have_count(2)
    assert f"practice-secret-{DESTINATION}" not in page.content()


def give_access(page: Page) -> None:
    """Only those who have it are ticked, and each role can be ticked and cleared by itself."""
    step(page, "Connector Access")
    marketing, support = page.get_by_label("Marketing admins"), page.get_by_label("Support")
    expect(marketing).to_be_checked()
    expect(support).not_to_be_checked()
    support.check()
    support.uncheck()
    expect(marketing).to_be_checked()
    support.check()
    save(page, "Save Details")
    expect(support).to_be_checked()


def check_connection(page: Page) -> None:
    act(page, "Test connection")
    expect(page.get_by_text("All steps went well.")).to_be_visible()
    steps = page.get_by_role("listitem")
    for text in ("answers and accepts the keys", "lead fields can be read", "search field Phone exists"):
        expect(steps.filter(has_text=text).filter(has_text="went well")).to_be_visible()


def see_beforehand_what_would_happen(page: Page) -> None:
    open_mapping(page)
    page.get_by_role("radio", name="Pasted JSON").check()
    page.get_by_label("Record as JSON").fill(LEAD)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Would create this lead: 2 fields, 1 call.").first).to_be_visible()


def connect_the_source(page: Page, demo: Demo) -> None:
    step(page, "Webhook URL")
    page.get_by_role("button", name="Create webhook URL").click()
    address = page.get_by_role("textbox", name="Webhook URL").input_value()
    practice(demo, f"leadsquared/{SOURCE}", "automations", url=address, triggers=["new_lead", "lead_update"])
    expect(page.get_by_text("Waiting for the first call")).to_be_visible()


def enable(page: Page) -> None:
    page.get_by_role("button", name="Enable sync").last.click()
    expect(page.get_by_text("The sync is enabled.")).to_be_visible()


# -- at work ------------------------------------------------------------------------------------------------------


def break_the_mapping(page: Page) -> None:
    open_mapping(page)
    page.locator("input[name$='-source']").last.fill("FirstName")
    page.locator("select[name$='-target']").last.select_option("mx_Points")
    save(page)
    expect(page.get_by_text("conflicts").first).to_be_visible()


def see_the_cause_and_mend_it(page: Page, demo: Demo) -> None:
    """The first page groups by cause; its Show leads to the failed events of this cause."""
    page.goto(f"{demo.portal}/admin/")
    cause = page.get_by_role("region", name="What failed").get_by_role("row").filter(has_text=NAME)
    expect(cause).to_contain_text(REASON)
    show = cause.get_by_role("link", name="Show").get_attribute("href")

    open_mapping(page)
    broken = page.get_by_role("row").filter(has=page.locator("option[value='mx_Points'][selected]"))
    broken.locator("[name$='-DELETE']").check()
    save(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Would update this lead by Email: 1 field changes, 1 call.").first).to_be_visible()

    page.goto(f"{demo.portal}{show}")
    expect(page.get_by_text("Failed for one cause only:")).to_contain_text(REASON)
    page.get_by_role("row").filter(has_text=EMAIL).get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Retry of 1 event started").first).to_be_visible()


def change_and_revert(page: Page) -> None:
    open_settings(page)
    step(page, "Basic Settings")
    page.get_by_label("Lead Source").fill("A mistake")
    save(page)
    act(page, "History")
    expect(page.get_by_role("row").filter(has_text="Lead Source: – → A mistake")).to_be_visible()
    page.get_by_role("link", name="Version").nth(1).click()
    expect(page.get_by_role("row").filter(has_text="Lead Source").first).to_contain_text("A mistake")
    page.get_by_role("button", name="Revert to this version").click()
    step(page, "Basic Settings")
    expect(page.get_by_label("Lead Source")).to_have_value("")


def disable_and_remove(page: Page, demo: Demo) -> None:
    """Removing asks first; the log stays."""
    page.get_by_role("link", name="Apps Marketplace").first.click()
    page.get_by_role("button", name=f"Disable Configuration: {NAME}").click()
    expect(page.get_by_text("The sync is disabled.")).to_be_visible()
    page.get_by_role("link", name=f"Remove Configuration: {NAME}").click()
    expect(page.get_by_role("heading", name=f"Remove “{NAME}”?")).to_be_visible()
    page.get_by_role("button", name="Remove Configuration").click()
    expect(page.get_by_text(f"“{NAME}” is removed.")).to_be_visible()
    page.goto(f"{demo.portal}/admin/core/event/")
    expect(page.get_by_role("row").filter(has_text=EMAIL).first).to_contain_text(f"{NAME} (removed)")


# -- on every page of the connection ------------------------------------------------------------------------------


def open_settings(page: Page) -> None:
    page.get_by_role("link", name=NAME).first.click()


def open_mapping(page: Page) -> None:
    open_settings(page)
    step(page, "Entity Options")
    page.get_by_role("link", name="Edit Mapping").first.click()


def step(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=name).click()


def act(page: Page, name: str) -> None:
    page.locator("summary", has_text="More Actions").click()
    page.locator(".set-menu-items").get_by_text(name, exact=True).click()


def save(page: Page, button: str = "Save") -> None:
    page.get_by_role("button", name=button, exact=True).last.click()
    expect(page.get_by_text("saved").first).to_be_visible()
