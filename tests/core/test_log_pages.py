"""The log's pages: who sees what, what is masked, what stays inert, how many queries they take."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from integrations.core.models import Delivery, Event, EventPayload, Exchange, FieldMapping, Run
from tests.core.log_rows import (
    MARKETING,
    SUPPORT,
    log_in,
    make_attempt,
    make_connection,
    make_event,
    make_run,
    with_version,
)
from tests.pages import text

pytestmark = pytest.mark.django_db
LOG = "/admin/core/event/"
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e\x1b[31m'
PERSON = {"EmailAddress": "anna@example.test", "Phone": "+4520304050", "FirstName": "Annabella"}
PERSONAL = ("anna@example.test", "20304050", "Annabella")


def panel(event: Event) -> str:
    return reverse("admin:core_event_change", args=[event.pk])


def one_of_each() -> tuple[Event, Delivery]:
    """A failed event with all that hangs on it, full of personal data."""
    connection = make_connection()
    message = "Refused anna@example.test (+4520304050)."
    event = make_event(connection, "failed", payload=PERSON, key="anna@example.test", message=message)
    with_version(event)
    make_attempt(
        event,
        url="https://api.example.test/leads/anna@example.test?email=anna@example.test&tel=20304050",
        request_body=json.dumps([PERSON]),
        response_body=json.dumps([{"Message": "anna@example.test Annabella"}]),
        row=0,
        error=message,
    )
    body = json.dumps(PERSON).encode()
    delivery = Delivery.objects.create(connection=connection, body=body, query="email=anna@example.test", size=9)
    return event, delivery


def pages_of(event: Event, delivery: Delivery) -> list[str]:
    return [
        LOG,
        f"{LOG}?q=anna@example.test".replace("anna@example.test", f"R{event.pk}"),
        panel(event),
        reverse("admin:core_run_changelist"),
        reverse("admin:core_run_change", args=[event.run_id]),
        reverse("admin:core_delivery_changelist"),
        reverse("admin:core_delivery_change", args=[delivery.pk]),
    ]


# -- roles ---------------------------------------------------------------------------------------------


def test_support_sees_personal_data_masked_on_every_page() -> None:
    event, delivery = one_of_each()
    support = log_in(SUPPORT, event.connection.specific)
    for url in pages_of(event, delivery):
        page = text(support, url)
        assert not [value for value in PERSONAL if value in page], url
    assert "a•••@e•••.test" in text(support, LOG)


def test_those_with_the_permission_see_it_plain() -> None:
    event, _ = one_of_each()
    page = text(log_in(MARKETING, event.connection.specific), panel(event))
    assert all(value in page for value in PERSONAL)


def test_a_body_that_is_no_json_is_hidden_from_support() -> None:
    event = make_event(make_connection(), "failed")
    make_attempt(event, response_body="<html>anna@example.test Annabella", request_body='[{"FirstName": "Annab')
    page = text(log_in(SUPPORT, event.connection.specific), panel(event))
    assert "Annab" not in page and "Hidden" in page


def test_nobody_sees_a_connection_without_a_role_for_it() -> None:
    event, delivery = one_of_each()
    make_event(mine := make_connection("Mine"), label="bo@example.test")
    client = log_in(MARKETING, mine)
    for url in (LOG, f"{LOG}?q=anna@example.test", f"{LOG}?q=J{event.run_id}", f"{LOG}?tab=failed"):
        page = text(client, url)
        assert f"R{event.pk}<" not in page and event.connection.name not in page, url
    details = [url for url in pages_of(event, delivery) if "change" in url.removeprefix(LOG)]
    details = [panel(event), reverse("admin:core_run_change", args=[event.run_id])]
    details += [reverse("admin:core_delivery_change", args=[delivery.pk]), f"{LOG}?connection={event.connection_id}"]
    for url in details:
        text(client, url, 404)


def test_without_view_permission_there_is_no_log() -> None:
    event, delivery = one_of_each()
    Group.objects.create(name="Nobody")
    nobody = log_in("Nobody", event.connection.specific)
    for url in pages_of(event, delivery):
        text(nobody, url, 403)


def test_who_is_not_logged_in_is_asked_to() -> None:
    event, delivery = one_of_each()
    for url in pages_of(event, delivery):
        assert Client().get(url).status_code == 302, url


def test_nothing_can_be_added_changed_or_deleted() -> None:
    event, _ = one_of_each()
    client = log_in(None)
    assert client.post(panel(event), {"outcome": "new"}).status_code == 405
    assert client.post(LOG, {"action": "delete_selected", "_selected_action": event.pk}).status_code == 405
    for url in (f"{LOG}add/", f"{LOG}{event.pk}/delete/", f"{LOG}{event.pk}/history/"):
        assert client.get(url).status_code == 404, url


def test_django_q2_pages_are_closed() -> None:
    assert not [model for model in (Failure, OrmQ, Schedule, Success) if admin.site.is_registered(model)]
    assert text(log_in(None), reverse("admin:auth_user_changelist"))


# -- what is shown ---------------------------------------------------------------------------------------


def test_hostile_vendor_text_is_inert_everywhere() -> None:
    connection = make_connection()
    event = make_event(connection, "failed", payload={"Name": HOSTILE}, message=HOSTILE, key=HOSTILE, label=HOSTILE)
    attempt = make_attempt(event, url=f"https://x.test/{HOSTILE}", response_body=HOSTILE, error=HOSTILE)
    attempt.message = HOSTILE
    attempt.remote_id = HOSTILE
    attempt.save()
    run = event.run
    run.message = HOSTILE
    run.save()
    delivery = Delivery.objects.create(
        connection=connection, body=HOSTILE.encode(), content_type=HOSTILE, query=HOSTILE, message=HOSTILE
    )
    client = log_in(None)
    for url in pages_of(event, delivery):
        page = text(client, url)
        assert "<script>alert" not in page and "<img src=x" not in page, url
        assert "\u202e" not in page and "\x1b" not in page, url


def test_secrets_in_a_payload_are_masked_for_everybody() -> None:
    event = make_event(make_connection(), payload={"apiKey": "canary-123456", "customer_pin": 9911})
    page = text(log_in(None), panel(event))
    assert "canary" not in page and "9911" not in page


def test_the_record_of_a_batch_is_shown_before_the_whole() -> None:
    event = make_event(make_connection())
    make_attempt(
        event,
        row=1,
        request_body=json.dumps([{"Name": "first"}, {"Name": "second"}]),
        response_body=json.dumps({"Results": [{"Id": "one"}, {"Id": "two"}], "Status": "ok"}),
    )
    page = text(log_in(None), panel(event))
    request, response = page.index("<h3>Request</h3>"), page.index("<h3>Response</h3>")
    assert page.index("second") < page.index("first", request) < response
    assert page.index("two", response) < page.index("&quot;one&quot;", response)
    assert "Row 2 of a batch" in page


def test_one_unreadable_payload_does_not_break_the_page() -> None:
    event = make_event(make_connection(), payload=PERSON)
    attempt = make_attempt(event, request_body="{}", response_body='{"Id": "readable"}')
    blob = database.ops.quote_name
    for model, column, pk in ((EventPayload, "body", event.pk), (Exchange, "request_body", attempt.exchange_id)):
        table = model._meta.db_table
        with database.cursor() as cursor:
            cursor.execute(
                f"UPDATE {blob(table)} SET {blob(column)} = %s WHERE {model._meta.pk.column} = %s",
                [b"not encrypted under any key", pk],
            )
    page = text(log_in(None), panel(event))
    assert page.count("be decrypted") >= 2 and "readable" in page


def test_deleted_bodies_and_cut_ones_say_so() -> None:
    event = make_event(make_connection())
    make_attempt(event, request_body=None, response_body='[{"a": 1}]', response_truncated=True)
    page = text(log_in(None), panel(event))
    assert "Deleted after" in page and "Only the first 64 KiB" in page


def test_todays_mapping_is_shown_when_nothing_was_sent() -> None:
    connection = make_connection()
    FieldMapping.objects.create(connection=connection, record_type="lead", source="Given", target="FirstName")
    event = make_event(connection, "failed", payload={"Given": "Anna", "EmailAddress": "anna@example.test"})
    page = text(log_in(None), panel(event))
    assert "today&#x27;s mapping" in page


def test_the_panel_names_settings_version_and_sync_behaviour_then_in_force() -> None:
    event = with_version(make_event(make_connection()))
    page = text(log_in(None), panel(event))
    assert "Capture (Create and Update existing) Record" in page and "v1" in page
    assert "access_key" not in page and "secrets_set" not in page


def test_the_panel_lists_leads_updated_and_errors_in_leads_of_its_run() -> None:
    connection = make_connection()
    run = make_run(connection)
    event = make_event(connection, "updated", run=run)
    others = [make_event(connection, "failed", run=run) for _ in range(22)]
    elsewhere = make_event(connection, "new")
    page = text(log_in(None), panel(event))
    assert "Leads Updated" in page and "Errors in Leads" in page
    assert f">R{others[-1].pk}<" in page and f">R{others[0].pk}<" not in page and f">R{elsewhere.pk}<" not in page
    assert f"?q=J{run.pk}&amp;sync=error" in page


def test_an_unbalanced_run_is_red_and_says_why() -> None:
    run = make_run(make_connection(), status=Run.Status.UNBALANCED, read=3, new=1)
    page = text(log_in(None), reverse("admin:core_run_change", args=[run.pk]))
    assert "log-danger" in page and "add up" in page


@pytest.mark.parametrize(
    "query",
    [
        "before=x&after=-1",
        "before=99999999999999999999999",
        "q=R999999999999999999",
        "q=%00",
        "since=2026-99-99&period=custom",
        "period=custom&until=9999-12-31",
        "period=custom&since=0001-01-01",
        "tab=nonsense&job=x&sync=y&type=z",
        "q=" + "x" * 5000,
    ],
)
def test_odd_addresses_get_a_page(query: str) -> None:
    make_event(make_connection())
    text(log_in(None), f"{LOG}?{query}")


@pytest.mark.parametrize("connection", ["x", "999", "-1", "²", "9" * 40])
def test_an_unknown_connection_is_not_found(connection: str) -> None:
    text(log_in(None), f"{LOG}?connection={connection}", 404)


def test_an_id_beyond_the_databases_is_not_found() -> None:
    text(log_in(None), f"{LOG}{10**30}/change/", 404)


def test_the_list_is_marked_up_for_screen_readers() -> None:
    make_event(make_connection(), "failed")
    page = text(log_in(None), f"{LOG}?tab=failed")
    labelled = set(re.findall(r'<label[^>]* for="(log-\w+)"', page))
    inputs = set(re.findall(r'<(?:input|select)[^>]* id="(log-\w+)"', page))
    assert inputs == labelled and len(inputs) == 8
    assert page.count('aria-current="page"') >= 1 and "<th>" not in page


def test_no_inline_scripts_of_ours() -> None:
    event = make_event(make_connection(), "failed")
    for url in (LOG, panel(event)):
        content = text(log_in(None), url).split('id="content"')[1].split("unfold/js/simplebar")[0]
        assert not re.search(r"\son(click|change|load|submit)=", content)


# -- queries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["", "?tab=failed", "?period=today", "?job=failure", "?q=anna@example.test", "?sync=error&type=lead"]
)
def test_the_list_takes_the_same_queries_however_many_rows(query: str) -> None:
    connection = make_connection()
    client = log_in(SUPPORT, connection)
    hidden = make_connection("Hidden")
    make_event(hidden)

    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            text(client, LOG + query)
        slow = [q["sql"] for q in queries if "COUNT(*) FROM" in q["sql"].replace('"', "") and "LIMIT" not in q["sql"]]
        assert not slow
        assert not [q["sql"] for q in queries if "payload" in q["sql"]]
        return len(queries)

    for _ in range(2):
        make_event(connection, "failed", run=make_run(connection, status="failure"))
    few = cost()
    for _ in range(60):
        make_event(connection, "failed", run=make_run(connection, status="failure"))
    # One fewer when the page is full: how far it looked needn't be asked then.
    assert cost() <= few <= 14


def test_the_panel_takes_the_same_queries_however_many_attempts() -> None:
    connection = make_connection()
    event = with_version(make_event(connection, "failed", payload=PERSON))
    client = log_in(None)

    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            text(client, panel(event))
        return len(queries)

    make_attempt(event, request_body="{}")
    few = cost()
    for _ in range(10):
        make_attempt(event, request_body="{}")
        make_event(connection, "failed", run=event.run)
    assert cost() == few


def test_paging_by_links_shows_every_event_once() -> None:
    connection = make_connection()
    ids = [make_event(connection).pk for _ in range(120)]
    client = log_in(None)
    url, seen = LOG, []
    while url:
        page = text(client, url)
        seen += [int(found) for found in re.findall(r">R(\d+)</a>", page)]
        older = re.search(r'href="(\?[^"]*before=[^"]*)"', page)
        url = LOG + older[1].replace("&amp;", "&") if older else ""
    assert seen == ids[::-1]


def test_times_are_in_the_current_zone() -> None:
    at = timezone.datetime(2026, 7, 1, 12, 0, tzinfo=timezone.get_fixed_timezone(0))
    make_event(make_connection(), created_at=at)
    client = log_in(None)
    with timezone.override("Europe/Copenhagen"):
        assert "14:00:00" in text(client, LOG)
