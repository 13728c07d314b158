from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.connectors.leadhub.admin import sent_last
from integrations.connectors.leadhub.client import TAGS
from integrations.connectors.leadhub.connector import EXPORT, LeadHub
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.engine import collect
from integrations.core.models import Event, Run
from tests.connectors.leadhub import shop
from tests.sandbox_leadhub import LeadHubAccount


def export(connection: LeadHubConnection) -> Run:
    return shop.pull(connection, EXPORT, Run.Trigger.EXPORT)


def tagged(leadhub: LeadHubAccount) -> list[str]:
    return [entry["user_id"] for entry in leadhub.ledger(kind="tag")]


@pytest.fixture
def unknown(connection: LeadHubConnection) -> LeadHubConnection:
    """Twelve customers of whom LeadHub knows nothing."""
    shop.customers(12)
    shop.forget_events()
    return connection


def test_an_export_sends_every_customer_once(unknown: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    run = export(unknown)
    assert (run.status, run.read, run.new) == ("success", 12, 12)
    assert len(tagged(leadhub)) == len(set(tagged(leadhub))) == 12


def test_a_second_export_sends_only_what_changed_since(unknown: LeadHubConnection, leadhub: LeadHubAccount) -> None:
    export(unknown)
    unknown.set_state("disabled")
    shop.moves(5, number=3)
    unknown.set_state("enabled")
    run = export(unknown)
    assert (run.read, run.updated, run.unchanged) == (12, 1, 11)
    assert len(tagged(leadhub)) == 13


def test_a_live_change_overtakes_the_export_and_the_export_does_not_send_it_again(
    unknown: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    run = collect.start(unknown, EXPORT, Run.Trigger.EXPORT)
    assert run is not None
    collect.collect(run.pk)
    shop.moves(7, number=12)
    shop.drain(unknown)
    run.refresh_from_db()
    assert (run.status, run.new, run.skipped) == ("success", 11, 1)
    last = leadhub.profile(shop.email(12))["user_id"]
    # Three travel at once: the live change is among the first, though it was captured last.
    assert last in tagged(leadhub)[:3]
    assert tagged(leadhub).count(last) == 1


def test_an_export_read_before_a_change_committed_does_not_undo_it(
    unknown: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    run = collect.start(unknown, EXPORT, Run.Trigger.EXPORT)
    assert run is not None
    pages = list(LeadHub(unknown).collect(EXPORT, run))
    shop.moves(7)
    shop.drain(unknown)
    collect.capture(unknown, pages[0].records, run=run, priority=Event.Priority.BULK)
    shop.drain(unknown)
    profile = leadhub.profile(shop.email())
    assert profile["tags"]["ellity_account_changed"]["currentAccount"] == 7
    assert Event.objects.filter(outcome="unchanged").count() == 1


def test_an_export_that_waited_while_the_connection_was_off_sends_what_is_true_by_now(
    unknown: LeadHubConnection, leadhub: LeadHubAccount
) -> None:
    run = collect.start(unknown, EXPORT, Run.Trigger.EXPORT)
    assert run is not None
    collect.collect(run.pk)
    unknown.set_state("disabled")
    shop.moves(50)
    unknown.set_state("enabled")
    shop.drain(unknown)
    profile = leadhub.profile(shop.email())
    assert profile["tags"]["ellity_account_changed"]["currentAccount"] == 50


@pytest.mark.parametrize("calls", [1, 5, 10, 20, 30, 59])
def test_the_rate_is_used_whatever_it_is(unknown: LeadHubConnection, calls: int) -> None:
    unknown.calls_per_minute = calls
    limit = LeadHub(unknown).limits._windows[TAGS].limit
    assert 0.98 * calls < limit.calls / limit.per * 60 <= calls


def test_the_estimate_tells_how_many_and_how_long(unknown: LeadHubConnection) -> None:
    unknown.calls_per_minute = 30
    estimate = LeadHub(unknown).estimate(EXPORT)
    assert estimate.records == 12
    assert 10_000 / 12 * estimate.seconds // 60 == 5 * 60 + 36


def test_queries_grow_with_pages_not_with_customers(
    connection: LeadHubConnection,
) -> None:
    shop.customers(300)

    def queries() -> int:
        shop.forget_events()
        run = collect.start(connection, EXPORT, Run.Trigger.EXPORT)
        assert run is not None
        with CaptureQueriesContext(database) as captured:
            collect.collect(run.pk)
        return len(captured)

    queries()
    few = queries()
    shop.customers(450, start=301)
    assert queries() == few


def test_the_last_tag_that_was_sent_is_shown_and_not_what_was_unchanged(unknown: LeadHubConnection) -> None:
    export(unknown)
    sent = sent_last(unknown.pk, "account")
    assert sent is not None and sent.outcome == "new"
    export(unknown)
    assert sent_last(unknown.pk, "account") == sent
    assert sent_last(unknown.pk, "pin") is None
