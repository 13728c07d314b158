"""How changes are found on each side: each told once, none left out, and back to the stream where that can be read."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.connectors.contactsend import collect_send
from integrations.connectors.contactsend.connector import Contactsend
from integrations.connectors.contactsend.jobs import FROM_HUB, FROM_SEND, NIGHTLY
from integrations.connectors.contactsend.models import ContactsendConnection, Deletes, Pair
from integrations.core.models import Connection, Cursor, Event
from tests.connectors.contactsend.pair import connect, events, first_sync, from_hub, from_send, pull, settle
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import NEWS, SUBSCRIBED, ContactsendAccount

pytestmark = pytest.mark.django_db
LUCA = "luca@example.test"
MODIFIED = "MODIFICATO"


def cursor(source: ContactsendConnection, job: str) -> dict[str, Any]:
    return Cursor.objects.get(connection=source, job=job).value


def set_cursor(source: ContactsendConnection, job: str, **changes: Any) -> None:
    mine = Cursor.objects.get(connection=source, job=job)
    mine.value |= changes
    mine.save()


@pytest.mark.parametrize("modified", [MODIFIED, ""])
def test_what_waits_is_not_told_again_with_every_look(
    hub: ContacthubAccount, send: ContactsendAccount, modified: str
) -> None:
    source = connect(hub, send, last_modified_field=modified)
    settle(source, 1)
    hub.fault("app_error", path="customers", times=None)
    send.save_subscriber(EMAIL=LUCA, NOME="Luca")
    for _ in range(4):
        from_send(source)
    assert events(source) == [("send", "waiting", "temporary")]
    send.save_subscriber(send.subscribers()[0]["id"], NOME="Gianluca")
    from_send(source)
    assert len(events(source)) == 2
    hub.clear_faults()


@pytest.mark.parametrize("modified", [MODIFIED, ""])
def test_the_same_change_made_again_is_told_again(
    hub: ContacthubAccount, send: ContactsendAccount, modified: str
) -> None:
    source = connect(hub, send, last_modified_field=modified)
    settle(source, 1)
    luca = send.save_subscriber(EMAIL=LUCA, NOME="Luca")
    for name in ("Luca", "Gianluca", "Luca", "Gianluca"):
        send.save_subscriber(luca, NOME=name)
        from_send(source)
        assert hub.customer(LUCA)["base"]["firstName"] == name


def test_whoever_is_listed_and_fails_is_told_once(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    hub.settings(role="TRUSTED_APPLICATION")
    source = connect(hub, send)
    settle(source, 1)
    luca = hub.save_person(LUCA, firstName="x" * 300)
    for _ in range(3):
        from_hub(source)
    assert [outcome for _, outcome, _ in events(source)] == ["failed"]
    hub.save_customer(luca["id"], base={"firstName": "Luca"})
    from_hub(source)
    assert send.subscriber(LUCA)["NOME"] == "Luca"


def test_the_stream_is_read_again_once_the_token_may_and_nothing_is_left_out(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    settle(source, 1)
    hub.settings(role="TRUSTED_APPLICATION")
    hub.save_person("one@example.test")
    from_hub(source)
    hub.save_person("two@example.test")
    from_hub(source)
    assert "since" in cursor(source, FROM_HUB)
    hub.settings(role="USER")
    from_hub(source)
    assert "since" in cursor(source, FROM_HUB), "lists may hold something back still"
    hub.save_person("three@example.test")
    stream = cursor(source, FROM_HUB)["stream"]
    long_ago = (timezone.now() - datetime.timedelta(minutes=2)).isoformat()
    set_cursor(source, FROM_HUB, stream={**stream, "at": long_ago})
    from_hub(source)
    assert "since" not in cursor(source, FROM_HUB)
    hub.save_person("four@example.test")
    from_hub(source)
    assert {one["values"]["EMAIL"].partition("@")[0] for one in send.subscribers()} == {"one", "two", "three", "four"}


def test_a_token_whose_role_was_narrowed_lists_from_when_the_stream_was_read_last(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    settle(source, 1)
    week = timezone.now() - datetime.timedelta(days=7)
    set_cursor(source, FROM_HUB, at=week.isoformat())
    hub.settings(role="TRUSTED_APPLICATION")
    from_hub(source)
    assert datetime.datetime.fromisoformat(cursor(source, FROM_HUB)["since"]) == week


def test_many_changed_at_once_are_read_on_from_the_page_where_time_ran_out(
    hub: ContacthubAccount, send: ContactsendAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = connect(hub, send, last_modified_field=MODIFIED)
    settle(source, 1)
    send.seed(350)
    monkeypatch.setattr("integrations.core.engine.collect.BUDGET", 0)
    for page in (2, 3, 4):
        from_send(source)
        assert cursor(source, FROM_SEND)["next"] == page
    from_send(source)
    assert cursor(source, FROM_SEND).keys() == {"since"}
    assert hub.customer_count() == 350


def test_times_of_a_userdb_are_on_the_sources_clocks(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send, time_zone="Europe/Rome", last_modified_field=MODIFIED)
    shape = Contactsend(source).shape
    at = shape.modified_at({MODIFIED: "2026-07-01T12:00:00"})
    assert at == datetime.datetime(2026, 7, 1, 10, tzinfo=datetime.UTC)


def test_an_old_subscription_found_now_does_not_beat_an_unsubscription(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send)
    from tests.connectors.contactsend.pair import NEWSLETTER, subscribe_to

    subscribe_to(source)
    settle(source, 1)
    luca = send.save_subscriber(EMAIL=LUCA)
    send.set_subscription(luca, SUBSCRIBED, NEWS)
    customer = hub.save_person(LUCA)
    hub.subscribe(customer["id"], NEWSLETTER, False)
    from_send(source)
    settle(source)
    assert send.subscriber(LUCA)["__cls1"] == "-1"
    assert hub.customer(LUCA)["base"]["subscriptions"][0]["subscribed"] is False


def test_the_last_of_a_userdb_is_missed_as_well(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send, deletes=Deletes.CARRY)
    settle(source, 1)
    for name in ("one", "two"):
        hub.save_person(f"{name}@example.test")
    settle(source, 1)
    for subscriber in reversed(send.subscribers()):
        send.remove_subscriber(subscriber["id"])
        settle(source, 1)
    assert hub.customer_count() == Pair.objects.count() == 0


def test_who_only_seemed_removed_is_told_when_it_is_removed(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send, deletes=Deletes.CARRY)
    settle(source, 1)
    hub.save_person(LUCA)
    settle(source, 1)
    (luca,) = send.subscribers()
    # A page shifted under the walk.
    set_cursor(source, FROM_SEND, page=2, after=0, size=100)
    from_send(source)
    assert events(source)[-1] == ("hub", "skipped", "older")
    assert hub.customer_count() == 1
    send.remove_subscriber(luca["id"])
    settle(source, 1)
    assert hub.customer_count() == 0


def test_with_a_last_modified_field_a_nightly_look_finds_who_was_removed(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    source = connect(hub, send, deletes=Deletes.CARRY, last_modified_field=MODIFIED)
    assert NIGHTLY in Contactsend(source).jobs()
    assert NIGHTLY not in Contactsend(connect(hub, send, node_id="other", userdb_id="7")).jobs()
    settle(source, 1)
    send.seed(120)
    settle(source, 1)
    for subscriber in (send.subscribers()[3], send.subscribers()[-1]):
        send.remove_subscriber(subscriber["id"])
    settle(source, 1)
    assert hub.customer_count() == 120
    pull(source, NIGHTLY)
    assert hub.customer_count() == 118
    assert cursor(source, NIGHTLY)[collect_send.NUMBER] == 1


def test_a_record_that_waits_does_not_keep_the_first_sync_from_the_other_direction(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.seed(3)
    send.seed(2)
    source = connect(hub, send)
    send.fault("app_error", path="addSubscriber", times=1)
    first_sync(source)
    assert hub.customer_count() == 5
    Event.objects.filter(due_at__isnull=False).update(due_at=source.created_at)
    settle(source)
    assert len(send.subscribers()) == 5


def test_nothing_is_read_of_a_field_that_is_gone(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send, last_modified_field="GONE")
    from_send(source)
    source.refresh_from_db()
    assert source.state == Connection.State.ATTENTION
    assert "no field GONE any more" in source.state_reason
