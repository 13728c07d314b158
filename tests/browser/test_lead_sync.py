"""What the first issue promises a new user, clicked through: arrive, break, look, repair, retry."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, reload_until, sign_in

pytestmark = pytest.mark.browser
CONNECTION = "Leads from the second account (practice)"


def log_row(page: Page, demo: Demo, tab: str, email: str) -> None:
    """Look at a tab of the log, again and again, until the record is there."""
    page.goto(f"{demo.portal}/admin/core/event/")
    page.get_by_role("link", name=tab).first.click()
    reload_until(page, page.get_by_role("row").filter(has_text=email))


def save_lead(page: Page, demo: Demo, first_name: str, email: str, *, change: bool = False) -> None:
    """As a user of the practice source account."""
    page.goto(f"{demo.practice}/leadsquared/source/")
    row = page.get_by_role("row").filter(has_text=email)
    (row.get_by_role("link") if change else page.get_by_role("link", name="Add lead")).first.click()
    page.get_by_label("First Name").fill(first_name)
    page.get_by_label("Email", exact=False).first.fill(email)
    page.get_by_role("button", name="Save").first.click()


def edit_mapping(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/")
    page.get_by_role("link", name=CONNECTION).first.click()
    page.get_by_role("link", name="Entity Options").click()
    page.get_by_role("link", name="Edit Mapping").first.click()


def test_a_marketing_admin_sees_a_lead_arrive_breaks_repairs_and_retries(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    save_lead(page, demo, "Ada", "ada@example.test")
    log_row(page, demo, "New Events", "ada@example.test")
    page.goto(f"{demo.practice}/leadsquared/destination/")
    expect(page.get_by_text("ada@example.test").first).to_be_visible()

    edit_mapping(page, demo)
    page.locator("input[name$='-source']").last.fill("FirstName")
    page.locator("select[name$='-target']").last.select_option("mx_Points")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("conflicts").first).to_be_visible()

    save_lead(page, demo, "Ada Maria", "ada@example.test", change=True)
    log_row(page, demo, "Failed", "ada@example.test")
    link = page.get_by_role("row").filter(has_text="ada@example.test").get_by_role("link").first
    panel = f"{demo.portal}{link.get_attribute('href')}"
    link.click()
    expect(page.get_by_text("Inbound payload").first).to_be_visible()
    expect(page.locator("#log-aside").get_by_text("is not a number").first).to_be_visible()
    assert page.url == panel
    page.go_back()
    expect(page.get_by_role("button", name="Retry selected")).to_be_visible()

    edit_mapping(page, demo)
    broken = page.get_by_role("row").filter(has=page.locator("option[value='mx_Points'][selected]"))
    broken.locator("[name$='-DELETE']").check()
    page.get_by_role("button", name="Save").last.click()

    page.goto(panel)
    page.get_by_role("button", name="Retry", exact=True).first.click()
    log_row(page, demo, "Updated Events", "ada@example.test")
    expect(page.get_by_text("recovered").first).to_be_visible()


def test_support_sees_the_log_masked_and_no_settings(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    save_lead(page, demo, "Bo", "bo.lund@example.test")
    log_row(page, demo, "New Events", "bo.lund@example.test")
    page.context.clear_cookies()
    sign_in(page, demo, "support")
    page.goto(f"{demo.portal}/admin/core/event/")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert "bo.lund@example.test" not in page.content()
    expect(page.get_by_role("cell", name=CONNECTION).first).to_be_visible()
    assert not page.get_by_role("link", name="Edit Mapping").count()
