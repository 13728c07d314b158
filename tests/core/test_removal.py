"""Remove Configuration: the connection ends, its log stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core import hooks
from integrations.core.admin.connection.sidebar import navigation
from integrations.core.engine import removal, retry
from integrations.core.engine.drain import drain
from integrations.core.engine.sweep import sweep
from integrations.core.models import (
    Clock,
    Connection,
    Cursor,
    Delivery,
    Event,
    Exchange,
    HookToken,
    Lease,
    Run,
    SettingsVersion,
)
from tests.core.log_rows import SUPPORT, log_in, make_connection, make_event
from tests.core.toy import connect, deliver, events, lead, leads, listening, queue_up, toy, webhook
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db
State = Connection.State


@pytest.fixture
def shop(sandbox: Sandbox) -> LeadSquaredConnection:
    """Enabled, at work, with a webhook URL."""
    return connect(sandbox.leadsquared("destination"), name="Shop")


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_superuser("rita")


def saved(connection: Connection) -> LeadSquaredConnection:
    return LeadSquaredConnection.objects.get(pk=connection.pk)


def codes(connection: Connection) -> list[str]:
    return [event.code for event in events(connection)]


# -- what goes and what stays ---------------------------------------------------------------------


def test_keys_webhook_url_and_schedule_go_and_the_log_stays(shop: LeadSquaredConnection, user: User) -> None:
    deliver(shop, lead(1))
    address = hooks.new_address(shop)
    Clock.objects.create(connection=shop, job="import", next_at=shop.created_at)
    Cursor.objects.create(connection=shop, job="import", value={"page": 1})
    kept = {model: model.objects.count() for model in (Event, Run, Exchange, SettingsVersion)}
    removal.remove(shop, user)
    assert saved(shop).secrets() == []
    assert (saved(shop).state, saved(shop).state_reason) == (State.REMOVED, "Removed by rita")
    assert [model.objects.count() for model in (HookToken, Clock, Cursor, Lease)] == [0, 0, 0, 0]
    assert {model: model.objects.count() for model in kept} == kept
    token = address.rstrip("/").rpartition("/")[2]
    assert Client().post(reverse("hook", args=[token]), b"[]", content_type="application/json").status_code == 404


def test_its_history_says_who_took_the_keys_away(shop: LeadSquaredConnection, user: User) -> None:
    removal.remove(shop, user)
    newest, before = shop.history.all()[:2]
    assert newest.history_user == user
    assert (newest.secrets_set, set(before.secrets_set)) == ({}, {"access_key", "secret_key"})


def test_what_waits_is_settled_and_says_why(shop: LeadSquaredConnection, user: User) -> None:
    run = queue_up(shop, leads(range(3)))
    webhook(shop, b'[{"ProspectID": "s-9"}]')
    removal.remove(shop, user)
    drain(shop.pk)
    assert codes(shop) == ["removed"] * 3
    assert events(shop)[0].message == "The connection was removed before it was sent."
    run.refresh_from_db()
    assert (run.status, run.skipped, run.waiting) == (Run.Status.STOPPED, 3, 0)
    call = Delivery.objects.get()
    assert (call.status, call.message) == (
        Delivery.Status.REJECTED,
        "The connection was removed before this call was read.",
    )


def test_removing_it_twice_changes_nothing(shop: LeadSquaredConnection, user: User) -> None:
    removal.remove(shop, user)
    removal.remove(saved(shop), User.objects.create_superuser("second"))
    assert saved(shop).state_reason == "Removed by rita"


# -- while somebody is at work on it --------------------------------------------------------------


def test_a_drain_at_work_lands_what_is_under_way_and_settles_the_rest(shop: LeadSquaredConnection, user: User) -> None:
    """Each record ends once: sent and in the log, or left out and saying so."""

    def remove(item: Any) -> None:
        removal.remove(saved(shop), user)

    run = queue_up(shop, leads(range(250)))
    with toy(prepare=listening(remove)):
        drain(shop.pk)
    found = events(shop)
    assert not [event for event in found if event.settled_at is None]
    assert {event.code or event.outcome for event in found} == {"new", "removed"}
    run.refresh_from_db()
    assert (run.status, run.waiting, run.new + run.skipped) == (Run.Status.STOPPED, 0, 250)
    assert saved(shop).state == State.REMOVED


def test_what_somebody_finds_out_afterwards_does_not_bring_it_back(shop: LeadSquaredConnection, user: User) -> None:
    as_a_worker_has_it = saved(shop)
    removal.remove(shop, user)
    as_a_worker_has_it.set_state(State.ATTENTION, "The keys were refused.")
    assert saved(shop).state == State.REMOVED


def test_the_sweep_settles_what_was_stored_in_the_moment_of_the_removal(
    shop: LeadSquaredConnection, user: User, queued: Any
) -> None:
    removal.remove(shop, user)
    queue_up(shop, [lead(1)])
    webhook(shop, b"[]")
    sweep()
    assert queued() == 1
    drain(shop.pk)
    assert codes(shop) == ["removed"]
    assert Delivery.objects.get().status == Delivery.Status.REJECTED


def test_a_form_that_stood_open_saves_no_key_any_more(shop: LeadSquaredConnection, user: User, rf: Any) -> None:
    from django.contrib import admin
    from django.http import Http404

    page: Any = admin.site._registry[LeadSquaredConnection]
    request = rf.post("/")
    request.user = user
    form_class = page.get_form(request, shop, change=True)
    form = form_class({"access_key": "typed meanwhile"}, instance=saved(shop))
    form.is_valid()
    removal.remove(shop, user)
    with pytest.raises(Http404):
        page.save_model(request, form.instance, form, True)
    assert saved(shop).secrets() == []


# -- the pages ------------------------------------------------------------------------------------


def test_it_is_gone_from_all_pages_but_the_log(rf: Any, user: User) -> None:
    connection = make_connection("Winter shop")
    event = make_event(connection, "failed")
    browser = log_in(None)
    address = reverse("admin:leadsquared_leadsquaredconnection_delete", args=[connection.pk])
    answer = browser.post(address, {"post": "yes"}, follow=True).content.decode()
    assert "“Winter shop” is removed. Its log stays:" in answer
    assert browser.get(address).status_code == 404
    for page in ("leadsquared_leadsquaredconnection_changelist", "core_connection_changelist", "index"):
        assert "Winter shop" not in browser.get(reverse(f"admin:{page}")).content.decode()
    request = rf.get("/admin/")
    request.user = user
    assert "Winter shop" not in str(navigation(request))
    log = browser.get(reverse("admin:core_event_changelist"), {"connection": connection.pk}).content.decode()
    assert f"R{event.pk}" in log
    assert log.count("Winter shop (removed)") >= 2  # in the filter, and above the list
    panel = browser.get(reverse("admin:core_event_change", args=[event.pk])).content.decode()
    assert "The connection was removed: it sends nothing any more." in panel


def test_retry_says_that_it_is_removed(user: User) -> None:
    gone, shop = make_connection("Winter shop"), make_connection("Summer shop")
    lost, failed = make_event(gone, "failed"), make_event(shop, "failed")
    browser = log_in(SUPPORT, gone, shop)
    removal.remove(gone, user)
    answer = browser.post(reverse("admin:core_event_retry", args=[lost.pk]), follow=True).content.decode()
    assert "Winter shop (removed): what failed there can&#x27;t be sent again" in answer
    assert "Nothing to retry" not in answer
    asked = browser.post(reverse("admin:core_event_retry_matching")).content.decode()
    assert "Summer shop" in asked
    assert "Winter shop" not in asked.partition("<main")[2].partition("<form")[0]
    browser.post(reverse("admin:core_event_retry_selected"), {"event": [lost.pk, failed.pk]})
    assert [Event.objects.get(pk=event.pk).outcome for event in (lost, failed)] == ["failed", "pending"]
    assert retry.retry(gone.pk, [lost.pk]) is None
    assert retry.retry_all(gone.pk, [lost.pk]) is None
