"""The Retry buttons: who may press them, what they queue, what they say."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from integrations.core import logbook
from integrations.core.models import Connection, Delivery, Event, Run
from tests.core.log_rows import SUPPORT, log_in, make_connection, make_event
from tests.pages import told

pytestmark = pytest.mark.django_db
SELECTED = "/admin/core/event/retry/"
MATCHING = "/admin/core/event/retry-matching/"


def one(event: Event) -> str:
    return reverse("admin:core_event_retry", args=[event.pk])


def pending() -> set[int]:
    return set(Event.objects.filter(outcome=Event.Outcome.PENDING).values_list("pk", flat=True))


def test_retry_queues_the_event_and_links_the_run() -> None:
    event = make_event(make_connection(), "failed")
    response = log_in(SUPPORT, event.connection.specific).post(one(event))
    run = Run.objects.get(trigger=Run.Trigger.RETRY)
    assert response.status_code == 302 and pending() == {event.pk}
    assert f'/admin/core/run/{run.pk}/change/">J{run.pk}' in told(response)
    assert run.requested_by is not None


def test_what_is_not_failed_is_not_retried() -> None:
    event = make_event(make_connection(), "updated")
    response = log_in(None).post(one(event))
    assert not pending() and "not failed" in told(response)


def test_a_selection_becomes_one_run_per_connection() -> None:
    first, second = make_connection("A"), make_connection("B")
    events = [make_event(connection, "failed") for connection in (first, first, second)]
    left = make_event(first, "failed")
    log_in(None).post(SELECTED, {"event": [event.pk for event in events]})
    assert pending() == {event.pk for event in events} and left.pk not in pending()
    assert Run.objects.filter(trigger=Run.Trigger.RETRY).count() == 2


@pytest.mark.parametrize("chosen", [[], ["x", "-1", "9" * 40]])
def test_an_empty_or_odd_selection_says_what_to_do(chosen: list[str]) -> None:
    response = log_in(None).post(SELECTED, {"event": chosen})
    assert response.status_code == 302 and told(response)


def test_all_that_match_asks_first_then_sends_one_and_keeps_the_rest() -> None:
    connection = make_connection()
    wanted = [make_event(connection, "failed") for _ in range(5)]
    other = make_event(connection, "failed", label="bo@example.test", key="s-2")
    client = log_in(None)
    asked = client.post(f"{MATCHING}?q=anna@example.test")
    assert "Retry 5 failed events?" in asked.content.decode() and not pending()
    client.post(f"{MATCHING}?q=anna@example.test", {"confirmed": "1"})
    run = Run.objects.get(trigger=Run.Trigger.RETRY)
    assert pending() == {wanted[0].pk}
    assert run.plan["rest"] == [event.pk for event in wanted[1:]] and other.pk not in run.plan["rest"]


def test_the_cap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "RETRY_CAP", 3)
    monkeypatch.setattr("integrations.core.admin.log.retry.RETRY_CAP", 3)
    connection = make_connection()
    for _ in range(5):
        make_event(connection, "failed")
    page = log_in(None).post(MATCHING).content.decode()
    assert "Retry 3 failed events?" in page and "oldest 3" in page


def test_a_connection_that_is_not_enabled_keeps_it_queued_and_says_so() -> None:
    event = make_event(make_connection(state=Connection.State.DISABLED), "failed")
    response = log_in(None).post(one(event))
    assert pending() == {event.pk} and "once it is enabled" in told(response)


def test_retry_is_post_only() -> None:
    event = make_event(make_connection(), "failed")
    client = log_in(None)
    for url in (one(event), SELECTED, MATCHING):
        assert client.get(url).status_code == 405
    assert not pending()


def test_retry_needs_its_permission() -> None:
    event = make_event(make_connection(), "failed")
    role = Group.objects.create(name="Watchers")
    role.permissions.add(Permission.objects.get(codename="view_event"))
    client = log_in("Watchers", event.connection.specific)
    for url in (one(event), SELECTED, MATCHING):
        assert client.post(url, {"event": [event.pk], "confirmed": "1"}).status_code == 403
    assert not pending()
    assert "Retry" not in client.get("/admin/core/event/").content.decode().split('id="log"')[1]


def test_retry_reaches_visible_connections_only() -> None:
    hidden = make_event(make_connection("Hidden"), "failed")
    client = log_in(SUPPORT, make_connection("Mine"))
    assert client.post(one(hidden)).status_code == 404
    client.post(SELECTED, {"event": [hidden.pk]})
    client.post(MATCHING, {"confirmed": "1"})
    assert client.post(f"{MATCHING}?connection={hidden.connection_id}", {"confirmed": "1"}).status_code == 404
    assert not pending()


def test_retry_needs_the_csrf_token() -> None:
    event = make_event(make_connection(), "failed")
    log_in(None)
    strict = Client(enforce_csrf_checks=True)
    from django.contrib.auth.models import User

    strict.force_login(User.objects.get())
    for url in (one(event), SELECTED, MATCHING):
        assert strict.post(url, {"event": [event.pk], "confirmed": "1"}).status_code == 403
    assert not pending()


# -- held webhook calls --------------------------------------------------------------------------------


def held(connection: Connection) -> Delivery:
    return Delivery.objects.create(connection_id=connection.pk, body=b"{}", status=Delivery.Status.HELD)


def test_held_calls_are_processed_on_request() -> None:
    delivery = held(make_connection())
    url = reverse("admin:core_delivery_process_held", args=[delivery.connection_id])
    client = log_in(None)
    assert (
        "Process held calls" in client.get(reverse("admin:core_delivery_change", args=[delivery.pk])).content.decode()
    )
    assert client.get(url).status_code == 405
    client.post(url)
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.RECEIVED


def test_held_calls_of_a_disabled_connection_stay_and_it_is_said() -> None:
    delivery = held(make_connection(state=Connection.State.DISABLED))
    response = log_in(None).post(reverse("admin:core_delivery_process_held", args=[delivery.connection_id]))
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.HELD and "enable it first" in told(response)


def test_held_calls_need_the_permission_to_run_connections() -> None:
    connection = make_connection()
    delivery = held(connection)
    url = reverse("admin:core_delivery_process_held", args=[delivery.connection_id])
    assert log_in(SUPPORT, connection).post(url).status_code == 403
