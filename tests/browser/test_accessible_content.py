"""Pages the sidebar doesn't lead to, with something on them: axe finds nothing serious, and none is too wide."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.connectors.contactsend import journey as contactsend
from integrations.connectors.flexpos import journey as flexpos
from integrations.connectors.heyloyalty import journey as heyloyalty
from integrations.connectors.leadhub import journey as leadhub
from integrations.connectors.leadsquared import journey as leadsquared
from tests.browser.conftest import Demo, sign_in
from tests.browser.life import PEOPLE, REFUSED, email_of, enliven, paused_export
from tests.browser.test_accessible import LOOKS, serious
from tests.browser.test_lead_sync import CONNECTION, edit_mapping

pytestmark = pytest.mark.browser
NAMES = tuple(one.NAME for one in (contactsend, flexpos, heyloyalty, leadhub, leadsquared))
PAGES = (
    "",
    "core/connection/marketplace/",
    "core/connection/marketplace/?q=nothing",
    "core/preferences/",
    "cdp/person/import/",
    "loyalty/customer/import/",
    "loyalty/customer/export/",
    "leadsquared/leadsquaredconnection/add/",
)
PAUSED_IMPORT = """
from django.utils import timezone
from integrations.core.models import Import
problems = [[3, "email", "This is not a valid e-mail address."]]
Import.objects.create(
    source="loyalty.customer", kind="customers", state="paused", rows=2500, done=1000, worked=2.0,
    counts={"created": 999, "refused": 1}, problems=problems, language="en", time_zone="UTC",
    started_at=timezone.now(),
)
"""
Visit = Callable[[Page, Demo], Iterator[str]]

# Each opens its pages in turn, and names the one that is open.


def listed(page: Page, demo: Demo) -> Iterator[str]:
    for path in PAGES:
        page.goto(f"{demo.portal}/admin/{path}")
        yield path


def settings(page: Page, demo: Demo) -> Iterator[str]:
    for name in NAMES:
        page.goto(f"{demo.portal}/admin/core/connection/marketplace/")
        page.get_by_role("link", name=f"Edit Configuration: {name}").click()
        for address in page.locator(".set-steps a").evaluate_all("links => links.map(link => link.href)"):
            page.goto(address)
            yield address


def mapping(page: Page, demo: Demo) -> Iterator[str]:
    edit_mapping(page, demo)
    preview = page.get_by_role("region", name="Preview").first
    preview.get_by_role("button", name="Preview").click()
    expect(page.locator("#try-said")).to_be_visible()
    yield "preview"
    preview.get_by_role("button", name="Check the last 500 records").click()
    expect(page.get_by_role("region", name="Checked fields")).to_be_visible()
    yield "checked records"


def webhook(page: Page, demo: Demo) -> Iterator[str]:
    open_connection(page, demo)
    page.get_by_role("link", name="Webhook URL").click()
    yield "webhook"
    page.get_by_role("button", name="Create a new URL").click()
    yield "new webhook URL"
    page.locator("summary", has_text="More Actions").click()
    yield "menu"
    page.get_by_role("button", name="Test connection").click()
    yield "tested"
    page.locator("summary", has_text="More Actions").click()
    page.get_by_role("link", name="Remove Configuration").click()
    yield "remove"


def log(page: Page, demo: Demo) -> Iterator[str]:
    page.goto(f"{demo.portal}/admin/core/event/?tab=failed")
    page.get_by_role("link", name=re.compile(r"^R\d+$")).first.click()
    expect(page.locator("#log-panel")).to_be_visible()
    yield "event panel"
    page.reload()
    yield "event"
    page.goto(f"{demo.portal}/admin/core/run/")
    page.get_by_role("row").filter(has_text="Paused").get_by_role("link").first.click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    yield "job"
    page.goto(f"{demo.portal}/admin/core/event/?tab=failed")
    page.get_by_role("button", name="Retry all").click()
    yield "retry all"


def person(page: Page, demo: Demo) -> Iterator[str]:
    for name in (REFUSED[0], PEOPLE[0]):
        page.goto(f"{demo.portal}/admin/core/event/person/")
        page.get_by_label("E-mail, phone number or id").fill(email_of(name))
        page.get_by_role("button", name="Find").click()
        page.locator("summary", has_text="What was sent").first.click()
        yield f"timeline of {name}"
    page.get_by_role("link", name="Erase person…").click()
    yield "erase"


def history(page: Page, demo: Demo) -> Iterator[str]:
    open_connection(page, demo)
    page.locator(".set-steps").get_by_role("link", name="Basic Settings", exact=True).click()
    lead_source = page.get_by_label("Lead Source", exact=True)
    lead_source.fill(f"{lead_source.input_value()} 2")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("summary", has_text="More Actions").click()
    page.get_by_role("link", name="History").click()
    yield "history"
    page.get_by_role("link", name="Version").last.click()
    for held in page.locator(".set-card summary").all():
        held.click()
    yield "version"


def imports(page: Page, demo: Demo) -> Iterator[str]:
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"email,first_name\nida@example.test,Ida\nno,X\n"}
    for button in ("Discard the file", "Import"):
        page.goto(f"{demo.portal}/admin/loyalty/customer/import/customers/")
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Check the file").click()
        yield "import"
        expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
        yield "checked import"
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text("deleted", exact=True)).to_be_visible()
        yield f"import after {button}"
    demo.run(PAUSED_IMPORT)
    page.goto(f"{demo.portal}/admin/loyalty/customer/import/")
    yield "list of imports"
    page.get_by_role("row").filter(has_text="Paused").get_by_role("link").first.click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    yield "paused import"
    page.get_by_role("link", name="Stop…").click()
    yield "stop an import"
    page.get_by_role("button", name="Stop", exact=True).click()


def open_connection(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.portal}/admin/core/connection/marketplace/")
    page.get_by_role("link", name=f"Edit Configuration: {CONNECTION}").click()


ALERT = """
from integrations.core.models import Alert, Run
run = Run.objects.filter(connection__connector="leadsquared").latest("pk")
facts = {"failed": 3, "read": 3, "cause": "LeadSquared refused this lead."}
open_now = {"connection": run.connection, "kind": Alert.Kind.MANY_FAILED, "job": "", "recovered_at": None}
Alert.objects.update_or_create(**open_now, defaults={"run": run, "facts": facts})
"""
VISITS: dict[str, Visit] = {
    one.__name__: one for one in (listed, settings, mapping, webhook, log, person, history, imports)
}


@pytest.fixture(scope="module")
def lively(demo: Demo) -> Iterator[Demo]:
    enliven(demo)
    demo.run(ALERT)
    with paused_export(demo):
        yield demo


@pytest.mark.parametrize(("scheme", "width"), LOOKS, ids=["light", "dark", "phone"])
@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
def test_pages_with_content_are_accessible(page: Page, lively: Demo, visit: Visit, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, lively, "admin")
    found = {name: problems for name in visit(page, lively) if (problems := [*serious(page), *wide(page)])}
    assert not found, json.dumps(found, indent=1)


def wide(page: Page) -> list[str]:
    fits = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return [] if fits else ["it has to be pushed sideways"]
