"""Issue B as a marketing admin clicks through it: settings, points, import, export with progress."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
CONNECTION = "Tags for LeadHub (practice)"
SECONDS = 1000


@pytest.fixture
def marketing(page: Page, demo: Demo) -> Page:
    sign_in(page, demo, "marketing")
    return page


def customer_list(page: Page, demo: Demo, search: str = "") -> None:
    page.goto(f"{demo.portal}/admin/loyalty/customer/?q={search}")


def wait_for_tag(page: Page, demo: Demo, email: str, pattern: str) -> None:
    for _ in range(150):
        page.goto(f"{demo.practice}/leadhub/practice/?q={email}")
        row = page.get_by_role("row").filter(has_text=email)
        if row.count():
            row.get_by_role("link").first.click()
            if re.search(pattern, page.locator("body").inner_text()):
                return
        page.wait_for_timeout(200)
    raise AssertionError(f"{email} never had a tag with {pattern}")


def test_the_settings_read_like_leadhubs_page_and_a_wrong_key_says_what_to_check(marketing: Page, demo: Demo) -> None:
    page = marketing
    page.goto(f"{demo.portal}/admin/leadhub/leadhubconnection/add/")
    page.get_by_label("Name", exact=False).first.fill("Another LeadHub")
    page.get_by_label("API key").fill("not-the-key-0123456789")
    page.get_by_label("API address").fill(f"{demo.practice}/leadhub/practice")
    page.get_by_role("button", name="Save & Next").click()
    expect(page.get_by_text("Check the API key is correct")).to_be_visible()
    expect(page.get_by_text("401 unauthorized")).to_be_visible()
    assert "not-the-key" not in page.content()
    page.locator(".set-steps").get_by_role("link", name="Notification before expiry").click()
    expect(page.get_by_label("Number of days before expiry")).to_be_hidden()
    page.get_by_label("Notification before expiry").select_option(label="Send")
    expect(page.get_by_label("Number of days before expiry")).to_be_visible()
    page.get_by_role("button", name="Save & Next").click()
    expect(page.get_by_text("Ellity - registrace účtu")).to_be_visible()


def test_points_and_a_pin_given_to_a_customer_reach_leadhub(marketing: Page, demo: Demo) -> None:
    page = marketing
    customer_list(page, demo, "dana@example.test")
    page.get_by_role("link", name="dana@example.test").click()
    page.get_by_label("Points", exact=False).first.fill("25")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("100").first).to_be_visible()
    wait_for_tag(page, demo, "dana@example.test", r"currentAccount\W+100")


def test_an_export_shows_its_progress_pauses_and_goes_on(marketing: Page, demo: Demo, tmp_path: Path) -> None:
    page = marketing
    people = tmp_path / "people.csv"
    rows = [f"person{number}@example.test,Given{number}" for number in range(400)]
    people.write_text("\n".join(["email,first_name", *rows, "no-address,Bad"]))
    page.goto(f"{demo.portal}/admin/loyalty/customer/import/customers/")
    page.locator("input[type=file]").set_input_files(people)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    expect(page.get_by_role("cell", name="402")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    expect(page.locator("#import-counts")).to_contain_text(re.compile(r"New\s*400\s*Refused\s*1"))

    customer_list(page, demo)
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_text(re.compile(r"40\d customers: ")).first).to_be_visible()
    page.get_by_role("checkbox", name=re.compile(re.escape(CONNECTION))).check()
    page.get_by_role("button", name=re.compile("Start")).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused").first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Success").first).to_be_visible(timeout=90 * SECONDS)
    wait_for_tag(page, demo, "person7@example.test", "ellity_account_changed")
