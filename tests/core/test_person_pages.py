"""Find a person: what leads to whom, what the page says, who sees how much of it, and what it costs."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.core.models import Connection, Event, Link, Run
from integrations.core.persons.person import Mentions
from integrations.core.persons.trace import find
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_attempt, make_connection, make_event, make_run
from tests.pages import text

pytestmark = pytest.mark.django_db
FIND = "/admin/core/event/person/"
ANNA = "anna@example.test"


def found(client: Client, term: str, query: str = "") -> str:
    """The page a search leads to."""
    response = client.post(FIND, {"term": term})
    assert response.status_code == 302, response.content.decode()
    return text(client, response["Location"] + query)


def timeline(page: str) -> list[int]:
    """The events of the timeline, in its order."""
    return [int(pk) for pk in re.findall(r'<a href="[^"]*">R(\d+)</a>', page)]


# -- what leads to whom --------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [ANNA, " Anna@Example.TEST ", "s-1", "lead-77"])
def test_an_address_a_key_and_a_vendors_id_lead_to_all_events_of_the_person(term: str) -> None:
    first, second = make_connection("First"), make_connection("Second")
    events = [
        make_event(first, label=ANNA, key="s-1"),
        make_event(first, label="", key="s-1"),
        make_event(second, label=ANNA, key="other"),
    ]
    Link.objects.create(connection=first, record_type="lead", key="s-1", remote_id="lead-77")
    make_event(first, label="bo@example.test", key="s-2")
    assert timeline(found(log_in(None), term)) == [event.pk for event in reversed(events)]


@pytest.mark.parametrize("term", ["+4520304050", "45 20 30 40 50", "0045-20304050", "+45 (20) 30.40.50"])
def test_a_phone_number_is_found_in_any_spelling(term: str) -> None:
    event = make_event(make_connection(), label="+4520304050")
    assert timeline(found(log_in(None), term)) == [event.pk]


@pytest.mark.parametrize("term", ["20 11 22 33", "20112233", "20-11-22-33", "+45 20 11 22 33", "4520112233"])
def test_without_a_country_code_it_is_a_number_of_the_portals_country(settings: Any, term: str) -> None:
    settings.PHONE_COUNTRY = "DK"
    event = make_event(make_connection(), label="+4520112233")
    make_event(make_connection("Other"), label="+4620112233", key="s-2")
    client = log_in(None)
    page = found(client, term)
    assert timeline(page) == [event.pk]
    assert "taken for one of +45" in page


def test_another_countrys_number_needs_its_code(settings: Any) -> None:
    settings.PHONE_COUNTRY = "DK"
    event = make_event(make_connection(), label="+393201122334")
    assert timeline(found(log_in(None), "+39 320 112 2334")) == [event.pk]
    page = found(log_in(None), "320 112 2334")
    assert timeline(page) == [] and "type it with its country code, like +45 20 11 22 33" in page


def test_where_no_country_is_set_the_page_says_how_to_type_a_number() -> None:
    make_event(make_connection(), label="+4520112233")
    client = log_in(None)
    assert "Type a phone number with its country code" in text(client, FIND)
    page = found(client, "20 11 22 33")
    assert timeline(page) == [] and "If this is a phone number, type it with its country code" in page
    assert "If this is a phone number" not in found(client, "nobody@example.test")


def test_digits_of_another_length_are_an_id_also_where_a_country_is_set(settings: Any) -> None:
    settings.PHONE_COUNTRY = "DK"
    connection = make_connection()
    event = make_event(connection, label=ANNA, key="1234567")
    make_event(connection, label="+451234567", key="s-2")
    assert timeline(found(log_in(None), "1234567")) == [event.pk]


def test_the_same_key_of_another_connection_is_somebody_else() -> None:
    first, second = make_connection("First"), make_connection("Second")
    mine = make_event(first, label=ANNA, key="12")
    make_event(second, label="bo@example.test", key="12")
    make_event(first, label="bo@example.test", key="12", record_type="activity")
    assert timeline(found(log_in(None), ANNA)) == [mine.pk]


def test_an_id_of_two_people_says_so_and_offers_no_erasing() -> None:
    make_event(make_connection("First"), label=ANNA, key="12")
    make_event(make_connection("Second"), label="bo@example.test", key="12")
    page = found(log_in(None), "12")
    assert "More than one person" in page and "Erase person" not in page


def test_an_id_of_digits_leads_to_its_person_and_is_taken_for_nobodys_phone_number() -> None:
    connection = make_connection()
    event = make_event(connection, label=ANNA)
    Link.objects.create(connection=connection, record_type="lead", key=event.key, remote_id="20304050")
    person = find("20304050", None)
    assert (person.names, person.several) == ({ANNA}, False)
    assert timeline(found(log_in(None), "20304050")) == [event.pk]
    make_event(connection, label="+20304050", key="s-2")
    assert find("+20304050", None).names >= {"+20304050"}
    assert find("20304050", None).several


def test_too_many_records_are_cut_with_a_sentence() -> None:
    connection = make_connection()
    run = make_run(connection)
    for number in range(55):
        make_event(connection, run=run, label=ANNA, key=f"s-{number}")
    assert "more records than are looked at" in found(log_in(None), ANNA)


# -- what the page says ------------------------------------------------------------------------------------


def test_each_connection_has_a_sentence_with_the_latest_outcome_and_what_to_do() -> None:
    shop, crm, silent = make_connection("Shop"), make_connection("CRM"), make_connection("Quiet")
    make_connection("Half set up", state="draft")
    make_event(shop, "failed", label=ANNA, key="s-1")
    make_event(shop, "updated", label=ANNA, key="s-1")
    failed = make_event(crm, "failed", label=ANNA, key="c-1", message="Refused Mobile.", code="refused")
    make_event(crm, "updated", label=ANNA, key="c-1", record_type="activity")
    page = found(log_in(None), ANNA)
    verdicts = re.findall(r'<div class="log-verdict log-(\w+)">(.*?)</div>', page, re.DOTALL)
    assert [(tone, re.findall("<strong>(.*?):</strong>", words)) for tone, words in verdicts] == [
        ("danger", ["CRM"]), ("success", ["Shop"])]  # fmt: skip
    assert "Refused Mobile." in verdicts[0][1] and "press Retry" in verdicts[0][1]
    assert f'action="{reverse("admin:core_event_retry", args=[failed.pk])}"' in page
    assert f"Nothing of this person has come in over: {silent.name}." in page


def test_nobody_found_says_where_to_look() -> None:
    make_connection("Shop")
    page = found(log_in(None), "nobody@example.test")
    assert "Nothing about this person has come in" in page and "spelling" in page


def test_of_a_batch_only_the_persons_row_is_shown() -> None:
    event = make_event(make_connection(), label=ANNA)
    make_attempt(
        event,
        row=1,
        request_body=json.dumps([{"Email": "bo@example.test"}, {"Email": ANNA, "Name": "Annabella"}]),
        response_body=json.dumps({"Results": [{"Id": "of-bo"}, {"Id": "of-anna"}]}),
    )
    other = make_event(make_connection("CSV"), label=ANNA)
    make_attempt(other, row=1, request_body="bo@example.test;1\nanna@example.test;2")
    page = found(log_in(None), ANNA)
    assert "Annabella" in page and "of-anna" in page
    assert "bo@example.test" not in page and "of-bo" not in page
    assert "in a batch with others" in page


def test_events_stand_under_their_day_with_how_they_arrived() -> None:
    connection = make_connection()
    days = [datetime.datetime(2026, 3, day, 23, 30, tzinfo=datetime.UTC) for day in (1, 2)]
    make_event(connection, label=ANNA, created_at=days[0], run=make_run(connection, trigger=Run.Trigger.WEBHOOK))
    make_event(connection, label=ANNA, created_at=days[1], run=make_run(connection, trigger=Run.Trigger.IMPORT))
    with timezone.override("Europe/Copenhagen"):
        page = found(log_in(None), ANNA)
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["March 3, 2026", "March 2, 2026"]
    assert "Arrived by Import" in page and "Arrived by Webhook" in page


def test_pages_go_on_where_the_one_before_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.core.admin.person.pages.PAGE", 3)
    connection = make_connection()
    events = [make_event(connection, label=ANNA) for _ in range(5)]
    client = log_in(None)
    location = client.post(FIND, {"term": ANNA})["Location"]
    first = text(client, location)
    [older] = re.findall(r'href="(\?before=\d+)" rel="next"', first)
    shown = timeline(first) + timeline(text(client, location + older))
    assert shown == [event.pk for event in reversed(events)]


def test_retry_comes_back_to_the_timeline() -> None:
    event = make_event(make_connection(), "failed", label=ANNA)
    client = log_in(SUPPORT, event.connection.specific)
    location = client.post(FIND, {"term": ANNA})["Location"]
    page = text(client, location)
    assert f'name="back" value="{location}"' in page
    response = client.post(reverse("admin:core_event_retry", args=[event.pk]), {"back": location})
    assert response["Location"] == location
    event.refresh_from_db()
    assert event.outcome == Event.Outcome.PENDING


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test", "javascript:alert(1)", "\\\\evil.test"])
def test_retry_goes_back_to_no_other_site(back: str) -> None:
    event = make_event(make_connection(), "failed")
    url = reverse("admin:core_event_retry", args=[event.pk])
    assert log_in(None).post(url, {"back": back})["Location"] == reverse("admin:core_event_change", args=[event.pk])


# -- who sees how much ---------------------------------------------------------------------------------------


def test_the_term_stands_in_no_address_and_not_readable_in_the_session() -> None:
    make_event(make_connection(), label=ANNA)
    client = log_in(None)
    response = client.post(FIND, {"term": ANNA})
    assert "anna" not in response["Location"].lower()
    assert "anna" not in json.dumps(dict(client.session)).lower()
    page = client.get(response["Location"])
    assert "no-store" in page["Cache-Control"]
    assert not [link for link in re.findall(r'(?:href|action)="([^"]*)"', page.content.decode()) if "anna" in link]
    assert log_in(None).get(response["Location"]).status_code == 404


def test_support_finds_by_a_whole_address_and_sees_outcome_and_cause_but_no_personal_data() -> None:
    event = make_event(
        make_connection(), "failed", label=ANNA, key=ANNA, message=f"Refused {ANNA} (+4520304050).", code="refused"
    )
    make_attempt(event, request_body=json.dumps({"Email": ANNA, "Name": "Annabella"}), url=f"https://x.test/{ANNA}")
    page = found(log_in(SUPPORT, event.connection.specific), ANNA)
    assert not [value for value in (ANNA, "20304050", "Annabella") if value in page]
    assert "Refused" in page and "Failed" in page and "press Retry" in page
    plain = found(log_in(MARKETING, event.connection.specific), ANNA)
    assert ANNA in plain and "Annabella" in plain


def test_connections_the_user_may_not_see_say_nothing() -> None:
    mine, other = make_connection("Mine"), make_connection("Secret")
    event = make_event(mine, label=ANNA)
    make_event(other, label=ANNA, key="lead-9")
    Link.objects.create(connection=other, record_type="lead", key="lead-9", remote_id="r-9")
    client = log_in(SUPPORT, mine)
    page = found(client, ANNA)
    assert timeline(page) == [event.pk] and "Secret" not in page
    assert timeline(found(client, "r-9")) == []


def test_it_takes_the_permission_of_the_log() -> None:
    assert Client().get(FIND).status_code == 302
    Group.objects.create(name="Nobody")
    nobody = log_in("Nobody")
    assert nobody.get(FIND).status_code == nobody.post(FIND, {"term": ANNA}).status_code == 403
    assert log_in(SUPPORT).get("/admin/core/event/person/of/nothing/1/").status_code == 404


def test_retry_stands_there_only_for_those_who_may() -> None:
    event = make_event(make_connection(), "failed", label=ANNA)
    role = Group.objects.create(name="Looks on")
    role.permissions.add(Permission.objects.get(codename="view_event"))
    page = found(log_in("Looks on", event.connection.specific), ANNA)
    assert "Failed" in page and "core_event_retry" not in page and 'name="back"' not in page


@pytest.mark.parametrize("term", ["", "   ", "x" * 300])
def test_an_odd_search_says_what_to_do(term: str) -> None:
    response = log_in(None).post(FIND, {"term": term})
    assert response.status_code == 200 and "log-error" in response.content.decode()


# -- what it costs -----------------------------------------------------------------------------------------------


def test_it_takes_the_same_queries_for_many_events_as_for_one() -> None:
    client = log_in(None)

    def queries() -> int:
        location: Any = client.post(FIND, {"term": ANNA})["Location"]
        with CaptureQueriesContext(database) as captured:
            text(client, location)
        return len(captured)

    connections = [make_connection(f"C{number}") for number in range(6)]
    make_attempt(make_event(connections[0], label=ANNA), request_body="{}", row=0)
    few = queries()
    for connection in connections:
        for number in range(5):
            make_attempt(make_event(connection, "failed", label=ANNA, key=f"k{number}"), request_body="{}")
    assert queries() == few <= 40


# -- what mentions a person ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "to anna@example.test now", "?email=ANNA%40example.test&x=1", r'{"e": "anna\u0040example.test"}',
        "tel:+4520304050", "20 30 40 50", "(+45) 20-30-40-50", "0045 20304050", "tel=%2B4520304050",
        "source-id-1234567890 is gone",
    ],
)  # fmt: skip
def test_an_address_a_number_and_a_long_id_are_recognised_as_written(body: str) -> None:
    assert Mentions([ANNA, "+4520304050", "source-id-1234567890", "12"]).in_text(body)


@pytest.mark.parametrize(
    "body", ["joanna@example.test", "anna@example.test.org", "1204520304050", "203040501", "12", "anna", ""]
)
def test_what_only_looks_alike_is_somebody_else(body: str) -> None:
    mentions = Mentions([ANNA, "+4520304050", "12"])
    assert not mentions.in_text(body)


def test_nobody_is_found_by_nothing() -> None:
    make_event(make_connection(), label="")
    assert not find("", None).records
    assert Connection.objects.count() == 1
