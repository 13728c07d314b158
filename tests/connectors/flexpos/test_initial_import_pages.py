"""Fetch data from FlexPOS in the browser's words: who may, what is asked, what is confirmed, what it ends with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.connectors.flexpos.import_form import as_fields
from integrations.connectors.flexpos.initial_import import ESTIMATE, JOB
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.models import Connection, Event, EventPayload, Run
from integrations.core.versions import record_version
from tests.connectors.flexpos import importing
from tests.connectors.flexpos.conftest import MakeConnection
from tests.core.log_rows import MARKETING, SUPPORT, log_in
from tests.pages import told
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount

PAGE = "admin:flexpos_flexposconnection_"
LIST_NAME = "Customers"


@pytest.fixture
def shop(shop: FlexPOSAccount) -> FlexPOSAccount:
    shop.at(timezone.now() - timedelta(minutes=2))
    shop.settings(messy_emails=False)
    return shop


def dialog(connection: Connection) -> str:
    return reverse(f"{PAGE}import", args=[connection.pk])


def run_page(run: Run, page: str = "import_run") -> str:
    return reverse(f"{PAGE}{page}", args=[run.connection_id, run.pk])


def shown(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def filled(**changes: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in as_fields(importing.chosen(**changes)).items()}


def without_people(client: Client) -> Client:
    """A role that may run connections and look at them, but sees no personal data."""
    role = Group.objects.get(name=MARKETING)
    role.permissions.remove(Permission.objects.get(codename="view_personal_data"))
    return client


def test_each_row_of_the_list_has_a_menu_with_what_can_be_done(connection: FlexPOSConnection) -> None:
    page = shown(log_in(MARKETING, connection), reverse(f"{PAGE}changelist"))
    menu = page.partition("Actions of Shop")[2].partition("</details>")[0]
    assert re.findall(r">([^<>]+)</(?:a|button)>", menu) == [
        "Fetch data from FlexPOS", "Disable sync", "Test connection", "Run now", "View Logs", "Remove Configuration",
    ]  # fmt: skip
    assert f'href="{dialog(connection)}"' in menu
    assert reverse(f"{PAGE}do", args=[connection.pk, "run"]) in menu


def test_a_button_of_the_menu_does_what_it_says(connection: FlexPOSConnection) -> None:
    client = log_in(MARKETING, connection)
    page = client.get(reverse(f"{PAGE}changelist")).content.decode()
    [url] = re.findall(r'formaction="([^"]+/do/disable/)"', page)
    assert client.get(url).status_code == 405
    client.post(url)
    connection.refresh_from_db()
    assert connection.state == Connection.State.DISABLED


def test_the_dialog_shows_the_six_choices_as_the_settings_have_them(make_flexpos: MakeConnection) -> None:
    page = shown(log_in(None), dialog(make_flexpos(reimport_unsubscribed=False)))
    for label in ("Date span: from", "Date span: to", "Fetch order data", "Fetch members",
                  "Previously unsubscribed members", "Send opt-in message", "Send automations"):  # fmt: skip
        assert label in page
    assert '<option value="no" selected>Do not create</option>' in page
    assert not Run.objects.exists()


def test_the_dialog_makes_an_estimate_and_nothing_else(connection: FlexPOSConnection) -> None:
    client = log_in(MARKETING, connection)
    response = client.post(dialog(connection), filled(opt_in=True))
    run = Run.objects.get()
    assert response.url == run_page(run)
    assert (run.job, run.trigger) == (ESTIMATE, Run.Trigger.MANUAL)
    assert run.plan["choices"]["opt_in"] is True and run.requested_by is not None
    page = shown(client, response.url)
    assert "Estimate: Running" in page and f'data-refresh="{run_page(run, "import_progress")}"' in page
    assert "Start the import" not in page


def test_a_wrong_span_stays_in_the_dialog_with_a_sentence(connection: FlexPOSConnection) -> None:
    response = log_in(None).post(dialog(connection), filled() | {"first": "2020-01-01"})
    assert "FlexPOS keeps data for one year" in response.content.decode()
    assert not Run.objects.exists()


def test_order_data_needs_the_tracking_id(make_flexpos: MakeConnection) -> None:
    client, connection = log_in(None), make_flexpos(tracking_id="")
    page = client.post(dialog(connection), filled(orders="both")).content.decode()
    assert "Enter the Tracking ID under Settings first" in page
    assert not Run.objects.exists()
    client.post(dialog(connection), filled(orders="none"))
    assert Run.objects.exists()


def test_a_second_click_leads_to_the_estimate_that_is_under_way(connection: FlexPOSConnection) -> None:
    client = log_in(None)
    first, second = (client.post(dialog(connection), filled()) for _ in range(2))
    assert first.url == second.url and Run.objects.count() == 1
    assert "under way already" in told(second)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": Connection.State.DISABLED}, "Enable the sync first"),
        ({"state": Connection.State.ATTENTION}, "Press Test connection"),
        ({"list_id": ""}, "Choose the list"),
    ],
)
def test_what_is_in_the_way_is_said_and_nothing_starts(
    make_flexpos: MakeConnection, changes: dict[str, Any], sentence: str
) -> None:
    connection = make_flexpos()
    FlexPOSConnection.objects.filter(pk=connection.pk).update(**changes)
    client = log_in(None)
    page = shown(client, dialog(connection))
    assert sentence in page and "Make an estimate" not in page
    client.post(dialog(connection), filled())
    assert not Run.objects.exists()


def test_the_estimate_shows_what_the_import_would_do(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    shop.seed(customers=12, journals=10)
    shop.customer(Email=None, Mobile="20112233")
    run = importing.estimate(connection, orders="journals")
    page = shown(log_in(MARKETING, connection), run_page(run))
    assert "Members created</th><td>12<" in page
    assert "The person has no e-mail address." in page
    assert "Lines of receipts (journals)</th>" in page and "less than a minute" in page
    assert "Start the import" in page and "type the list" not in page


def test_confirming_starts_the_import_and_a_second_click_leads_to_it(
    connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.seed(customers=3)
    client, estimated = log_in(MARKETING, connection), importing.estimate(connection)
    first, second = (client.post(run_page(estimated)) for _ in range(2))
    run = Run.objects.get(job=JOB)
    assert first.url == second.url == run_page(run)
    assert (run.trigger, run.plan["expected"]) == (Run.Trigger.IMPORT, 3)
    assert run.requested_by is not None and "started already" in told(second)
    page = shown(client, first.url)
    assert "0 of 3" in page and "Pause" in page
    assert "To the import of this estimate" in shown(client, run_page(estimated))
    assert "An initial import is under way" in shown(client, dialog(connection))


@pytest.mark.parametrize(("typed", "starts"), [("", False), ("customers", False), (f" {LIST_NAME} ", True)])
def test_where_mails_would_go_out_the_lists_name_must_be_typed(
    connection: FlexPOSConnection, shop: FlexPOSAccount, typed: str, starts: bool
) -> None:
    shop.seed(customers=3)
    client, estimated = log_in(None), importing.estimate(connection, automations=True)
    page = shown(client, run_page(estimated))
    assert "type the list's name: Customers" in page and "up to 3" in page
    response = client.post(run_page(estimated), {"list_name": typed})
    assert Run.objects.filter(job=JOB).exists() is starts
    assert ("Type the list" in told(response)) is not starts


def test_for_more_than_a_thousand_new_members_the_name_must_be_typed(
    connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.seed(customers=1001)
    client, estimated = log_in(None), importing.estimate(connection)
    client.post(run_page(estimated))
    assert not Run.objects.filter(job=JOB).exists()
    client.post(run_page(estimated), {"list_name": LIST_NAME})
    assert Run.objects.filter(job=JOB).exists()


def older_than_a_day(connection: FlexPOSConnection, estimated: Run) -> None:
    Run.objects.filter(pk=estimated.pk).update(finished_at=timezone.now() - timedelta(days=1, minutes=1))


def under_other_settings(connection: FlexPOSConnection, estimated: Run) -> None:
    connection.import_type = "create"
    connection.save()
    record_version(connection)


@pytest.mark.parametrize("spoil", [older_than_a_day, under_other_settings])
def test_an_estimate_that_no_longer_holds_must_be_made_again(
    connection: FlexPOSConnection, spoil: Callable[[FlexPOSConnection, Run], None]
) -> None:
    client, estimated = log_in(None), importing.estimate(connection)
    spoil(connection, estimated)
    page = shown(client, run_page(estimated))
    assert "Make a new estimate" in page and "Start the import" not in page
    assert "Make a new estimate" in told(client.post(run_page(estimated)))
    assert not Run.objects.filter(job=JOB).exists()


def test_an_estimate_that_is_not_ready_starts_nothing(connection: FlexPOSConnection) -> None:
    client = log_in(None)
    url = client.post(dialog(connection), filled()).url
    assert "not ready" in told(client.post(url))
    assert not Run.objects.filter(job=JOB).exists()


def test_looking_starts_nothing_and_an_import_is_not_confirmed(connection: FlexPOSConnection) -> None:
    client, estimated = log_in(None), importing.estimate(connection)
    shown(client, run_page(estimated))
    assert not Run.objects.filter(job=JOB).exists()
    run = importing.begin(connection, estimated)
    assert client.post(run_page(run)).status_code == 405


def test_support_and_strangers_neither_see_nor_start_it(connection: FlexPOSConnection) -> None:
    estimated = importing.estimate(connection)
    for client, status in ((log_in(SUPPORT, connection), 403), (log_in(MARKETING), 404)):
        for url in (dialog(connection), run_page(estimated), run_page(estimated, "import_progress")):
            assert client.get(url).status_code == client.post(url, filled()).status_code == status
    assert not Run.objects.filter(job=JOB).exists()


def test_who_may_not_run_connections_gets_no_dialog(connection: FlexPOSConnection) -> None:
    client = log_in(MARKETING, connection)
    Group.objects.get(name=MARKETING).permissions.remove(Permission.objects.get(codename="run_connection"))
    assert client.get(dialog(connection)).status_code == client.post(dialog(connection), filled()).status_code == 403
    assert "Fetch data from FlexPOS" not in shown(client, reverse(f"{PAGE}changelist"))


def test_a_run_of_another_connection_is_not_found(make_flexpos: MakeConnection) -> None:
    mine, other = make_flexpos(), make_flexpos(name="Other")
    estimated = importing.estimate(other)
    url = reverse(f"{PAGE}import_run", args=[mine.pk, estimated.pk])
    assert log_in(None).get(url).status_code == 404


def test_starting_needs_the_csrf_token(connection: FlexPOSConnection) -> None:
    estimated, strict = importing.estimate(connection), Client(enforce_csrf_checks=True)
    strict.cookies = log_in(None).cookies
    assert strict.post(run_page(estimated)).status_code == 403
    assert strict.post(dialog(connection), filled()).status_code == 403
    assert Run.objects.count() == 1


@pytest.fixture
def finished(connection: FlexPOSConnection, shop: FlexPOSAccount) -> Run:
    """An import in which one was skipped and two failed."""
    shop.seed(customers=5, journals=20)
    shop.customer(Email=None)
    shop.customer(Email="anna@example.test", FirstName="=1+1", Mobile="12")
    shop.customer(Email="bo@example.test", FirstName="Bo", Mobile="12")
    return importing.fetch(connection, orders="journals")


def test_the_summary_says_what_became_of_everybody_and_why(finished: Run) -> None:
    page = shown(log_in(None), run_page(finished))
    assert "Summary" in page
    assert re.search(r"Failed: <strong>2</strong> – [^<]*mobile", page)
    assert "Skipped: <strong>1</strong> – The person has no e-mail address." in page
    assert "Anonymous sales, nobody's: <strong>" in page
    assert run_page(finished, "import_failures") in page


def test_the_failures_are_a_file_that_is_safe_in_a_spreadsheet(finished: Run) -> None:
    response = log_in(None).get(run_page(finished, "import_failures"))
    assert response.streaming and response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode()
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert len(rows) == 2
    found = {row[header.index("Email")]: row for row in rows}
    assert found["anna@example.test"][header.index("FirstName")] == "'=1+1"
    assert "mobile" in found["bo@example.test"][header.index("What happened")]
    assert {row[0] for row in rows} == {str(event) for event in Event.objects.filter(outcome="failed")}


def test_the_file_is_for_those_who_may_see_personal_data(finished: Run, connection: FlexPOSConnection) -> None:
    client = without_people(log_in(MARKETING, connection))
    assert run_page(finished, "import_failures") not in shown(client, run_page(finished))
    assert client.get(run_page(finished, "import_failures")).status_code == 403


def test_the_file_does_without_what_retention_has_deleted(finished: Run) -> None:
    EventPayload.objects.all().delete()
    response = log_in(None).get(run_page(finished, "import_failures"))
    assert len(b"".join(response.streaming_content).splitlines()) == 3


def test_an_estimate_that_failed_says_why(connection: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    practice.remove_list(1)
    page = shown(log_in(None), run_page(importing.estimate(connection)))
    assert "Choose another" in page
