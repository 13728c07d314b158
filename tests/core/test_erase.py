"""Erase person: what goes, what stays, who may, and that it survives crashes, drains and being done twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.core.engine import erase, retry
from integrations.core.engine.lease import acquire
from integrations.core.engine.sweep import sweep
from integrations.core.models import Attempt, Delivery, Erasure, Event, EventPayload, Exchange, Link, Run
from integrations.core.models.engine import EPOCH
from integrations.core.persons import scrub
from integrations.core.setup import write_groups
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_attempt, make_connection, make_event, make_run
from tests.everything import everything_decrypted

pytestmark = pytest.mark.django_db
FIND = "/admin/core/event/person/"
ANNA, PHONE, KEY = "anna.canary@example.test", "+4520304050", "canary-source-id-1"
PERSON = {"EmailAddress": ANNA, "Phone": "20 30 40 50", "FirstName": "Canarybella"}
CANARY = re.compile(r"canary|20 ?30 ?40 ?50", re.IGNORECASE)


def planted() -> Event:
    """One failed event with all that hangs on it, and others around it."""
    connection = make_connection()
    run = make_run(connection, read=1, failed=1, message=f"The first record failed again: Refused {ANNA}")
    event = make_event(connection, "failed", payload=PERSON, label=ANNA, key=KEY, message=f"Refused {ANNA}", run=run)
    attempt = make_attempt(
        event,
        row=0,
        url=f"https://api.example.test/leads/{ANNA}?phone=20304050",
        request_body=json.dumps([PERSON, {"EmailAddress": "bo@example.test"}]),
        response_body=json.dumps([{"Message": f"{ANNA} Canarybella"}]),
        response_headers={"X-Person": ANNA},
        error=f"refused {ANNA}",
    )
    Attempt.objects.filter(pk=attempt.pk).update(message=f"Refused {ANNA}", remote_id="canary-remote")
    Link.objects.create(connection=connection, record_type="lead", key=KEY, remote_id="canary-remote")
    body = json.dumps({"FirstName": "Canarybella"}).encode()
    Delivery.objects.create(connection=connection, body=body, query=f"email={ANNA}", run=run, status="captured")
    Delivery.objects.create(connection=connection, body=json.dumps(PERSON).encode(), message=f"Odd: {ANNA}")
    return event


def done(erasure: Erasure) -> Erasure:
    erase.erase(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.finished_at is not None
    return erasure


def books() -> list[tuple[object, ...]]:
    names = ("pk", "read", "new", "updated", "unchanged", "skipped", "failed")
    return list(Run.objects.order_by("pk").values_list(*names))


# -- what goes, what stays -----------------------------------------------------------------------------


@pytest.mark.parametrize("term", [ANNA, ANNA.upper(), KEY, "canary-remote"])
def test_nothing_of_the_person_is_left_and_counts_stay(term: str) -> None:
    event = planted()
    before, number = books(), Event.objects.count()
    assert CANARY.search(everything_decrypted())
    done(erase.start(term, "boss"))
    assert not CANARY.findall(everything_decrypted())
    assert (books(), Event.objects.count(), Exchange.objects.count()) == (before, number, 1)
    event.refresh_from_db()
    assert (event.outcome, event.label, event.message) == ("failed", "", scrub.ERASED_TEXT)
    assert not Link.objects.exists() and not EventPayload.objects.exists()


def test_others_keep_theirs() -> None:
    planted()
    other = make_event(make_connection("Other"), payload={"EmailAddress": "bo@example.test"}, label="bo@example.test")
    make_attempt(other, request_body='{"EmailAddress": "bo@example.test"}')
    Link.objects.create(connection=other.connection, record_type="lead", key=other.key, remote_id="r-2")
    done(erase.start(ANNA, "boss"))
    other.refresh_from_db()
    assert other.label == "bo@example.test" and EventPayload.objects.get(pk=other.pk).body
    assert other.tries.get().exchange.request_body and Link.objects.filter(remote_id="r-2").exists()


def test_a_record_that_only_mentions_the_person_goes_too() -> None:
    connection = make_connection()
    make_event(connection, label=ANNA, key="s-1")
    hidden = make_event(connection, label="", key="s-9", payload={"Related": {"mail": f"<{ANNA.upper()}>"}})
    text = make_event(connection, label="bo@example.test", key="s-3", message=f"Merged with {ANNA}.")
    done(erase.start(ANNA, "boss"))
    assert not EventPayload.objects.filter(pk=hidden.pk).exists()
    text.refresh_from_db()
    assert (text.message, text.label) == ("Merged with •••.", "bo@example.test")


def test_what_waits_is_settled_as_skipped_and_its_run_balances() -> None:
    connection = make_connection()
    run = make_run(connection, status=Run.Status.RUNNING, read=3, new=1)
    make_event(connection, "new", run=run, label="bo@example.test", key="s-2")
    waiting = [make_event(connection, name, run=run, label=ANNA, payload=PERSON) for name in ("pending", "waiting")]
    erasure = done(erase.start(ANNA, "boss"))
    for event in waiting:
        event.refresh_from_db()
        assert (event.outcome, event.code, event.due_at) == ("skipped", "erased", None)
    run.refresh_from_db()
    assert (run.status, run.skipped, run.waiting) == (Run.Status.SUCCESS, 2, 0)
    assert erasure.counts["waiting events"] == 2


def test_what_failed_can_not_be_retried_any_more() -> None:
    event = planted()
    done(erase.start(ANNA, "boss"))
    assert retry.retry(event.connection_id, [event.pk]) is None
    event.refresh_from_db()
    assert event.outcome == "failed"
    client = log_in(None)
    page = client.get(reverse("admin:core_event_change", args=[event.pk])).content.decode()
    assert "The person was erased." in page and "Erased with the person." in page and ">Retry<" not in page
    client.post(reverse("admin:core_event_retry", args=[event.pk]))
    assert not Event.objects.filter(outcome="pending").exists()


def test_records_of_one_person_stay_together_in_the_log() -> None:
    connection = make_connection()
    make_event(connection, label=ANNA, key=KEY)
    make_event(connection, label=ANNA, key=KEY)
    make_event(connection, label=ANNA, key=KEY, record_type="activity")
    done(erase.start(ANNA, "boss"))
    keys = list(Event.objects.order_by("pk").values_list("key", flat=True))
    assert keys[0] == keys[1] != keys[2] and KEY not in keys


# -- it is logged -----------------------------------------------------------------------------------------


def test_that_it_was_done_is_kept_but_not_to_whom() -> None:
    planted()
    erasure = done(erase.start(ANNA, "boss"))
    assert erasure.by == "boss" and erasure.subject is None
    assert erasure.digest == erase.digest(f" {ANNA.upper()}") != erase.digest("bo@example.test")
    assert erasure.counts["events"] == 1 and erasure.counts["links"] == 1
    page = log_in(None).get("/admin/core/erasure/").content.decode()
    assert "boss" in page and "Links to records of vendors: 1" in page and "canary" not in page.lower()


def test_all_spellings_of_a_number_have_one_digest(settings: Any) -> None:
    settings.PHONE_COUNTRY = "DK"
    assert erase.digest("20 30 40 50") == erase.digest(PHONE)
    assert erase.digest("+45 20 30 40 50") == erase.digest("0045-20304050") == erase.digest(PHONE)


# -- crashes, drains, twice ------------------------------------------------------------------------------------


def test_doing_it_twice_finds_nothing_the_second_time() -> None:
    planted()
    done(erase.start(ANNA, "boss"))
    moving = ("core.Erasure", "core.Lease", "django_q.OrmQ")
    before = everything_decrypted(without=moving)
    assert done(erase.start(ANNA, "boss")).counts == {}
    assert everything_decrypted(without=moving) == before


def test_a_worker_that_died_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever portion it dies in."""
    planted()
    erasure = erase.start(ANNA, "boss")
    for _crash in range(80):
        erase.erase(erasure.pk, budget=0.0)  # one that never comes to a portion
        Erasure.objects.filter(pk=erasure.pk).update(worked_until=EPOCH)
        work = erase._Work(Erasure.objects.get(pk=erasure.pk))
        if work.done:
            break
        work.step()
    assert work.done and not CANARY.findall(everything_decrypted())


def test_the_sweep_asks_for_what_nobody_is_at_work_on(queued: object) -> None:
    erasure = erase.start(ANNA, "boss")
    sweep(timezone.now())
    assert queued() >= 1  # type: ignore[operator]
    Erasure.objects.filter(pk=erasure.pk).update(worked_until=timezone.now() + erase.SILENT)
    erase.erase(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.step == erase.IMPORTS and erasure.finished_at is None


def test_it_waits_for_the_drain_at_work_on_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "PATIENCE", 0.0)
    event = make_event(make_connection(), "pending", label=ANNA, payload=PERSON)
    held = acquire(event.connection_id)
    erasure = erase.start(ANNA, "boss")
    erase.erase(erasure.pk)
    event.refresh_from_db()
    assert event.outcome == "pending" and EventPayload.objects.exists()
    assert held is not None
    held.release()
    done(erasure)
    event.refresh_from_db()
    assert event.outcome == "skipped"


def test_a_body_nobody_can_decrypt_keeps_nothing_from_going_on() -> None:
    planted()
    event = make_event(make_connection("Old keys"), payload={"a": 1}, label="", key="x")
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("UPDATE core_eventpayload SET body = %s WHERE event_id = %s", [b"not a token", event.pk])
    done(erase.start(ANNA, "boss"))
    assert not CANARY.findall(everything_decrypted())


# -- who may, and how it is made certain --------------------------------------------------------------------------


def erase_page(client: Client, term: str = ANNA) -> str:
    """The address of the confirmation, found through the person's page."""
    location = client.post(FIND, {"term": term})["Location"]
    page = client.get(location).content.decode()
    links = re.findall(r'href="(/admin/core/erasure/person/[^"]*)"', page)
    return links[0] if links else location.replace("/event/", "/erasure/")


def test_no_shipped_group_may_erase() -> None:
    write_groups()
    assert not Group.objects.filter(permissions__codename="erase_person").exists()
    event = planted()
    for group in (SUPPORT, MARKETING):
        client = log_in(group, event.connection.specific)
        url = erase_page(client)
        assert client.get(url).status_code == client.post(url, {"typed": ANNA}).status_code == 403
        assert client.get("/admin/core/erasure/").status_code == 403
    assert not Erasure.objects.exists()


def test_who_was_given_the_permission_may() -> None:
    event = planted()
    client = log_in(SUPPORT, event.connection.specific)
    permission = Permission.objects.get(codename="erase_person")
    User.objects.latest("pk").user_permissions.add(permission)
    url = erase_page(client)
    page = client.get(url).content.decode()
    assert "can't be undone" in page and ANNA not in page  # masked for Support
    assert client.post(url, {"typed": ANNA}).status_code == 302
    assert client.get("/admin/core/erasure/").status_code == 200


def test_the_confirmation_counts_what_goes_and_asks_for_the_identifier() -> None:
    planted()
    client = log_in(None)
    url = erase_page(client)
    page = client.get(url).content.decode()
    counts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", page))
    assert counts["Events in the log"] == "1" and counts["Links to records of vendors"] == "1"
    for typed in ("", "bo@example.test", "anna"):
        response = client.post(url, {"typed": typed})
        assert response.status_code == 200 and not Erasure.objects.exists()
    response = client.post(url, {"typed": ANNA.upper()})
    erasure = Erasure.objects.get()
    assert response["Location"] == reverse("admin:core_erasure_change", args=[erasure.pk])
    assert client.get(url).status_code == 404  # the session has forgotten whom it was about
    done(erasure)
    page = client.get(response["Location"]).content.decode()
    assert "The person is erased." in page and "data-refresh" not in page


def test_its_page_shows_how_far_it_is() -> None:
    planted()
    erasure = erase.start(ANNA, "boss")
    page = log_in(None).get(reverse("admin:core_erasure_change", args=[erasure.pk])).content.decode()
    assert 'role="progressbar"' in page and 'aria-valuenow="0"' in page and "data-refresh" in page


def test_an_id_of_two_people_erases_nobody() -> None:
    make_event(make_connection("First"), label=ANNA, key="12")
    make_event(make_connection("Second"), label="bo@example.test", key="12")
    client = log_in(None)
    assert client.post(erase_page(client, "12"), {"typed": "12"}).status_code == 404
    assert not Erasure.objects.exists()
