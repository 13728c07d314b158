"""Persons as a marketing admin meets them: imported, found, changed, made one, by clicking."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
ANNA, BO = "clara-1@example.test", "clara-2@example.test"


@pytest.fixture
def marketing(page: Page, demo: Demo) -> Page:
    sign_in(page, demo, "marketing")
    return page


def load(page: Page, demo: Demo, folder: Path, kind: str, content: str) -> None:
    file = folder / f"{kind}.csv"
    file.write_text(content)
    page.goto(f"{demo.portal}/admin/cdp/person/import/{kind}/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
    photo(page, f"import-{kind}")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()


def photo(page: Page, name: str) -> None:
    """With PHOTOS=<folder>: the page as it is, to be looked at."""
    if folder := os.environ.get("PHOTOS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_persons_are_imported_found_changed_and_made_one(marketing: Page, demo: Demo, tmp_path: Path) -> None:
    page = marketing
    page.get_by_role("link", name="Persons", exact=True).click()
    photo(page, "persons")
    load(
        page, demo, tmp_path, "persons", f"email,city,age,vip\n{ANNA},Aarhus,44,yes\n{BO},Odense,50,no\nclara,x,1,no\n"
    )
    events = "".join(f"{ANNA},purchase,2026-03-{day:02} 12:00,{day}.5,Aarhus\n" for day in range(1, 29))
    load(page, demo, tmp_path, "events", f"email,type,at,amount,shop\n{events}")
    page.goto(f"{demo.portal}/admin/cdp/person/?q=CLARA-1")
    page.get_by_role("link", name=ANNA).click()
    photo(page, "person")
    page.get_by_label("City").fill("Aalborg")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The person is saved.")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Aalborg")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("cell", name="purchase")).to_have_count(3)
    page.get_by_label("Value").fill(BO)
    page.get_by_role("button", name="Add identifier").click()
    expect(page.get_by_text("If they are the same person, say so below")).to_be_visible()
    photo(page, "same")
    page.get_by_label("They are the same person").check()
    page.get_by_role("button", name="Add identifier").click()
    expect(page.get_by_text("The identifier is saved.")).to_be_visible()
    for address in (ANNA, BO):
        expect(page.get_by_role("cell", name=address)).to_be_visible()
    page.goto(f"{demo.portal}/admin/cdp/person/?q=clara-2")
    expect(page.get_by_role("link", name=re.compile(f"{ANNA} · {BO}"))).to_be_visible()
    for name in ("identifiertype", "property", "eventtype", "identifiertype/add"):
        page.goto(f"{demo.portal}/admin/cdp/{name}/")
        photo(page, name.replace("/", "-"))
