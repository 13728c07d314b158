"""Two people have the same page open, and both save it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from integrations.core import versions
from integrations.core.models import HookToken
from tests.connectors.leadsquared.people import saved, shown, url
from tests.connectors.leadsquared.test_edit_mapping import form, targets
from tests.connectors.leadsquared.test_settings_page import basic

pytest_plugins = ("tests.connectors.leadsquared.people",)
CHANGED_TOO = "Somebody else changed this meanwhile."


@pytest.fixture
def step(leadsync: Any) -> str:
    versions.record_version(leadsync)
    return url("change", leadsync, step="basic")


def seen(page: str) -> dict[str, str]:
    """The hidden field of a page: which version it shows."""
    return {"seen_version": re.findall(r'name="seen_version" value="(\d*)"', page)[0]}


def test_what_the_other_one_changed_stays_and_so_does_mine(mia: Client, leadsync: Any, step: str) -> None:
    mine = seen(shown(mia.get(step)))
    theirs = basic(lead_source="Theirs", notify="on", notify_to="bo.lund@destination.example.test")
    mia.post(step, theirs)
    mia.post(step, basic(lead_source="", time_zone="Europe/Rome", **mine) | {"default_country_code": "+46"})
    now = saved(leadsync)
    assert (now.time_zone, now.default_country_code) == ("Europe/Rome", "+46")
    assert (now.lead_source, now.notify, now.notify_to) == ("Theirs", True, "bo.lund@destination.example.test")


def test_what_both_changed_is_asked_about_once(mia: Client, leadsync: Any, step: str) -> None:
    mine = seen(shown(mia.get(step)))
    mia.post(step, basic(lead_source="Theirs", time_zone="Europe/Rome"))
    page = shown(mia.post(step, basic(lead_source="Mine", time_zone=leadsync.time_zone, **mine)))
    assert CHANGED_TOO in page
    assert 'value="Mine"' in page
    assert '<option value="Europe/Rome" selected>' in page
    assert saved(leadsync).lead_source == "Theirs"
    mia.post(step, basic(lead_source="Mine", time_zone="Europe/Rome", **seen(page)))
    assert saved(leadsync).lead_source == "Mine"


def test_the_same_change_twice_is_no_question(mia: Client, leadsync: Any, step: str) -> None:
    mine = seen(shown(mia.get(step)))
    for _double_click in range(2):
        assert CHANGED_TOO not in shown(mia.post(step, basic(lead_source="Mine", **mine), follow=True))


def test_a_mapping_that_somebody_saved_meanwhile_is_asked_about_once(mia: Client, leadsync: Any, step: str) -> None:
    page = url("mapping", leadsync, "lead")
    mine = seen(shown(mia.get(page)))
    typed = form(leadsync, changes={"Company": {"default": "Mine"}})
    mia.post(page, form(leadsync, changes={"FirstName": {"default": "Theirs"}}))
    again = shown(mia.post(page, typed | mine))
    assert "Somebody else saved this mapping while you had it open." in again
    assert targets(leadsync)["FirstName"].default == "Theirs"
    more = shown(mia.post(page, typed | mine | {"_more": ""}))
    assert seen(more) == mine
    mia.post(page, typed | seen(again))
    assert targets(leadsync)["Company"].default == "Mine"


def test_a_page_that_is_reloaded_makes_no_other_webhook_url(mia: Client, leadsync: Any) -> None:
    HookToken.objects.all().delete()
    page = shown(mia.get(url("change", leadsync, step="webhook")))
    first = {"after": re.findall(r'name="after" value="(\d*)"', page)[0]}
    made = shown(mia.post(url("webhook", leadsync), first))
    again = shown(mia.post(url("webhook", leadsync), first, follow=True))
    assert "/hooks/" in made
    assert "A webhook URL was created already" in again
    assert [token.expires_at for token in HookToken.objects.all()] == [None]
