"""Fetch data from FlexPOS as a marketing admin clicks through it: menu, dialog, estimate, progress, summary."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
CONNECTION = "Members of the shop (practice)"
SECONDS = 1000


@pytest.fixture
def dialog(page: Page, demo: Demo) -> Page:
    """Opened from the list of connections, by keyboard."""
    sign_in(page, demo, "marketing")
    page.goto(f"{demo.portal}/admin/flexpos/flexposconnection/")
    page.get_by_label(f"Actions of {CONNECTION}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Fetch data from FlexPOS")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Fetch data from FlexPOS")).to_be_visible()
    return page


def test_escape_closes_the_menu_and_leaves_the_keyboard_where_it_was(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    page.goto(f"{demo.portal}/admin/flexpos/flexposconnection/")
    menu = page.get_by_label(f"Actions of {CONNECTION}")
    menu.click()
    expect(page.get_by_role("button", name="Run now")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Run now")).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_wrong_span_is_explained_in_the_dialog(dialog: Page) -> None:
    dialog.get_by_label("Date span: from").fill("2019-01-01")
    dialog.get_by_role("button", name="Make an estimate").click()
    expect(dialog.get_by_role("alert")).to_contain_text("FlexPOS keeps data for one year")
    expect(dialog.get_by_label("Date span: from")).to_have_value("2019-01-01")


def test_mails_are_confirmed_by_the_lists_name(dialog: Page) -> None:
    dialog.get_by_label("Fetch order data").select_option(label="None")
    dialog.get_by_label("Send automations").select_option(label="Yes")
    dialog.get_by_role("button", name="Make an estimate").click()
    expect(dialog.get_by_text(re.compile(r"up to \d+"))).to_be_visible(timeout=90 * SECONDS)
    dialog.get_by_label(re.compile("To confirm, type")).fill("Something else")
    dialog.get_by_role("button", name="Start the import").click()
    expect(dialog.get_by_text("Type the list's name exactly")).to_be_visible()


def slow_down(demo: Demo, milliseconds: int) -> None:
    """Heyloyalty's answers take so long."""
    url = f"{demo.practice}/practice/heyloyalty/practice/settings"
    assert requests.post(url, json={"latency_ms": milliseconds}, timeout=10).ok


def test_a_year_is_estimated_then_fetched_paused_resumed_and_summed_up(dialog: Page, demo: Demo) -> None:
    dialog.get_by_label("Fetch order data").select_option(label="Journals")
    dialog.get_by_role("button", name="Make an estimate").click()
    expect(dialog.get_by_role("cell", name="500", exact=True)).to_be_visible(timeout=90 * SECONDS)
    slow_down(demo, 1500)
    dialog.get_by_role("button", name="Start the import").click()
    expect(dialog.get_by_text("The import has started")).to_be_visible()
    expect(dialog.get_by_role("progressbar")).to_be_visible()
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog.get_by_text("It waits until somebody presses Resume.")).to_be_visible()
    expect(dialog.get_by_role("heading", name="So far")).to_be_visible()
    dialog.get_by_role("link", name="Stop…").click()
    dialog.get_by_role("link", name="Let it go on").click()
    slow_down(demo, 0)
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_text("Success").first).to_be_visible(timeout=90 * SECONDS)
    dialog.reload()
    expect(dialog.get_by_role("heading", name="Summary")).to_be_visible()
    expect(dialog.get_by_text("Nothing was skipped and nothing failed.")).to_be_visible()
    expect(dialog.get_by_text("Anonymous sales")).to_be_visible()
