"""The admin's first page: what it says, to whom, and what it costs."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.admin.dashboard.spark import HEIGHT, HOURS, STEP, spark
from integrations.core.engine import counts
from integrations.core.engine.sweep import PULSE
from integrations.core.models import Clock, Connection, Delivery, Event, HourCount, Pulse, Run, SettingsVersion
from integrations.core.views import LATE
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_connection, make_event, make_run

pytestmark = pytest.mark.django_db
REFUSED = "LeadSquared refused Mobile '%s' (field Phone): not a phone number."


def page(client: Client, address: str = "/admin/") -> str:
    """The page's own part, its white space closed up."""
    content = client.get(address).content.decode()
    return " ".join(content.split())


def failed(connection: Connection, number: int, message: str = REFUSED, **values: Any) -> list[Event]:
    made = [
        make_event(connection, "failed", code="refused", message=message.replace("%s", str(one)), **values)
        for one in range(number)
    ]
    counts.recount()
    return made


def names(text: str) -> list[str]:
    """Of the connections in the table, in its order."""
    return re.findall(r'class="dash-name"><a href="[^"]*">([^<]*)</a>', text)


# -- connections ----------------------------------------------------------------------------------------------


def test_a_connection_says_how_it_is() -> None:
    connection = make_connection("Shop", state=Connection.State.ATTENTION, state_reason="The key was refused.")
    make_run(connection, status=Run.Status.RUNNING, read=7, new=4)
    now, day = timezone.now(), datetime.timedelta(days=1)
    Clock.objects.create(connection=connection, job="nightly", next_at=now + day, started_at=now - 3 * day)
    Delivery.objects.create(connection=connection, body=b"")
    make_event(connection, "waiting", created_at=timezone.now() - datetime.timedelta(hours=5))
    failed(connection, 2)
    text = page(log_in(None))
    assert "Needs attention" in text and "The key was refused." in text
    assert f'data-label="Waiting"><a href="/admin/core/event/?connection={connection.pk}&amp;tab=waiting">3</a>' in text
    assert "the oldest for 5 hours" in text
    assert f'<a href="/admin/core/event/?connection={connection.pk}&amp;tab=failed">2</a>' in text
    cells = re.findall(r'data-label="(?:Last scheduled run|Last webhook)">([^<]*)<', text)
    assert all(cell != "–" for cell in cells) and len(cells) == 2
    assert "1 of 1 needs somebody." in text


@pytest.mark.parametrize(("state", "shown"), [("enabled", True), ("disabled", False)])
def test_the_next_run_is_that_of_an_enabled_connection(state: str, shown: bool) -> None:
    connection = make_connection("Shop", state=state)
    Clock.objects.create(connection=connection, job="a", next_at=timezone.now() + datetime.timedelta(hours=1))
    assert ('data-label="Next run">–<' not in page(log_in(None))) == shown


def test_those_that_need_somebody_come_first() -> None:
    for name, state in (("Draft", "draft"), ("Off", "disabled"), ("Ay", "enabled"), ("Stopped", "attention")):
        make_connection(name, state=state)
    failed(make_connection("Zed"), 1)
    assert names(page(log_in(None))) == ["Stopped", "Zed", "Ay", "Off", "Draft"]


def test_many_are_paged_and_found_by_name_and_state() -> None:
    for number in range(60):
        make_connection(f"Shop {number:02}")
    make_connection("Stopped", state=Connection.State.ATTENTION)
    client = log_in(None)
    first, second, third = (names(page(client, f"/admin/?page={number}")) for number in range(3))
    assert (len(first), len(second), len(third)) == (25, 25, 11) and first[0] == "Stopped"
    assert "Page 1 of 3" in page(client)
    assert names(page(client, "/admin/?q=shop 07")) == ["Shop 07"]
    assert names(page(client, "/admin/?state=needs")) == ["Stopped"]
    assert "No connection matches." in page(client, "/admin/?q=nowhere")
    assert len(names(page(client, "/admin/?page=99999"))) == 11
    assert len(names(page(client, "/admin/?page=x&state=odd"))) == 0


def test_only_visible_connections_and_their_failures_are_shown() -> None:
    mine, theirs = make_connection("Mine"), make_connection("Theirs")
    failed(mine, 2)
    failed(theirs, 3)
    failed(theirs, 1, "Their own trouble.")
    text = page(log_in(SUPPORT, mine))
    assert "Mine · Leads" in text and "Theirs" not in text and "Their own trouble." not in text
    assert re.search(r'data-label="Failed">2<', text)


def test_support_finds_the_log_where_a_marketing_admin_finds_the_settings() -> None:
    connection = make_connection("Shop")
    settings = f"/admin/leadsquared/leadsquaredconnection/{connection.pk}/change/"
    log = f"/admin/core/event/?connection={connection.pk}"
    assert f'class="dash-name"><a href="{settings}">' in page(log_in(MARKETING, connection))
    assert f'class="dash-name"><a href="{log}">' in page(log_in(SUPPORT, connection))


# -- nothing yet, nobody there --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [SUPPORT, MARKETING])
def test_every_link_of_the_page_may_be_followed(role: str) -> None:
    shop = make_connection("Shop")
    failed(shop, 2)
    shop.set_state(Connection.State.ATTENTION, "The keys were refused.")
    client = log_in(role, shop)
    links = set(re.findall(r'href="(/admin/[^"]*)"', page(client)))
    assert any("leadsquared" in link for link in links) == (role == MARKETING)
    assert [link for link in links if client.get(link.replace("&amp;", "&"), follow=True).status_code != 200] == []


def test_without_connections_it_says_what_to_do() -> None:
    leads_on = 'href="/admin/core/connection/marketplace/">Open the Apps Marketplace</a>'
    assert leads_on in page(log_in(None)) and leads_on in page(log_in(MARKETING))
    text = page(log_in(SUPPORT))
    assert "add your role under Connector Access" in text and "Open the Apps Marketplace" not in text


def test_who_may_see_no_connections_sees_none() -> None:
    make_connection("Shop")
    role = Group.objects.create(name="Loyalty")
    role.permissions.add(Permission.objects.get(codename="view_customer", content_type__app_label="loyalty"))
    text = page(log_in("Loyalty", make_connection("Theirs")))
    assert 'id="dash-connections"' not in text and "Theirs" not in text


@pytest.mark.parametrize(
    ("age", "shown"), [(None, True), (LATE + datetime.timedelta(seconds=5), True), (LATE / 2, False)]
)
def test_a_banner_says_that_nobody_works(age: datetime.timedelta | None, shown: bool) -> None:
    if age is not None:
        Pulse.objects.create(name=PULSE, at=timezone.now() - age)
    for client in (log_in(None), log_in(SUPPORT)):
        text = page(client)
        assert ('class="set-page dash-still" role="alert"' in text) == shown
        assert ("nothing is synced" in text) == shown


# -- failures by cause ----------------------------------------------------------------------------------------


def test_failures_are_grouped_by_cause_over_all_connections() -> None:
    first, second = make_connection("A"), make_connection("B")
    failed(first, 3)
    failed(second, 4, record_type="activity")
    failed(second, 1, "It stumbled.")
    text = page(log_in(None))
    assert text.count("LeadSquared refused Mobile … (field Phone): not a phone number.") >= 1
    assert re.findall(r'data-label="Failed">(\d+)</td> <td class="log-time" data-label="Since">', text) == ["7", "1"]
    assert "B · Activities, A · Leads" in text
    assert "Correct the record at its source" in text, "how to fix"


def test_show_leads_to_what_failed_of_it() -> None:
    connection = make_connection("A")
    events = failed(connection, 3)
    others = failed(connection, 2, "It stumbled.")
    client = log_in(None)
    url = re.search(
        r'href="(/admin/core/event/\?tab=failed&amp;cause=\w+)" aria-label="Show: LeadSquared', page(client)
    )
    assert url
    shown = page(client, url[1].replace("&amp;", "&"))
    assert all(f">R{event.pk}<" in shown for event in events)
    assert not any(f">R{event.pk}<" in shown for event in others)
    assert "Failed for one cause only: LeadSquared refused Mobile …" in shown
    assert 'name="cause"' in shown, "the filters keep it"


def retry_url(client: Client) -> str:
    url = re.search(r'action="(/admin/core/event/retry-matching/\?[^"]*)"', page(client))
    assert url
    return url[1].replace("&amp;", "&")


def test_retry_one_sends_the_oldest_and_shows_it() -> None:
    connection = make_connection("A")
    events = failed(connection, 3)
    failed(connection, 1, "It stumbled.", key="s-2")
    client = log_in(SUPPORT, connection)
    response = client.post(retry_url(client), {"one": "1"})
    assert response.headers["Location"] == f"/admin/core/event/{events[0].pk}/change/"
    assert list(Event.objects.filter(outcome="pending").values_list("pk", flat=True)) == [events[0].pk]


def test_retry_all_asks_then_sends_one_first() -> None:
    connection = make_connection("A")
    events = failed(connection, 3)
    failed(connection, 1, "It stumbled.", key="s-2")
    client = log_in(SUPPORT, connection)
    url = retry_url(client)
    assert "Retry 3 failed events?" in client.post(url).content.decode()
    client.post(url, {"confirmed": "1"})
    assert Run.objects.get(trigger=Run.Trigger.RETRY).plan["rest"] == [event.pk for event in events[1:]]


def test_retry_needs_its_permission_and_reaches_visible_connections_only() -> None:
    mine, theirs = make_connection("Mine"), make_connection("Theirs")
    [hidden] = failed(theirs, 1)
    client = log_in(SUPPORT, mine)
    url = f"/admin/core/event/retry-matching/?tab=failed&cause={Event.objects.get(pk=hidden.pk).cause}"
    for data in ({"one": "1"}, {"confirmed": "1"}):
        client.post(url, data)
    role = Group.objects.create(name="Watchers")
    role.permissions.add(*Permission.objects.filter(codename__in=("view_event", "view_connection")))
    watcher = log_in("Watchers", theirs)
    assert "Retry one" not in page(watcher) and "Show" in page(watcher)
    assert watcher.post(url, {"one": "1"}).status_code == 403
    assert not Event.objects.filter(outcome="pending").exists()


def test_a_cause_that_is_gone_says_so() -> None:
    connection = make_connection("A")
    [event] = failed(connection, 1)
    client = log_in(None)
    url = retry_url(client)
    client.post(url, {"one": "1"})
    assert Event.objects.get(pk=event.pk).outcome == "pending"
    response = client.post(url, {"one": "1"}, follow=True)
    assert "Nothing to retry" in response.content.decode()
    assert "waits for somebody" in page(client)


@pytest.mark.parametrize("cause", ["x", "' OR 1=1 --", "f" * 16, "F" * 16, "f" * 99])
def test_an_odd_cause_breaks_nothing(cause: str) -> None:
    failed(make_connection("A"), 1)
    client = log_in(None)
    assert client.get("/admin/core/event/", {"cause": cause, "q": "anna@example.test"}).status_code == 200
    assert client.get("/admin/core/event/", {"cause": cause}).status_code == 200


# -- the last 24 hours ----------------------------------------------------------------------------------------

NOW = datetime.datetime(2026, 5, 4, 12, 30, tzinfo=datetime.UTC)


def hour(number: int) -> datetime.datetime:
    return NOW.replace(minute=0) - datetime.timedelta(hours=number)


def test_bars_stand_in_their_hours_and_fit() -> None:
    drawn = spark({hour(0): (100, 0), hour(1): (50, 50), hour(23): (0, 1), hour(24): (9, 9)}, [], NOW)
    assert [(box.x // STEP, box.failed) for box in drawn.boxes] == [(0, True), (22, False), (22, True), (23, False)]
    assert all(box.y >= 0 and box.y + box.height <= HEIGHT and box.height > 0 for box in drawn.boxes)
    assert drawn.label == "Last 24 hours: 150 synced, 51 failed."


def test_a_single_failure_among_many_is_seen() -> None:
    [done, bad] = spark({hour(5): (100_000, 1)}, [], NOW).boxes
    assert bad.height >= 3 and bad.y + bad.height == done.y and bad.y >= 0


def test_changes_of_settings_are_marked_and_told() -> None:
    drawn = spark({}, [NOW - datetime.timedelta(days=2), NOW - datetime.timedelta(hours=1)], NOW)
    assert drawn.marks == [int((HOURS - 1.5) * STEP)]
    assert drawn.label == "Last 24 hours: 0 synced, 0 failed. Settings changed at 11:30."


def test_the_page_draws_them_without_scripts_and_with_a_text() -> None:
    connection = make_connection("Shop")
    HourCount.objects.create(connection=connection, hour=counts.hour_of(timezone.now()), done=12, failed=3)
    SettingsVersion.objects.create(connection=connection, number=1, snapshot={})
    text = page(log_in(None))
    assert 'role="img"' in text and "Last 24 hours: 12 synced, 3 failed. Settings changed at" in text
    assert all(re.search(rf'd="M[^"]+" class="spark-{part}"', text) for part in ("done", "failed", "mark"))


# -- cost -----------------------------------------------------------------------------------------------------


def cost(client: Client) -> int:
    with CaptureQueriesContext(database) as statements:
        page(client)
    return len(statements)


@pytest.mark.parametrize("group", [None, SUPPORT])
def test_statements_do_not_grow_with_connections_and_causes(group: str | None) -> None:
    few = [make_connection(f"Shop {number}") for number in range(3)]
    for connection in few:
        failed(connection, 2)
        make_run(connection, trigger=Run.Trigger.SCHEDULE)
    client = log_in(group, *few)
    cost(client)
    before = cost(client)
    many = [make_connection(f"More {number}") for number in range(40)]
    for number, connection in enumerate(many):
        failed(connection, 1, f"Trouble of kind {'x' * number}.")
        connection.access_roles.add(Group.objects.get(name=SUPPORT))
    assert cost(client) == before
    assert before < 40


def test_a_name_is_never_markup() -> None:
    make_connection("<b x-data x-init='alert(1)'>Shop")
    assert "<b x-data" not in page(log_in(None))
