"""Apps Marketplace: a card a connector, the connections on it, and the search box."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from integrations.core.models import Connection
from integrations.core.registry import all_connectors
from integrations.core.setup import write_groups
from tests.core.log_rows import MARKETING, SUPPORT, log_in, make_connection

pytestmark = pytest.mark.django_db
URL = "/admin/core/connection/marketplace/"


@pytest.fixture(autouse=True)
def groups(db: None) -> None:
    write_groups()


def cards(browser: Client, search: str = "") -> dict[str, Any]:
    """The cards that are shown, by name."""
    context = browser.get(URL, {"q": search}).context
    return {card.name: card for card, matches in context["cards"] if matches}


def test_each_connector_says_what_it_does_which_way_and_what_it_takes() -> None:
    shown = cards(log_in(None))
    assert set(shown) == {name for name, _ in all_connectors()}
    for card in shown.values():
        assert card.summary.endswith(".")
        assert "→" in card.flow or "↔" in card.flow
        assert card.needs
        assert all(need.endswith(".") for need in card.needs)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("leadhub", {"leadhub"}),
        ("  LeadSquared  ", {"leadsquared"}),
        ("till heyloyalty", {"flexpos"}),
        ("newsletters", {"contactsend"}),
        ("telephone exchange", set()),
    ],
)
def test_the_search_box_looks_at_names_and_summaries(search: str, found: set[str]) -> None:
    assert set(cards(log_in(None), search)) == found


def test_a_search_without_a_match_says_what_to_do() -> None:
    page = log_in(None).get(URL, {"q": "telephone exchange"}).content.decode()
    assert 'id="app-none">' in page
    assert "Show all apps" in page
    assert 'id="app-none" hidden>' in log_in(None).get(URL).content.decode()


def test_several_connections_of_a_kind_stand_on_its_card_and_others_do_not() -> None:
    shops = [make_connection("Shop 1"), make_connection("Shop 2", state=Connection.State.DISABLED)]
    make_connection("Somebody else's")
    browser = log_in(MARKETING, *shops)
    card = cards(browser)["leadsquared"]
    assert [(one.connection.name, one.verb) for one in card.installed] == [("Shop 1", "disable"), ("Shop 2", "enable")]
    page = browser.get(URL).content.decode()
    for label in ("Edit Configuration", "Disable Configuration", "Enable Configuration", "View Logs",
                  "Remove Configuration", "Install another"):  # fmt: skip
        assert label in page
    assert "Somebody else" not in page


def test_a_draft_is_to_be_continued() -> None:
    draft = make_connection("Half done", state=Connection.State.DRAFT)
    [one] = cards(log_in(MARKETING, draft))["leadsquared"].installed
    assert (one.is_draft, one.verb) == (True, "")
    assert "Draft – continue" in log_in(MARKETING, draft).get(URL).content.decode()


def test_disabling_on_the_card_leads_back_to_it() -> None:
    shop = make_connection("Shop")
    browser = log_in(MARKETING, shop)
    [one] = cards(browser)["leadsquared"].installed
    assert browser.post(one.verb_url, {"back": "marketplace"})["Location"] == URL
    shop.refresh_from_db()
    assert shop.state == Connection.State.DISABLED


def test_buttons_follow_the_permissions() -> None:
    shop = make_connection("Shop")
    user = User.objects.create_user("vera", is_staff=True)
    role = Group.objects.create(name="Lookers")
    role.permissions.add(Permission.objects.get(codename="view_leadsquaredconnection"))
    user.groups.add(role)
    shop.access_roles.add(role)
    browser = Client()
    browser.force_login(user)
    shown = cards(browser)
    assert list(shown) == ["leadsquared"]
    assert shown["leadsquared"].install_url == ""
    [one] = shown["leadsquared"].installed
    assert (one.verb, one.remove_url) == ("", "")


def test_it_stands_first_in_the_sidebar_of_those_who_may_open_it() -> None:
    first = reverse("admin:index")
    assert f'href="{URL}"' in log_in(MARKETING).get(first).content.decode()
    support = log_in(SUPPORT)
    assert f'href="{URL}"' not in support.get(first).content.decode()
    assert support.get(URL).status_code == 403


def test_it_takes_the_same_number_of_queries_however_many_connections_there_are(
    django_assert_max_num_queries: Any,
) -> None:
    browser = log_in(MARKETING, *(make_connection(f"Shop {number}") for number in range(20)))
    browser.get(URL)
    with django_assert_max_num_queries(12):
        assert len(cards(browser)["leadsquared"].installed) == 20


def test_why_a_connection_stopped_is_masked_as_in_the_log() -> None:
    """Also on its settings pages and in the list of its kind."""
    stopped = make_connection("Shop")
    stopped.set_state(Connection.State.ATTENTION, "The account of anna@example.test, +45 20 30 40 50, is closed.")
    other = make_connection("Till")
    other.set_state(Connection.State.DISABLED, "Closed by bo@example.test")
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(
        *Permission.objects.filter(codename__in=("view_leadsquaredconnection", "run_connection"))
    )
    viewer.groups.add(role := Group.objects.create(name="Viewers"))
    for connection in (stopped, other):
        connection.access_roles.add(role)
    masked, plain = Client(), log_in(None)
    masked.force_login(viewer)
    pages = [URL, reverse("admin:leadsquared_leadsquaredconnection_changelist")]
    pages += [reverse("admin:leadsquared_leadsquaredconnection_change", args=[one.pk]) for one in (stopped, other)]
    for page in pages:
        shown = masked.get(page).content.decode()
        assert "anna@" not in shown and "bo@" not in shown and "20 30 40 50" not in shown, page
    for page in pages[:3]:
        assert "The account of " in masked.get(page).content.decode(), page
        assert "anna@example.test, +45 20 30 40 50" in plain.get(page).content.decode(), page
