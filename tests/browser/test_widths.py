"""No page of the log, the settings or the loyalty customers has to be pushed sideways, at a desk or on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from integrations.connectors.leadhub import journey as leadhub
from integrations.connectors.leadsquared import journey as leadsquared
from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
PAGES = (
    "/admin/",
    "/admin/core/event/",
    "/admin/core/run/",
    "/admin/core/delivery/",
    "/admin/loyalty/customer/",
    "/admin/loyalty/customer/1/change/",
    "/admin/loyalty/customer/import/",
    "/admin/loyalty/customer/export/",
    "/admin/loyalty/loyaltysettings/1/change/",
)
CONNECTIONS = (leadsquared.NAME, leadhub.NAME)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_window(page: Page, demo: Demo, width: int) -> None:
    sign_in(page, demo, "marketing")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{demo.portal}/admin/")
    pages = [f"{demo.portal}{path}" for path in PAGES]
    for name in CONNECTIONS:
        page.get_by_role("link", name=name).first.click()
        pages += [page.url, *(link.evaluate("a => a.href") for link in page.locator(".set-steps a").all())]
    page.set_viewport_size({"width": width, "height": 900})
    for address in pages:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
