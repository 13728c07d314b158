"""Why didn't this person arrive? As support answers it on the phone: search, timeline, Retry."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
FAILED = """
from django.utils import timezone
from integrations.core.models import Connection, Event, EventPayload, Run
connection = Connection.objects.filter(connector="leadsquared").first()
run = Run.objects.create(connection=connection, trigger="webhook", status="failure", complete=True, read=1, failed=1)
event = Event.objects.create(
    connection=connection, run=run, record_type="lead", key="phone-1", label="ida@example.test", outcome="failed",
    code="refused", message="LeadSquared refused Mobile.", due_at=None, settled_at=timezone.now(),
)
EventPayload.objects.create(event=event, body='{"ProspectID": "phone-1", "EmailAddress": "ida@example.test"}')
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_support_finds_a_person_and_retries_without_seeing_who_it_is(page: Page, demo: Demo, width: int) -> None:
    demo.run(FAILED)
    sign_in(page, demo, "support")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{demo.portal}/admin/core/event/person/")
    page.get_by_label("E-mail, phone number or id").fill("Ida@Example.test")
    page.get_by_label("E-mail, phone number or id").press("Enter")
    standing = page.get_by_role("region", name="How they stand")
    expect(standing).to_contain_text("LeadSquared refused Mobile.")
    expect(standing).to_contain_text("then press Retry")
    assert "ida" not in page.url and "ida@" not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    here = page.url
    standing.get_by_role("button", name="Retry").first.click()
    expect(page.get_by_text("Retry of 1 event started").first).to_be_visible()
    assert page.url == here
