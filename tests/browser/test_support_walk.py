"""Support on the phone: why didn't this person arrive? Found, understood, retried – and nothing seen beyond that."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, reload_until, sign_in
from tests.browser.life import email_of, make_city_mandatory, save_lead
from tests.browser.test_lead_sync import CONNECTION, log_row
from tests.browser.test_marketing_walk import tab_to

pytestmark = pytest.mark.browser
NAME = "Nadia Krag"
EMAIL = email_of(NAME)
SETTINGS = ("core/connection/marketplace/", "leadsquared/leadsquaredconnection/")


@pytest.fixture
def refused(page: Page, demo: Demo) -> Iterator[None]:
    """A lead without a city, and a destination whose administrator made City mandatory."""
    make_city_mandatory(demo, True)
    save_lead(demo, NAME)
    sign_in(page, demo, "marketing")
    log_row(page, demo, "Failed", EMAIL)
    page.context.clear_cookies()
    yield
    make_city_mandatory(demo, False)


def test_support_says_why_somebody_did_not_arrive_and_retries(
    page: Page, demo: Demo, refused: None, tmp_path: Path
) -> None:
    sign_in(page, demo, "support")
    find_by_keyboard(page)
    standing = page.get_by_role("region", name="How they stand")
    expect(standing).to_contain_text(CONNECTION)
    expect(standing).to_contain_text("mx_City")
    page.get_by_role("region", name="Timeline").locator("summary").first.click()
    expect(page.get_by_role("heading", name="Came back")).to_be_visible()
    assert EMAIL not in page.content() and "Nadia" not in page.content()
    timeline = page.url

    download_the_failed(page, demo, tmp_path / "log.csv")
    for path in SETTINGS:
        assert page.request.get(f"{demo.portal}/admin/{path}").status == 403

    make_city_mandatory(demo, False)
    page.goto(timeline)
    standing.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Retry of 1 event started")).to_be_visible()
    reload_until(page, standing.get_by_text("It failed before; a Retry got it through."))


def find_by_keyboard(page: Page) -> None:
    tab_to(page, page.get_by_role("link", name="Find a person"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("E-mail, phone number or id"))
    page.keyboard.type(EMAIL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How they stand")).to_be_visible()
    assert EMAIL not in page.url


def download_the_failed(page: Page, demo: Demo, path: Path) -> None:
    page.goto(f"{demo.portal}/admin/core/event/?tab=failed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    download.value.save_as(path)
    text = path.read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert rows and {row["Outcome"] for row in rows} == {"Failed"}
    assert EMAIL not in text
