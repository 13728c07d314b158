"""The settings page of LeadSquared Lead Sync, driven as a browser does, against the practice account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from integrations.connectors.leadsquared.models import OTHER, LeadSquaredConnection
from integrations.core import hooks
from integrations.core.admin.connection.sidebar import navigation
from integrations.core.engine import inbox
from integrations.core.models import Connection, Delivery, HookToken, SettingsVersion
from integrations.core.setup import MARKETING, SUPPORT
from tests.connectors.leadsquared.people import person, saved, shown, url

ADD = "admin:leadsquared_leadsquaredconnection_add"
pytest_plugins = ("tests.connectors.leadsquared.people",)
LIST = "admin:leadsquared_leadsquaredconnection_changelist"
CANARIES = ("u$rcanary-access-key", "canary-secret-key")


def account(connection: LeadSquaredConnection | None = None, **changes: Any) -> dict[str, Any]:
    values = {
        "name": connection.name if connection else "Lead Sync",
        "region": connection.region if connection else OTHER,
        "api_address": connection.api_address if connection else "",
        "access_key": "",
        "secret_key": "",
        "calls_per_5s": 10,
        "bulk_calls_per_5s": 1,
    }
    return {**values, **changes}


def basic(**changes: Any) -> dict[str, Any]:
    values = {
        "lead_source": "LeadSquared 2nd Account",
        "default_country_code": "+45",
        "time_zone": "Europe/Copenhagen",
        "search_by": "EmailAddress",
        "secondary_search_by": "",
        "notify_to": "",
    }
    return {**values, **changes}


# -- a new connection -----------------------------------------------------------------------------


def test_a_marketing_admin_walks_through_the_steps_to_an_enabled_connection(mia: Client, destination: Any) -> None:
    first = account(
        api_address=destination.url,
        access_key=destination.access_key,
        secret_key=destination.secret_key,
        calls_per_5s=0,
        _next="",
    )
    response = mia.post(reverse(ADD), first)
    connection = LeadSquaredConnection.objects.get()
    assert response["Location"] == url("change", connection, step="basic")
    assert connection.state == Connection.State.DRAFT
    assert connection.connector == "leadsquared"
    assert connection.access_key == destination.access_key
    assert connection.mappings.filter(record_type="lead", source="FirstName", target="FirstName").exists()
    assert connection.mappings.filter(record_type="activity").exists()
    assert mia.get(response["Location"]).status_code == 200

    response = mia.post(response["Location"], basic(search_by="Phone", _next=""))
    assert response["Location"] == url("change", connection, step="entities")
    response = mia.post(response["Location"], {"lead_behaviour": "create", "sync_activities": "on", "_next": "",
                                               "activity_behaviour": "update"})  # fmt: skip
    assert response["Location"] == url("change", connection, step="webhook")
    assert "Waiting for the first call" in shown(mia.get(response["Location"]))

    page = shown(mia.post(url("webhook", connection)))
    assert "/hooks/" in page
    mia.post(url("do", connection, "enable"))
    connection = saved(connection)
    assert (connection.search_by, connection.lead_behaviour, connection.activity_behaviour) == (
        "Phone",
        "create",
        "update",
    )
    assert connection.time_zone == "Europe/Copenhagen"
    assert (connection.state, connection.state_reason) == (Connection.State.ENABLED, "Enabled by mia")


def test_a_draft_may_be_saved_without_keys_but_not_enabled(mia: Client) -> None:
    mia.post(reverse(ADD), account(region="api.leadsquared.com"))
    connection = LeadSquaredConnection.objects.get()
    response = mia.post(url("do", connection, "enable"), follow=True)
    assert "Enter Access Key, Secret Key first." in shown(response)
    assert saved(connection).state == Connection.State.DRAFT
    assert "First enter Access Key, Secret Key and save: then you can choose here" in shown(
        mia.get(url("change", connection, step="basic"))
    )


def test_who_creates_a_connection_has_access_to_it_and_keeps_it(mia: Client) -> None:
    mia.post(reverse(ADD), account(region="api.leadsquared.com"))
    connection = LeadSquaredConnection.objects.get()
    assert [role.name for role in connection.access_roles.all()] == [MARKETING]
    support = Group.objects.get(name=SUPPORT).pk
    response = mia.post(url("change", connection, step="access"), {"access_by": "role", "access_roles": [support]})
    assert "Choose at least one role that you have yourself" in shown(response)
    assert [role.name for role in connection.access_roles.all()] == [MARKETING]


def test_a_wrong_later_step_loses_nothing_of_the_draft(mia: Client) -> None:
    mia.post(reverse(ADD), account(region="api.leadsquared.com", name="Half done"))
    connection = LeadSquaredConnection.objects.get()
    response = mia.post(url("change", connection, step="basic"), basic(secondary_search_by="EmailAddress"))
    assert "Choose another field than the first one" in shown(response)
    kept = saved(connection)
    assert (kept.name, kept.state) == ("Half done", Connection.State.DRAFT)
    assert "Draft – continue" in shown(mia.get(reverse("admin:core_connection_changelist")))


# -- the fields of the page -----------------------------------------------------------------------


def test_basic_settings_have_the_labels_and_the_order_of_the_vendors_page(mia: Client, leadsync: Any) -> None:
    page = shown(mia.get(url("change", leadsync, step="basic")))
    labels = (
        "Lead Source",
        "Default Country Code",
        "Select Time Zone",
        "Lead Capture Search By Criteria",
        "Lead Capture Secondary Search By Criteria",
        "Select User to Notify on Failure",
        "Enable Notification",
    )
    found = re.findall(r"<label[^>]*>\s*([^<]+?)\s*<", page)
    assert [label for label in found if label in labels] == list(labels)
    assert "Save & Next" in page


def test_search_fields_and_users_are_offered_from_the_account(mia: Client, leadsync: Any) -> None:
    page = shown(mia.get(url("change", leadsync, step="basic")))
    assert '<option value="mx_Customer_Number">Customer Number (mx_Customer_Number)</option>' in page
    assert '<option value="FirstName"' not in page
    assert "Bo Lund (bo.lund@destination.example.test)" in page
    assert "ole.gade" not in page


def test_a_search_field_the_account_does_not_offer_is_refused_in_words(mia: Client, leadsync: Any) -> None:
    page = shown(mia.post(url("change", leadsync, step="basic"), basic(search_by="mx_Gone")))
    assert "“mx_Gone” is not one of the choices this account offers" in page
    assert saved(leadsync).search_by == "EmailAddress"


def test_the_page_works_and_takes_typed_values_while_the_vendor_is_away(
    mia: Client, leadsync: Any, destination: Any
) -> None:
    leadsync.catalogs.all().delete()
    destination.fault("unavailable", times=None)
    page = shown(mia.get(url("change", leadsync, step="basic")))
    assert "could not be read; you can type them" in page
    assert '<input type="text" name="search_by" value="EmailAddress"' in page
    mia.post(url("change", leadsync, step="basic"), basic(search_by="mx_Customer_Number", notify_to="bo@example.test"))
    assert saved(leadsync).search_by == "mx_Customer_Number"
    assert saved(leadsync).notify_to == "bo@example.test"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("default_country_code", "+999", "Select a valid choice"),
        ("time_zone", "Mars/Olympus", "Select a valid choice"),
        ("notify_to", "not an address", "Enter a valid email address"),
        ("notify", "on", "Enter whom to notify, or switch the notification off."),
        ("secondary_search_by", "EmailAddress", "Choose another field than the first one"),
    ],
)
def test_bad_settings_are_refused_in_words(mia: Client, leadsync: Any, field: str, value: str, sentence: str) -> None:
    page = shown(mia.post(url("change", leadsync, step="basic"), basic(**{field: value})))
    assert sentence in page
    assert saved(leadsync).lead_source == ""


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Enter the address"),
        ("http://api.leadsquared.com", "must begin with https://"),
        ("https://10.0.0.7", "is not a public address"),
        ("https://metadata.internal", "is not a public address"),
        ("https://me:word@api.leadsquared.com", "must not hold a user name"),
        ("api leadsquared com", "holds a space"),
    ],
)
def test_an_address_that_will_not_be_called_is_refused_when_typed(
    mia: Client, leadsync: Any, address: str, sentence: str
) -> None:
    typed = account(leadsync, region=OTHER, api_address=address, access_key="a", secret_key="b")
    assert sentence in shown(mia.post(url("change", leadsync), typed))
    assert saved(leadsync).api_address == leadsync.api_address


# -- secrets --------------------------------------------------------------------------------------


def test_blank_keeps_a_key_and_a_new_one_replaces_and_stamps_it(mia: Client, leadsync: Any) -> None:
    mia.post(url("change", leadsync), account(leadsync, name="Renamed"))
    assert saved(leadsync).access_key == leadsync.access_key
    assert saved(leadsync).secrets_set == leadsync.secrets_set
    mia.post(url("change", leadsync), account(leadsync, secret_key="new-secret"))
    after = saved(leadsync)
    assert (after.access_key, after.secret_key) == (leadsync.access_key, "new-secret")
    assert after.secrets_set["secret_key"]["by"] == "mia"
    page = shown(mia.get(url("change", leadsync)))
    assert "Saved – leave blank to keep. Set on" in page
    assert "by mia" in page


def test_changing_the_address_demands_the_keys_again(mia: Client, leadsync: Any) -> None:
    elsewhere = account(leadsync, region="api-us11.leadsquared.com")
    page = shown(mia.post(url("change", leadsync), elsewhere))
    assert page.count("The API address was changed: enter this again.") == 2
    assert saved(leadsync).region == OTHER
    mia.post(url("change", leadsync), elsewhere | {"access_key": "one"})
    assert saved(leadsync).region == OTHER
    mia.post(url("change", leadsync), elsewhere | {"access_key": "one", "secret_key": "two"})
    assert (saved(leadsync).region, saved(leadsync).secret_key) == ("api-us11.leadsquared.com", "two")


def test_no_page_ever_shows_a_key(mia: Client, leadsync: Any, destination: Any) -> None:
    access, secret = CANARIES
    destination.settings(access_key=access, secret_key=secret)
    mia.post(url("change", leadsync), account(leadsync, access_key=access, secret_key=secret))
    pages = [
        mia.get(reverse(LIST)),
        *(mia.get(url("change", leadsync, step=step)) for step in ("account", "basic", "entities", "webhook")),
        mia.post(url("change", leadsync), account(leadsync, name="", access_key=access, secret_key=secret)),
        mia.get(url("mapping", leadsync, "lead")),
        mia.get(url("mapping", leadsync, "activity")),
        mia.get(url("history", leadsync)),
        mia.get(url("delete", leadsync)),
        mia.get(url("calls", leadsync)),
        mia.post(url("webhook", leadsync)),
        mia.post(url("do", leadsync, "test")),
        mia.get(reverse("admin:index")),
    ]
    destination.fault("unauthorized", times=None)
    pages += [mia.post(url("do", leadsync, "test")), mia.get(url("change", leadsync, step="basic"))]
    for page in pages:
        assert page.status_code == 200, page.request["PATH_INFO"]
        assert not [canary for canary in CANARIES if canary in shown(page) or escape(canary) in shown(page)]
    for row in leadsync.history.all():
        assert not [canary for canary in CANARIES if canary in str(vars(row))]
    for version in SettingsVersion.objects.all():
        assert not [canary for canary in CANARIES if canary in str(version.snapshot)]


def test_history_says_that_a_key_changed_and_who_changed_a_setting(mia: Client, leadsync: Any) -> None:
    mia.post(url("change", leadsync), account(leadsync, secret_key="canary-secret-key"))
    mia.post(url("change", leadsync, step="basic"), basic(lead_source="Second account"))
    page = shown(mia.get(url("history", leadsync)))
    assert "Secret Key" in page
    assert "changed (the value is never kept)" in page
    assert "Second account" in page
    assert "mia" in page
    old = leadsync.history.first().pk
    assert mia.get(url("history", leadsync) + f"{old}/").status_code == 404


def test_history_is_told_in_the_readers_language(mia: Client, leadsync: Any) -> None:
    mia.post(url("webhook", leadsync))
    leadsync.mappings.get(target="FirstName").delete()
    page = shown(mia.get(url("history", leadsync), headers={"accept-language": "it"}))
    assert "Creato un URL del webhook" in page
    assert "Mappatura di Lead: FirstName → FirstName: eliminazione" in page


def test_one_who_may_only_look_sees_no_key_and_saves_nothing(leadsync: Any, groups: None) -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("vera", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    leadsync.access_roles.add(Group.objects.get(name=SUPPORT))
    user.user_permissions.add(Permission.objects.get(codename="view_leadsquaredconnection"))
    client = Client()
    client.force_login(user)
    page = client.get(url("change", leadsync))
    assert page.status_code == 200
    assert leadsync.access_key not in shown(page)
    assert "Access Key" not in shown(page)
    assert client.post(url("change", leadsync), account(leadsync, name="Mine")).status_code == 403
    assert client.get(url("mapping", leadsync, "lead")).status_code == 403
    assert client.post(url("do", leadsync, "disable")).status_code == 403


# -- versions, state ------------------------------------------------------------------------------


def test_each_change_makes_one_version_and_saving_again_makes_none(mia: Client, leadsync: Any) -> None:
    before = leadsync.versions.count()
    mia.post(url("change", leadsync, step="basic"), basic())
    assert leadsync.versions.count() == before + 1
    assert leadsync.versions.first().created_by.username == "mia"
    mia.post(url("change", leadsync, step="basic"), basic())
    assert leadsync.versions.count() == before + 1


def test_saving_a_step_leaves_state_and_other_steps_alone(mia: Client, leadsync: Any, monkeypatch: Any) -> None:
    from integrations.core.forms import SettingsForm

    original = SettingsForm.typed_secrets

    def meanwhile(form: Any) -> Any:
        LeadSquaredConnection.objects.filter(pk=leadsync.pk).update(lead_behaviour="nothing")
        Connection.objects.filter(pk=leadsync.pk).update(state=Connection.State.DISABLED, state_reason="elsewhere")
        return original(form)

    monkeypatch.setattr(SettingsForm, "typed_secrets", meanwhile)
    mia.post(url("change", leadsync, step="basic"), basic())
    after = saved(leadsync)
    assert (after.lead_source, after.lead_behaviour) == ("LeadSquared 2nd Account", "nothing")
    assert (after.state, after.state_reason) == (Connection.State.DISABLED, "elsewhere")


def test_a_connection_that_needs_attention_goes_on_once_its_settings_are_saved(
    mia: Client, leadsync: Any, django_capture_on_commit_callbacks: Any
) -> None:
    leadsync.set_state(Connection.State.ATTENTION, "The keys were refused.")
    assert "The keys were refused." in shown(mia.get(url("change", leadsync)))
    with django_capture_on_commit_callbacks(execute=True):
        mia.post(url("change", leadsync), account(leadsync, secret_key=leadsync.secret_key))
    assert saved(leadsync).state == Connection.State.ENABLED
    assert leadsync.leases.get().wanted


# -- the webhook ----------------------------------------------------------------------------------


def test_a_webhook_url_is_shown_once_and_the_old_one_goes_on_for_a_week(mia: Client, leadsync: Any) -> None:
    page = mia.post(url("webhook", leadsync))
    token = shown(page).split("/hooks/")[1].split("/")[0]
    assert hooks.digest(token) == leadsync.hook_tokens.get().digest
    assert "no-store" in page["Cache-Control"]
    assert "https://" in shown(page)
    again = shown(mia.get(url("change", leadsync, step="webhook")))
    assert token not in again
    assert "Create a new URL (the old one works for 7 more days)" in again
    mia.post(url("webhook", leadsync))
    assert [row.expires_at is None for row in leadsync.hook_tokens.all()] == [True, False]


def test_the_sign_turns_green_with_the_first_call(mia: Client, leadsync: Any) -> None:
    page = shown(mia.get(url("calls", leadsync)))
    assert "Waiting for the first call" in page
    seen = page.split("seen=")[1].split('"')[0]
    assert mia.get(url("calls", leadsync) + f"?seen={seen}").status_code == 204
    token = hooks.new_address(leadsync).split("/hooks/")[1]
    Client().post(f"/hooks/{token}", data="{}", content_type="application/json")
    page = mia.get(url("calls", leadsync) + f"?seen={seen}")
    assert page.status_code == 200
    assert "First call received just now." in shown(page)
    assert "1 call today." in shown(page)


def test_held_calls_are_shown_and_processed_when_the_connection_is_enabled(mia: Client, leadsync: Any) -> None:
    leadsync.set_state(Connection.State.DISABLED)
    Delivery.objects.create(connection=leadsync, body=b"{}", status=Delivery.Status.RECEIVED)
    inbox.hold_deliveries(leadsync)
    assert "Process held calls" not in shown(mia.get(url("change", leadsync, step="webhook")))
    refused = mia.post(url("do", leadsync, "process-held"), follow=True)
    assert "Enable the sync first" in shown(refused)
    mia.post(url("do", leadsync, "enable"))
    assert "Process held calls" in shown(mia.get(url("change", leadsync, step="webhook")))
    mia.post(url("do", leadsync, "process-held"))
    assert leadsync.deliveries.get().status == Delivery.Status.RECEIVED


# -- More Actions ---------------------------------------------------------------------------------


def test_disable_says_by_whom(mia: Client, leadsync: Any) -> None:
    mia.post(url("do", leadsync, "disable"))
    assert (saved(leadsync).state, saved(leadsync).state_reason) == (Connection.State.DISABLED, "Disabled by mia")


def test_the_connection_test_shows_each_step_and_lets_a_stopped_connection_go_on(mia: Client, leadsync: Any) -> None:
    leadsync.set_state(Connection.State.ATTENTION, "The keys were refused.")
    page = shown(mia.post(url("do", leadsync, "test")))
    assert "All steps went well." in page
    assert "LeadSquared answers and accepts the keys" in page
    assert "enabled again" in page
    assert saved(leadsync).state == Connection.State.ENABLED


def test_a_failed_test_says_why_and_changes_nothing(mia: Client, leadsync: Any, destination: Any) -> None:
    leadsync.set_state(Connection.State.ATTENTION, "The keys were refused.")
    destination.fault("unauthorized", times=None)
    page = shown(mia.post(url("do", leadsync, "test")))
    assert "refused the keys" in page
    assert "✗" in page
    assert saved(leadsync).state == Connection.State.ATTENTION


def test_keys_that_can_not_be_decrypted_any_more_are_said_so(mia: Client, leadsync: Any) -> None:
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("UPDATE leadsquared_leadsquaredconnection SET access_key = %s", [b"gAAAAABnonsense"])
    cache.clear()
    assert mia.get(reverse(LIST)).status_code == 200
    assert mia.get(url("change", leadsync)).status_code == 200
    assert "FERNET_KEYS" in shown(mia.get(url("change", leadsync, step="basic")))
    assert "FERNET_KEYS" in shown(mia.post(url("do", leadsync, "test")))
    mia.post(url("change", leadsync), account(leadsync, access_key="new one"))
    assert saved(leadsync).access_key == "new one"


def test_removing_a_connection_asks_first(mia: Client, leadsync: Any) -> None:
    asked = shown(mia.get(url("delete", leadsync)))
    assert "Remove “Lead Sync”?" in asked
    assert "Its log stays" in asked
    assert Connection.objects.installed().exists()
    response = mia.post(url("delete", leadsync), {"post": "yes"})
    assert response["Location"] == reverse("admin:core_connection_changelist")
    assert not Connection.objects.installed().exists()
    assert saved(leadsync).access_key == ""


# -- who may -----------------------------------------------------------------------------------


def all_pages(connection: Connection) -> dict[str, list[str]]:
    steps = [url("change", connection, step=step) for step in ("account", "basic", "entities", "webhook")]
    more = [url(page, connection) for page in ("history", "delete", "calls")]
    verbs = ("enable", "disable", "test", "process-held")
    return {
        "get": [*steps, *more, url("mapping", connection, "lead")],
        "post": [
            *steps[:3],
            url("delete", connection),
            url("mapping", connection, "lead"),
            url("webhook", connection),
            *(url("do", connection, verb) for verb in verbs),
        ],
    }


@pytest.mark.parametrize("access", [True, False])
def test_support_may_open_no_page_of_it(leadsync: Any, access: bool) -> None:
    if access:
        leadsync.access_roles.add(Group.objects.get(name=SUPPORT))
    sam = person("sam", SUPPORT)
    for method, pages in all_pages(leadsync).items():
        for page in pages:
            assert getattr(sam, method)(page).status_code == 403, (method, page)
    assert sam.get(reverse(LIST)).status_code == 403
    assert sam.get(reverse(ADD)).status_code == 403
    assert saved(leadsync).state == Connection.State.ENABLED


def test_a_marketing_admin_without_access_finds_nothing(mia: Client, leadsync: Any) -> None:
    leadsync.access_roles.clear()
    for method, pages in all_pages(leadsync).items():
        for page in pages:
            assert getattr(mia, method)(page).status_code == 404, (method, page)
    assert "Lead Sync</a>" not in shown(mia.get(reverse(LIST)))
    assert not HookToken.objects.exists()


def test_a_visitor_is_sent_to_the_login(leadsync: Any) -> None:
    for method, pages in all_pages(leadsync).items():
        for page in pages:
            assert "/login/" in getattr(Client(), method)(page)["Location"], (method, page)


def test_actions_want_post(mia: Client, leadsync: Any) -> None:
    for page in (url("webhook", leadsync), url("do", leadsync, "enable"), url("do", leadsync, "test")):
        assert mia.get(page).status_code == 405
    assert mia.post(url("do", leadsync, "explode")).status_code == 404


def test_every_change_wants_the_csrf_token(leadsync: Any, mia: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="mia"))
    for page in all_pages(leadsync)["post"]:
        assert strict.post(page).status_code == 403, page


def test_no_page_holds_an_inline_script(mia: Client, leadsync: Any) -> None:
    for page in [*all_pages(leadsync)["get"], reverse(LIST), reverse(ADD)]:
        text = shown(mia.get(page))
        assert "<script>" not in text
        assert " onclick=" not in text


# -- the list and the sidebar ---------------------------------------------------------------------


def test_the_list_says_what_each_connection_waits_for(mia: Client, leadsync: Any) -> None:
    page = shown(mia.get(reverse(LIST)))
    assert "Create the webhook URL." in page
    leadsync.set_state(Connection.State.ATTENTION, "The keys were refused.")
    page = shown(mia.get(reverse(LIST)))
    assert "Needs attention" in page
    assert "The keys were refused." in page


def test_the_list_takes_the_same_number_of_queries_however_long_it_is(
    mia: Client, leadsync: Any, django_assert_max_num_queries: Any
) -> None:
    marketing = Group.objects.get(name=MARKETING)
    for number in range(10):
        more = LeadSquaredConnection.objects.create(connector="leadsquared", name=f"More {number}")
        more.access_roles.add(marketing)
    with django_assert_max_num_queries(16):
        assert "More 9" in shown(mia.get(reverse(LIST)))


def test_the_sidebar_names_only_connections_the_user_has_access_to(leadsync: Any, rf: Any) -> None:
    LeadSquaredConnection.objects.create(connector="leadsquared", name="Somebody else's")
    person("mia", MARKETING)
    person("sam", SUPPORT)
    request = rf.get("/admin/")
    titles = {}
    for name in ("mia", "sam"):
        request.user = User.objects.get(username=name)
        titles[name] = [item["title"] for group in navigation(request) for item in group["items"]]
    assert titles["mia"][:3] == ["Dashboard", "Find a person", "Apps Marketplace"]
    assert titles["sam"][:2] == ["Dashboard", "Find a person"]
    assert "Lead Sync" in titles["mia"]
    assert "Somebody else's" not in titles["mia"]
    assert "Lead Sync" not in titles["sam"]
