"""Export at the top of a source's list: where to, how long, started once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from integrations.core.connector import Estimate
from integrations.core.errors import TemporaryError
from integrations.core.models import Connection, Run
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_connection, make_run
from tests.core.toy import toy
from tests.pages import told

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.shop_urls")]
LIST = "/admin/core/link/"
EXPORT = f"{LIST}export/"
SOURCE = "shop.link"


@pytest.fixture(autouse=True)
def exporting() -> Iterator[None]:
    """LeadSquared takes links: 10,000 of them, 1,786 an hour."""
    with toy(exports={SOURCE: "export"}, estimate=lambda self, job: Estimate(10_000, 20_160.0)):
        yield


def log_in_with(group: str, *connections: Any) -> Client:
    """A browser of somebody with this role, which may see links as well."""
    client = log_in(group, *connections)
    Group.objects.get(name=group).permissions.add(Permission.objects.get(codename="view_link"))
    return client


def shown(client: Client, url: str = EXPORT) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def box(connection: Connection) -> str:
    return f'name="connection" value="{connection.pk}"'


def run_page(run: Run) -> str:
    return reverse("admin:core_run_change", args=[run.pk])


def test_the_list_has_an_export_link_for_those_who_may() -> None:
    connection = make_connection()
    assert f'href="{EXPORT}"' in shown(log_in_with(MARKETING, connection), LIST)
    assert f'href="{EXPORT}"' not in shown(log_in_with(SUPPORT, connection), LIST)


def test_the_page_says_where_to_what_and_how_long_before_anything_starts() -> None:
    connection = make_connection("Shop in Aarhus")
    page = shown(log_in_with(MARKETING, connection))
    assert "10,000 links: about 5 h 36 min" in page
    assert "Shop in Aarhus" in page and "LeadSquared Lead Sync" in page and box(connection) in page
    assert not Run.objects.exists()


def test_start_makes_one_run_that_knows_what_it_expects_and_shows_it() -> None:
    connection = make_connection()
    client = log_in_with(MARKETING, connection)
    response = client.post(EXPORT, {"connection": [connection.pk]})
    run = Run.objects.get()
    assert response.url == run_page(run)
    assert (run.trigger, run.job, run.status, run.plan) == (
        Run.Trigger.EXPORT, "export", Run.Status.RUNNING, {"expected": 10_000})  # fmt: skip
    assert run.connection_id == connection.pk and run.requested_by is not None
    assert "0 of 10,000" in shown(client, response.url)


def test_several_connections_get_a_run_each_and_the_list_of_runs() -> None:
    chosen, left = [make_connection("A"), make_connection("B")], make_connection("C")
    client = log_in(None)
    response = client.post(EXPORT, {"connection": [connection.pk for connection in chosen]})
    assert response.url == reverse("admin:core_run_changelist")
    assert set(Run.objects.values_list("connection_id", flat=True)) == {connection.pk for connection in chosen}
    page = shown(client)
    assert box(left) in page and " checked>" not in page


def test_the_only_connection_there_is_need_not_be_ticked() -> None:
    make_connection()
    assert " checked>" in shown(log_in(None))


def test_clicked_twice_there_is_one_run_and_the_second_click_leads_to_it() -> None:
    connection = make_connection()
    client = log_in(None)
    first = client.post(EXPORT, {"connection": [connection.pk]})
    second = client.post(EXPORT, {"connection": [connection.pk]})
    assert Run.objects.count() == 1
    assert first.url == second.url == run_page(Run.objects.get())
    assert "under way already" in told(second)


@pytest.mark.parametrize("status", [Run.Status.RUNNING, Run.Status.PAUSED, Run.Status.STOPPING])
def test_an_export_that_is_under_way_is_linked_and_cannot_be_ticked(status: str) -> None:
    connection = make_connection()
    run = make_run(connection, trigger=Run.Trigger.EXPORT, job="export", status=status)
    page = shown(log_in(None))
    assert run_page(run) in page and box(connection) not in page and "Start export" not in page


def test_an_export_that_is_over_can_be_started_again() -> None:
    connection = make_connection()
    make_run(connection, trigger=Run.Trigger.EXPORT, job="export", status=Run.Status.STOPPED)
    log_in(None).post(EXPORT, {"connection": [connection.pk]})
    assert Run.objects.filter(status=Run.Status.RUNNING).count() == 1


@pytest.mark.parametrize("chosen", [[], ["x", "-1", "9" * 40]])
def test_nothing_ticked_starts_nothing_and_says_so(chosen: list[str]) -> None:
    make_connection()
    response = log_in(None).post(EXPORT, {"connection": chosen})
    assert response.url == EXPORT and "tick a connection" in told(response)
    assert not Run.objects.exists()


@pytest.mark.parametrize("state", [Connection.State.DRAFT, Connection.State.DISABLED, Connection.State.ATTENTION])
def test_a_connection_that_is_not_enabled_takes_no_export(state: str) -> None:
    connection = make_connection(state=state)
    client = log_in(None)
    assert box(connection) not in shown(client)
    client.post(EXPORT, {"connection": [connection.pk]})
    assert not Run.objects.exists()


def test_another_ones_connection_is_neither_shown_nor_started() -> None:
    hidden, mine = make_connection("Hidden one"), make_connection("Mine")
    client = log_in_with(MARKETING, mine)
    page = shown(client)
    assert "Mine" in page and "Hidden one" not in page
    client.post(EXPORT, {"connection": [hidden.pk]})
    assert not Run.objects.exists()


def test_without_the_permission_to_run_connections_there_is_no_export() -> None:
    connection = make_connection()
    support = log_in_with(SUPPORT, connection)
    assert support.get(EXPORT).status_code == support.post(EXPORT, {"connection": [connection.pk]}).status_code == 403
    assert not Run.objects.exists()


def test_who_may_not_see_the_records_does_not_export_them() -> None:
    connection = make_connection()
    client = log_in(MARKETING, connection)
    assert client.post(EXPORT, {"connection": [connection.pk]}).status_code == 403
    assert not Run.objects.exists()


def test_start_needs_the_csrf_token() -> None:
    connection = make_connection()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = log_in(None).cookies
    assert strict.post(EXPORT, {"connection": [connection.pk]}).status_code == 403
    assert not Run.objects.exists()


def test_a_destination_that_cannot_be_estimated_says_why_and_does_not_start() -> None:
    def estimate(self: Any, job: str) -> Estimate:
        raise TemporaryError("The vendor is away.")

    connection = make_connection()
    client = log_in(None)
    with toy(exports={SOURCE: "export"}, estimate=estimate):
        page = shown(client)
        response = client.post(EXPORT, {"connection": [connection.pk]})
    assert "The vendor is away." in page and box(connection) not in page
    assert response.url == EXPORT and "The vendor is away." in told(response)
    assert not Run.objects.exists()


def places(page: str) -> list[str]:
    """Where it says a connection can be added."""
    return re.findall(r'<li><a href="([^"]+)">', page.partition('class="set-list"')[2].partition("</ul>")[0])


def test_with_nothing_connected_it_says_where_to_add_a_connection() -> None:
    make_connection(state=Connection.State.DRAFT)
    page = shown(log_in(None))
    assert "No integration is connected" in page
    assert places(page) == [reverse("admin:leadsquared_leadsquaredconnection_changelist")]


def test_who_may_not_add_connections_is_told_whom_to_ask() -> None:
    client = log_in_with(MARKETING, make_connection(state=Connection.State.DISABLED))
    role = Group.objects.get(name=MARKETING)
    role.permissions.remove(*role.permissions.filter(codename__startswith="add_"))
    page = shown(client)
    assert places(page) == [] and "Ask somebody who sets up connections" in page


def test_a_connector_that_does_not_export_this_is_no_place_to_connect() -> None:
    connection = make_connection()
    with toy(exports={"other.thing": "export"}):
        page = shown(log_in(None))
    assert "No integration is connected" in page
    assert box(connection) not in page and places(page) == []
