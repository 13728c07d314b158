"""The API's documentation in the browser: drawn under our Content-Security-Policy, with nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser


def test_the_documentation_is_drawn_and_tries_an_operation(page: Page, demo: Demo) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    sign_in(page, demo, "marketing")
    page.goto(f"{demo.portal}/api/docs")
    operation = page.locator(".opblock", has_text="Record up to 1,000 movements")
    expect(operation).to_be_visible()
    operation.locator(".opblock-summary").click()
    expect(operation.locator(".opblock-body")).to_contain_text("Each row as in a single request")
    expect(operation.locator(".opblock-body")).to_contain_text("order-5012")
    assert hosts == {demo.portal.partition("://")[2]}
