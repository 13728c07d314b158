"""Raptor's pages: settings with secrets nobody sees, the webhook URL shown once, pushes and what became of them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from integrations.core.models import ApiToken
from integrations.sources.cdp.models import RaptorCall, RaptorCursor, RaptorPull, RaptorSettings
from integrations.sources.cdp.raptor import calls, standing
from integrations.sources.cdp.raptor.pulling import pull
from tests.crawl import crawl, everything_stored
from tests.sandbox_raptor import RaptorAccount, signature
from tests.sandbox_server import Sandbox
from tests.sources.cdp.raptor_hook import SECRET, Pusher, moved, valued
from tests.sources.cdp.town import email

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:cdp_raptorsettings_change", args=[1])
CALLS = reverse("admin:cdp_raptorcall_changelist")
ADDRESS = reverse("admin:cdp_raptorsettings_address")
TEST = reverse("admin:cdp_raptorsettings_test")
ANNA = email(1)
KEY = "canary-key-of-raptors-api"


def user(*permissions: str) -> Client:
    one = User.objects.create_user("mia", is_staff=True)
    one.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(one)
    return client


@pytest.fixture
def mia() -> Client:
    return user("view_raptorsettings", "change_raptorsettings", "view_raptorcall", "change_raptor_address")


def form(**values: Any) -> dict[str, Any]:
    """The page as it is sent."""
    settings = RaptorSettings.load()
    sent = {
        "base_url": settings.base_url,
        "header_name": "X-API-Key",
        "activation_id": settings.activation_id,
        "identifier": settings.identifier_id,
        "push_secret": "",
        "api_key": "",
        **({"pull": "on"} if settings.pull else {}),
    }
    return sent | values


def errors(page: Any) -> dict[str, list[str]]:
    return dict(page.context["adminform"].form.errors)


def save(client: Client, **values: Any) -> Any:
    return client.post(PAGE, form(**values), follow=True)


def connect(client: Client, raptor: RaptorAccount, **values: Any) -> Any:
    return save(client, pull="on", base_url=raptor.url, api_key=raptor.api_key, activation_id="act-77", **values)


@pytest.fixture
def raptor(sandbox: Sandbox) -> RaptorAccount:
    raptor = sandbox.raptor()
    raptor.settings(calls_per_s=0)
    return raptor


# -- settings ---------------------------------------------------------------------------------------


def test_the_page_stands_in_the_sidebar_and_has_vendors_own_values(mia: Client) -> None:
    assert reverse("admin:cdp_raptorsettings_changelist") in mia.get("/admin/").content.decode()
    text = mia.get(reverse("admin:cdp_raptorsettings_changelist"), follow=True).content.decode()
    assert 'value="https://cdp-api.raptorsmartadvisor.com"' in text
    assert 'value="X-API-Key"' in text
    assert "the one with the latest time in Raptor counts" in text


def test_what_is_saved_is_read_and_blank_keys_keep_the_saved_ones(mia: Client, raptor: RaptorAccount) -> None:
    connect(mia, raptor, push_secret=SECRET)
    save(mia, header_name="X-Key")
    settings = RaptorSettings.load()
    assert (settings.pull, settings.activation_id, settings.header_name) == (True, "act-77", "X-Key")
    assert (settings.api_key, settings.push_secret) == (raptor.api_key, SECRET)
    assert settings.secrets_set["api_key"]["by"] == "mia"
    assert "Set on" in mia.get(PAGE).content.decode()


def test_saved_keys_are_never_sent_to_an_address_they_were_not_entered_for(mia: Client, raptor: RaptorAccount) -> None:
    connect(mia, raptor)
    answer = save(mia, base_url=f"{raptor.url}/elsewhere")
    assert "The API address was changed" in str(errors(answer))
    assert RaptorSettings.load().base_url == raptor.url


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"base_url": "ftp://example.test"}, "base_url"),
        ({"base_url": "http://10.0.0.1"}, "base_url"),
        ({"header_name": "X Key"}, "header_name"),
        ({"push_secret": "short"}, "push_secret"),
        ({"pull": "on", "activation_id": "a"}, "api_key"),
        ({"pull": "on", "api_key": KEY}, "activation_id"),
        ({"pull": "on", "api_key": KEY, "activation_id": "a", "identifier": ""}, "identifier"),
    ],
)
def test_what_cannot_work_is_refused_at_its_field(mia: Client, values: dict[str, Any], field: str) -> None:
    assert set(errors(save(mia, **values))) == {field}


def test_another_activation_is_read_from_the_start(mia: Client, raptor: RaptorAccount) -> None:
    connect(mia, raptor)
    raptor.audience("Cat owners")
    pull()
    assert RaptorCursor.objects.get().sequence is not None
    save(mia, header_name="X-API-Key")
    assert RaptorCursor.objects.get().sequence is not None
    save(mia, activation_id="act-78")
    assert RaptorCursor.objects.get().sequence is None


def test_a_refused_key_is_on_the_page_and_the_first_page_until_a_good_one_is_saved(
    mia: Client, raptor: RaptorAccount
) -> None:
    connect(mia, raptor)
    raptor.settings(api_key="another")
    pull()
    assert "Raptor refused the API key" in mia.get(PAGE).content.decode()
    assert "Raptor refused the API key" in mia.get("/admin/").content.decode()
    save(mia, api_key="another")
    pull()
    assert RaptorPull.load().succeeded_at is not None
    assert "Raptor refused the API key" not in mia.get(PAGE).content.decode()
    assert "Raptor refused the API key" not in mia.get("/admin/").content.decode()


def test_a_test_that_goes_well_lets_a_stopped_pull_go_on(mia: Client, raptor: RaptorAccount) -> None:
    connect(mia, raptor)
    raptor.fault("unauthorized")
    pull()
    assert RaptorPull.load().stopped
    text = mia.post(TEST).content.decode()
    assert "All steps went well" in text
    assert "Raptor is reached" in text and "The clocks of Raptor and this server agree" in text
    assert "Reading from Raptor goes on" in text
    assert RaptorPull.load().stopped == ""
    raptor.fault("unauthorized")
    text = mia.post(TEST).content.decode()
    assert "A step did not go well" in text
    assert raptor.api_key not in text


def test_a_raptor_that_is_not_reached_is_told_apart_from_one_that_refuses_the_key(
    mia: Client, raptor: RaptorAccount
) -> None:
    connect(mia, raptor)
    raptor.fault("dropped")
    text = mia.post(TEST).content.decode()
    assert "Raptor is reached" in text and "accepts the API key" not in text
    raptor.clear_faults()
    raptor.settings(api_key="another")
    text = mia.post(TEST).content.decode()
    assert "Raptor is reached" in text and "Raptor answers and accepts the API key" in text


def test_a_key_that_cannot_be_decrypted_is_told_and_can_be_entered_again(mia: Client, raptor: RaptorAccount) -> None:
    connect(mia, raptor, push_secret=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cdp_raptorsettings SET api_key = %s, push_secret = %s", [b"x", b"x"])
    pull()
    assert "can't be read any more" in RaptorPull.load().stopped
    assert "can&#x27;t be read any more" in mia.post(TEST).content.decode()
    assert mia.get(PAGE).status_code == 200
    save(mia, api_key=raptor.api_key)
    pull()
    assert RaptorPull.load().stopped == ""


# -- the webhook URL --------------------------------------------------------------------------------


def path_in(page: str) -> str:
    [value] = re.findall(r'id="hook-address"[^>]* value="([^"]+)"', page)
    return "/" + html.unescape(value).partition("://")[2].partition("/")[2]


def push(path: str, batch: str = "b-1", *changes: Any) -> int:
    body = json.dumps({"batchId": batch, "changes": changes}).encode()
    sent = {"X-Raptor-Signature": signature(SECRET, body)}
    return Client().post(path, body, content_type="application/json", headers=sent).status_code


def test_the_url_is_shown_once_and_works_and_another_one_beside_it_until_revoked(mia: Client) -> None:
    save(mia, push_secret=SECRET)
    first = path_in(mia.post(ADDRESS).content.decode())
    second = path_in(mia.post(ADDRESS).content.decode())
    assert (push(first, "b-1"), push(second, "b-2")) == (202, 202)
    token = first.rstrip("/").rpartition("/")[2]
    assert token not in mia.get(PAGE).content.decode()
    assert token not in everything_stored()
    oldest = ApiToken.objects.order_by("pk").first()
    assert oldest is not None
    mia.post(reverse("admin:cdp_raptorsettings_revoke", args=[oldest.pk]))
    assert (push(first, "b-3"), push(second, "b-4")) == (404, 202)
    assert "no longer works" in mia.get(PAGE).content.decode()


def test_a_rotated_secret_counts_from_the_next_push_on(mia: Client) -> None:
    save(mia, push_secret="the-secret-before-this-one")
    path = path_in(mia.post(ADDRESS).content.decode())
    assert push(path) == 401
    save(mia, push_secret=SECRET)
    assert push(path) == 202


# -- pushes -----------------------------------------------------------------------------------------


@pytest.fixture
def call(live_server: Any) -> RaptorCall:
    raptor = Pusher(live_server.url)
    raptor.applied(moved(ANNA), valued(ANNA, "gold", kind="text"), moved(ANNA) | {"person": {"coid": "c-9"}})
    return RaptorCall.objects.get()


def call_page(client: Client, call: RaptorCall) -> str:
    return client.get(reverse("admin:cdp_raptorcall_change", args=[call.pk])).content.decode()


def test_a_push_shows_each_change_and_what_became_of_it(call: RaptorCall) -> None:
    mia = user("view_raptorcall", "view_personal_data")
    text = call_page(mia, call)
    for words in (ANNA, "Cat owners", "entered", "gold", "Applied", "Refused", "There are: email"):
        assert words in text
    assert call.batch_id in mia.get(CALLS).content.decode()


def test_persons_are_masked_for_those_who_may_not_see_them(call: RaptorCall) -> None:
    text = call_page(user("view_raptorcall"), call)
    for words in (ANNA, "gold", "c-9", "entered"):
        assert words not in text
    assert "Personal data is masked" in text
    assert "Cat owners" in text


def test_after_the_retention_period_the_outcomes_stay(call: RaptorCall) -> None:
    RaptorCall.objects.update(received_at="2024-01-01T00:00:00Z")
    calls.forget()
    text = call_page(user("view_raptorcall", "view_personal_data"), call)
    assert ANNA not in text
    assert "There are: email" in text
    assert "deleted after the retention period" in text


def test_a_failed_push_is_applied_again_by_a_button(call: RaptorCall, mia: Client) -> None:
    RaptorCall.objects.update(status="failed", message="It could not be applied.", results=[])
    assert "Apply again" in call_page(mia, call)
    assert "could not be applied" in mia.get("/admin/").content.decode()
    mia.post(reverse("admin:cdp_raptorcall_again", args=[call.pk]))
    calls.apply_waiting()
    call.refresh_from_db()
    assert call.status == "partly"
    assert "could not be applied" not in mia.get("/admin/").content.decode()


# -- who may what -----------------------------------------------------------------------------------


def test_who_may_only_look_changes_nothing() -> None:
    client = user("view_raptorsettings", "view_raptorcall")
    page = client.get(PAGE)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Create webhook URL" not in text and "Test connection" not in text and "password" not in text
    assert client.post(PAGE, form(header_name="X-Key")).status_code == 403
    assert client.post(ADDRESS).status_code == 403
    assert client.post(TEST).status_code == 403
    assert client.get(ADDRESS).status_code == 403
    assert RaptorSettings.load().header_name == "X-API-Key"


def test_others_see_nothing_of_it() -> None:
    client = user("view_customer")
    assert client.get(PAGE).status_code == 403
    assert client.get(CALLS).status_code == 403
    assert reverse("admin:cdp_raptorsettings_changelist") not in client.get("/admin/").content.decode()


def test_keys_are_on_no_page_and_in_no_table(
    call: RaptorCall, raptor: RaptorAccount, caplog: pytest.LogCaptureFixture
) -> None:
    admin = User.objects.create_superuser("root")
    client = Client()
    client.force_login(admin)
    connect(client, raptor, push_secret="canary-secret-of-raptors-pushes")
    raptor.audience("Cat owners")
    pull()
    raptor.settings(api_key="another")
    standing.resume()
    pull()
    secrets = (raptor.api_key, "canary-secret-of-raptors-pushes")
    pages = {address: response.content.decode() for address, response in crawl(client)}
    assert PAGE in pages or reverse("admin:cdp_raptorsettings_changelist") in pages
    for secret in secrets:
        assert [address for address, text in pages.items() if secret in text] == []
        assert secret not in everything_stored()
        assert secret not in caplog.text
