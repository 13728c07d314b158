"""My settings: each user's own language and time zone; the browser's where nothing was chosen."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connectors.leadsquared.models import LeadSquaredConnection
from integrations.core.models import Preferences, Run
from integrations.core.setup import SUPPORT, write_groups

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:core_preferences_changelist")
JOBS = reverse("admin:core_run_changelist")


@pytest.fixture
def sam() -> Client:
    """Somebody of support."""
    write_groups()
    user = User.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    connection = LeadSquaredConnection.objects.create(connector="leadsquared", name="Leads")
    connection.access_roles.add(*user.groups.all())
    noon = datetime.datetime(2026, 1, 5, 12, 0, tzinfo=datetime.UTC)
    Run.objects.create(connection=connection, trigger=Run.Trigger.MANUAL, started_at=noon)
    client = Client()
    client.force_login(user)
    return client


def times(client: Client) -> str:
    return client.get(JOBS).content.decode()


def test_times_are_told_in_the_browsers_zone_and_in_the_chosen_one_rather(sam: Client) -> None:
    assert "12:00:00" in times(sam), "the portal's own zone is UTC"
    sam.cookies["timezone"] = "Asia/Tokyo"
    assert "21:00:00" in times(sam)
    sam.post(PAGE, {"language": "", "time_zone": "Europe/Copenhagen"})
    assert "13:00:00" in times(sam)
    sam.post(PAGE, {"language": "", "time_zone": ""})
    assert "21:00:00" in times(sam)


@pytest.mark.parametrize("nonsense", ["Nowhere/Atlantis", "../../etc/passwd", "\x00", "a" * 5000, "Europe/", ""])
def test_a_cookie_that_names_no_zone_is_ignored(sam: Client, nonsense: str) -> None:
    sam.cookies["timezone"] = nonsense
    assert "12:00:00" in times(sam)


def test_the_chosen_language_beats_the_browsers_and_lasts_to_the_next_login(sam: Client) -> None:
    danish = {"HTTP_ACCEPT_LANGUAGE": "da"}
    assert '<html lang="da"' in sam.get(PAGE, **danish).content.decode()
    sam.post(PAGE, {"language": "cs", "time_zone": ""})
    assert '<html lang="cs"' in sam.get(PAGE, **danish).content.decode()
    sam.logout()
    sam.force_login(User.objects.get(username="sam"))
    assert '<html lang="cs"' in sam.get(PAGE, **danish).content.decode()
    sam.post(PAGE, {"language": "", "time_zone": ""})
    assert '<html lang="da"' in sam.get(PAGE, **danish).content.decode()


def test_what_is_not_offered_is_refused_and_nothing_changes(sam: Client) -> None:
    answer = sam.post(PAGE, {"language": "xx", "time_zone": "Nowhere/Atlantis"})
    assert answer.context["form"].errors.keys() == {"language", "time_zone"}
    assert not Preferences.objects.exists()


def test_it_is_everybodys_own_and_nobody_elses(sam: Client) -> None:
    sam.post(PAGE, {"language": "it", "time_zone": "Europe/Rome"})
    [row] = Preferences.objects.all()
    assert (row.user.username, row.language, row.time_zone) == ("sam", "it", "Europe/Rome")
    assert Client().get(PAGE).status_code == 302
    other = Client()
    other.force_login(User.objects.create_user("eve", is_staff=True))
    assert other.get(PAGE).context["form"].initial == {"language": "", "time_zone": ""}


def test_pages_ask_the_database_for_it_once_a_session(sam: Client) -> None:
    sam.get(JOBS)
    with CaptureQueriesContext(database) as queries:
        sam.get(JOBS)
    assert not [query for query in queries.captured_queries if Preferences._meta.db_table in query["sql"]]
