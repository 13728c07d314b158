"""On the main pages axe finds nothing serious: names, roles, contrast; in light and dark, at a desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
SERIOUS = ("serious", "critical")
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390)]


@pytest.mark.parametrize(("scheme", "width"), LOOKS, ids=["light", "dark", "phone"])
def test_axe_finds_nothing_serious(page: Page, demo: Demo, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    sign_in(page, demo, "marketing")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{demo.portal}/admin/")
    links = page.locator("a[href^='/admin/']").evaluate_all("links => links.map(link => link.href)")
    pages = [address for address in dict.fromkeys(links) if "password_change" not in address]
    assert len(pages) > 20
    page.set_viewport_size({"width": width, "height": 900})
    found = {}
    for address in pages:
        page.goto(address)
        if problems := serious(page):
            found[address] = problems
    assert found == {}


def serious(page: Page) -> list[str]:
    """What axe calls serious or worse on the open page, and where."""
    page.wait_for_load_state()
    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{problem['id']}: {node['target']} {node['html'][:200]}"
        for problem in answer["violations"]
        if problem["impact"] in SERIOUS
        for node in problem["nodes"]
    ]


def test_the_sidebar_is_opened_by_keyboard_on_a_phone(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "marketing")
    page.set_viewport_size({"width": 390, "height": 844})
    persons = page.get_by_role("link", name="Persons", exact=True)
    expect(persons).to_be_hidden()
    page.get_by_role("button", name="Menu").first.press("Enter")
    expect(persons).to_be_visible()
