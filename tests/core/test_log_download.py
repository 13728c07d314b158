"""The log as a CSV file: what the filters match, in the page's words, masked as the page is, and inert."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.admin.log import download
from integrations.core.models import Event
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_connection, make_event, make_run

pytestmark = pytest.mark.django_db
URL = "/admin/core/event/download/"


def fetched(client: Client, query: str = "") -> str:
    response: Any = client.get(URL + query)
    assert response.status_code == 200 and response.streaming
    return b"".join(response.streaming_content).decode()


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fetched(client, query).removeprefix("\ufeff"))))


def test_it_holds_all_that_the_filter_matches_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "CHUNK", 3)
    connection = make_connection()
    failed = [make_event(connection, "failed", key=f"s-{number}") for number in range(8)]
    make_event(connection, "new")
    shown = rows(log_in(None), "?tab=failed")
    assert [row["Request ID"] for row in shown] == [f"R{event.pk}" for event in reversed(failed)]
    assert {row["Outcome"] for row in shown} == {"Failed"}


@pytest.mark.parametrize("query", ["?job=failure", "?type=lead&job=failure"])
def test_it_goes_on_where_the_window_of_a_filter_ends(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.core.keyset.SHARE", 4)
    monkeypatch.setattr("integrations.core.keyset.Rows.share", 4)
    connection = make_connection()
    run = make_run(connection, status="failure")
    old = make_event(connection, run=run)
    for _ in range(20):
        make_event(connection)
    assert [row["Request ID"] for row in rows(log_in(None), query)] == [f"R{old.pk}"]


def test_it_opens_in_spreadsheets_as_text_of_utf_8() -> None:
    evil = '=HYPERLINK("https://evil.test")'
    make_event(make_connection("Bodø", description=""), key=evil, label="+4520304050", message="\t@SUM(1)\nnext")
    text = fetched(log_in(None))
    assert text.startswith("\ufeff")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert (row["Key"], row["Record"], row["Connection"]) == (f"'{evil}", "'+4520304050", "Bodø")
    assert row["Reason"] == "'\t@SUM(1)\nnext"


def test_support_gets_personal_data_masked_and_marketing_plain() -> None:
    connection = make_connection()
    make_event(connection, "failed", key="anna@example.test", message="Refused anna@example.test (+4520304050).")
    masked = fetched(log_in(SUPPORT, connection))
    assert "anna@" not in masked and "20304050" not in masked and "a•••@e•••.test" in masked
    assert "anna@example.test" in fetched(log_in(MARKETING, connection))


def test_it_holds_only_connections_the_user_may_see() -> None:
    mine, other = make_connection("Mine"), make_connection("Other")
    make_event(mine)
    make_event(other)
    client = log_in(SUPPORT, mine)
    assert {row["Connection"] for row in rows(client)} == {"Mine"}
    assert client.get(f"{URL}?connection={other.pk}").status_code == 404


def test_it_takes_the_permission_of_the_list() -> None:
    assert Client().get(URL).status_code == 302
    from django.contrib.auth.models import Group

    Group.objects.create(name="Nobody")
    assert log_in("Nobody").get(URL).status_code == 403
    assert log_in(None).post(URL).status_code == 405


def test_times_are_those_of_the_users_zone() -> None:
    make_event(make_connection(), created_at=datetime.datetime(2026, 7, 1, 22, 30, tzinfo=datetime.UTC))
    with timezone.override("Europe/Copenhagen"):
        [row] = rows(log_in(None))
    assert row["Arrived"] == "2026-07-02 00:30:00"


def test_a_chunk_costs_the_same_however_many_rows_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = make_connection()
    run = make_run(connection)
    client = log_in(None)

    def queries() -> int:
        with CaptureQueriesContext(
            database,
        ) as found:
            fetched(client)
        return len(found)

    make_event(connection, run=run)
    few = queries()
    Event.objects.bulk_create(
        Event(connection_id=connection.pk, run=run, record_type="lead", key=f"k{n}", outcome="new", due_at=None,
              settled_at=timezone.now()) for n in range(500)
    )  # fmt: skip
    assert queries() == few
    monkeypatch.setattr(download, "CHUNK", 100)
    assert queries() <= few + 2 * 5


def test_the_list_links_to_it_with_its_own_filters() -> None:
    make_event(make_connection(), "failed")
    page = log_in(None).get("/admin/core/event/?tab=failed").content.decode()
    assert f'href="{URL}?tab=failed" download' in page
