"""Role × page × action: who gets what of a connection, for every page of every connector that the addresses know."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client

from integrations.connectors.flexpos.initial_import import JOB, Choices
from integrations.core.api.tokens import new_token
from integrations.core.connector import Connector
from integrations.core.models import Connection, Delivery, FieldMapping, Run, UserField, UserFieldValue
from integrations.core.models.access import AccessBy
from integrations.core.registry import all_connectors, connector_class
from integrations.core.setup import MARKETING, SUPPORT, write_groups
from integrations.core.versions import record_version
from integrations.sources.cdp.models import IdentifierType
from tests.admin_urls import AdminPage, admin_pages, unnamed_views
from tests.core.log_rows import make_event

pytestmark = pytest.mark.django_db

NAME = "Zebra crossing"
KINDS = [name for name, _ in all_connectors()]
PLANNED = Choices(datetime.date(2026, 1, 1), datetime.date(2026, 1, 31))
# A fixed order, so that the words below can be read as a table.
ROLES = (
    "anonymous",
    "nobody",
    "support",
    "support elsewhere",
    "marketing",
    "marketing elsewhere",
    "field says yes",
    "field says no",
    "administrator",
)
# One letter a role: l = sent to the login, f = forbidden (403), n = not found (404), m = wants POST (405),
# o = opened or done (200, 302).
SETTINGS = "l f f f o n o n o"
SETTINGS_LIST = "l f f f o o o o o"
LOG = "l f o n o n o n o"
LOG_LIST = "l f o o o o o o o"
WORK = "l f f f o n o n o"
WANTS_POST = "l m m m m m m m m"
ADMINISTRATION = "l f f f f f f f o"
NOBODY = "l f f f f f f f f"
# Of their own, whoever may sign in.
THEIR_OWN = "l o o o o o o o o"
NO_SUCH_PAGE = "l f f f n n n n n"

# By the last part of its name: what GET and what POST answer on a page of a connection's own.
OWN_PAGES = {
    "changelist": (SETTINGS_LIST, SETTINGS_LIST),
    "add": (SETTINGS_LIST, SETTINGS_LIST),
    "change": (SETTINGS, SETTINGS),
    "delete": (SETTINGS, SETTINGS),
    "history": (SETTINGS, SETTINGS),
    # An old version can't be opened, by nobody.
    "simple_history": ("l n n n n n n n n", "l n n n n n n n n"),
    "mapping": (SETTINGS, SETTINGS),
    "calls": (SETTINGS, SETTINGS),
    "webhook": (WANTS_POST, WORK),
    "do": (WANTS_POST, WORK),
    "first_sync": (WORK, WORK),
    "list": (WANTS_POST, SETTINGS),
    "import": (WORK, WORK),
    "import_run": (WORK, "l f f f m n m n m"),
    # There is no estimate.
    "import_progress": (NO_SUCH_PAGE, NO_SUCH_PAGE),
    "import_failures": (WORK, WORK),
}
CORE_PAGES = {
    "core_connection_changelist": (SETTINGS_LIST, WANTS_POST),
    "core_event_changelist": (LOG_LIST, WANTS_POST),
    "core_event_change": (LOG, WANTS_POST),
    "core_event_retry": (WANTS_POST, LOG),
    "core_event_retry_selected": (WANTS_POST, LOG_LIST),
    "core_event_retry_matching": (WANTS_POST, LOG_LIST),
    "core_run_changelist": (LOG_LIST, WANTS_POST),
    "core_run_change": (LOG, WANTS_POST),
    "core_run_progress": (LOG, WANTS_POST),
    "core_run_pause": (WANTS_POST, WORK),
    "core_run_resume": (WANTS_POST, WORK),
    "core_run_stop": (WORK, WORK),
    "core_delivery_changelist": (LOG_LIST, WANTS_POST),
    "core_delivery_change": (LOG, WANTS_POST),
    "core_delivery_process_held": (WANTS_POST, WORK),
    "core_preferences_changelist": (THEIR_OWN, THEIR_OWN),
    "core_apitoken_changelist": (ADMINISTRATION, ADMINISTRATION),
    "core_apitoken_add": (ADMINISTRATION, ADMINISTRATION),
    "core_apitoken_change": (ADMINISTRATION, NOBODY),
    "core_apitoken_delete": (NOBODY, NOBODY),
    "core_apitoken_history": (ADMINISTRATION, ADMINISTRATION),
    "core_userfield_changelist": (ADMINISTRATION, ADMINISTRATION),
    "core_userfield_add": (ADMINISTRATION, ADMINISTRATION),
    "core_userfield_change": (ADMINISTRATION, ADMINISTRATION),
    "core_userfield_delete": (ADMINISTRATION, ADMINISTRATION),
    "core_userfield_history": (ADMINISTRATION, ADMINISTRATION),
}
# Django's and unfold's own: for everybody who may sign in.
FOR_ALL_STAFF = {
    "index", "login", "logout", "jsi18n", "password_change", "password_change_done", "search", "autocomplete",
    "view_on_site", "app_list",
}  # fmt: skip
MEANING = {"f": {403}, "n": {404}, "m": {405}, "o": {200, 204, 302}}


def expected(page: AdminPage, kind: str) -> tuple[str, str]:
    """What GET and POST answer, by role. KeyError for a page that nobody has thought about yet."""
    if page.name in CORE_PAGES:
        return CORE_PAGES[page.name]
    model = connector_class(kind).model._meta
    return OWN_PAGES[page.name.removeprefix(f"{model.app_label}_{model.model_name}_")]


def pages_of(kind: str) -> list[AdminPage]:
    return [*admin_pages(kind), *admin_pages("core")]


# -- a connection of each kind, with something in its log -------------------------------------------


@pytest.fixture(params=KINDS)
def connection(request: Any) -> Any:
    write_groups()
    kind: type[Connector] = connector_class(request.param)
    values: dict[str, Any] = {"connector": request.param, "name": NAME, "state": Connection.State.ENABLED}
    if request.param == "heyloyalty":
        values["identifier_type"] = IdentifierType.objects.get(key="email")
    made: Any = kind.model.objects.create(**values)
    record_version(made)
    return made


@pytest.fixture
def values(connection: Any) -> dict[str, Any]:
    """What stands in the addresses of its pages."""
    record_type = connector_class(connection.connector).record_types[0].name
    run = Run.objects.create(
        connection=connection, trigger=Run.Trigger.IMPORT, job=JOB, plan={"choices": PLANNED.saved()}
    )
    event = make_event(connection, "failed", run=run, record_type=record_type)
    call = Delivery.objects.create(connection=connection, body=b"{}", status=Delivery.Status.HELD)
    FieldMapping.objects.create(connection=connection, record_type=record_type, source="a", target="b")
    field = UserField.objects.create(name="Is Employee")
    return {
        "own": {"pk": connection.pk, "object_id": connection.pk, "run_pk": run.pk, "record_type": record_type,
                "verb": "test", "_0": connection.pk, "_1": connection.history.first().pk},
        "event": {"pk": event.pk},
        "run": {"pk": run.pk},
        "delivery": {"pk": call.pk, "connection_id": connection.pk},
        "userfield": {"object_id": field.pk},
        "apitoken": {"object_id": new_token("Till", ["loyalty"], by="tests")[0].pk},
    }  # fmt: skip


def address(page: AdminPage, values: dict[str, Any]) -> str:
    label, _, rest = page.name.partition("_")
    return page.address(values.get(rest.partition("_")[0], values["own"]) if label == "core" else values["own"])


def signed_in(role: str, connection: Any) -> Client:
    browser = Client()
    if role == "anonymous":
        return browser
    if role == "administrator":
        browser.force_login(User.objects.create_superuser("administrator"))
        return browser
    user = User.objects.create_user("somebody", is_staff=True)
    if role != "nobody":
        group = Group.objects.get(name=SUPPORT if role.startswith("support") else MARKETING)
        user.groups.add(group)
        if role in ("support", "marketing"):
            connection.access_roles.add(group)
    if role.startswith("field says"):
        field = UserField.objects.create(name="Sees the shop")
        Connection.objects.filter(pk=connection.pk).update(access_by=AccessBy.USER_FIELD, access_field=field)
        # A role that would do, were it asked.
        connection.access_roles.set(user.groups.all())
        if role == "field says yes":
            UserFieldValue.objects.create(field=field, user=user)
    browser.force_login(user)
    return browser


def asked(call: Callable[[str], Any], page: str) -> Any:
    """The answer; what it did is undone."""
    point = transaction.savepoint()
    try:
        return call(page)
    finally:
        transaction.savepoint_rollback(point)


def is_as_meant(response: Any, letter: str) -> bool:
    to_login = response.status_code == 302 and "/login/" in response["Location"]
    return to_login if letter == "l" else not to_login and response.status_code in MEANING[letter]


# -- the matrix -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_it_is_meant_to_get(connection: Any, values: dict[str, Any], role: str) -> None:
    browser = signed_in(role, connection)
    wrong = []
    for page in pages_of(connection.connector):
        for method, meant in zip(("get", "post"), expected(page, connection.connector), strict=True):
            letter = meant.split()[ROLES.index(role)]
            response = asked(getattr(browser, method), address(page, values))
            if not is_as_meant(response, letter):
                wrong.append((method, page.name, letter, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [role for role in ROLES if role.endswith(("elsewhere", "no")) or role == "nobody"])
def test_no_list_log_or_search_names_a_connection_of_others(connection: Any, values: dict[str, Any], role: str) -> None:
    browser = signed_in(role, connection)
    lists = [address(page, values) for page in pages_of(connection.connector) if not page.parameters]
    lists += [f"/admin/search/?s={NAME[:5]}", "/admin/", f"/admin/core/event/?q=s-{connection.pk}"]
    for page in lists:
        assert NAME not in asked(browser.get, page).content.decode(), page
    of_it = f"/admin/core/event/?connection={connection.pk}"
    assert browser.get(of_it).status_code in (403, 404)


def test_every_change_wants_the_csrf_token(connection: Any, values: dict[str, Any]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create_superuser("administrator"))
    for page in pages_of(connection.connector):
        response = asked(browser.post, address(page, values))
        assert response.status_code == 403, page.name
        assert b"send it again" in response.content, page.name


# -- pages of others ------------------------------------------------------------------------------


def elsewhere() -> Iterator[str]:
    """The pages of the sources, of users and of roles, as far as they can be addressed without a row."""
    own = (*(f"{kind}_" for kind in KINDS), "core_")
    given = dict.fromkeys(("pk", "object_id", "id"), 1) | {"kind": "customers"}
    for page in admin_pages():
        if page.name not in FOR_ALL_STAFF and not page.name.startswith(own):
            yield page.address(given)


def test_no_page_of_a_source_opens_without_a_permission() -> None:
    visitor, browser = Client(), signed_in("nobody", None)
    for page in elsewhere():
        for method in ("get", "post"):
            assert is_as_meant(getattr(visitor, method)(page), "l"), (method, page)
            response = getattr(browser, method)(page)
            # Django's own way of saying that there is no such row.
            nothing_there = response.status_code == 302 and response["Location"] == "/admin/"
            assert nothing_there or response.status_code in (403, 404, 405), (method, page)


def test_no_page_hides_behind_an_address_without_a_name() -> None:
    assert unnamed_views() == {
        "django.views.generic.base.RedirectView",
        "django.contrib.admin.sites.AdminSite.catch_all_view",
    }
