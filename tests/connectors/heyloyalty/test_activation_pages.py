"""The four steps, what saving does, and what is asked when something is detached."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from integrations.connectors.heyloyalty.list_address import list_number
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.connectors.heyloyalty.sync import SYNC
from integrations.connectors.heyloyalty.used import activations
from integrations.core.models import Event, Link, Run
from integrations.core.setup import MARKETING
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER, HeyloyaltyAccount

LIST = "admin:heyloyalty_activationconnection"


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def marketing(client: Client, db: None) -> Client:
    user = User.objects.create_user("marketing", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    client.force_login(user)
    return client


@pytest.fixture
def mine(make_activation: MakeActivation) -> ActivationConnection:
    activation = make_activation()
    activation.access_roles.set(Group.objects.filter(name=MARKETING))
    return activation


def url(activation: ActivationConnection, step: str) -> str:
    return f"{reverse(f'{LIST}_change', args=[activation.pk])}?step={step}"


def save(client: Client, activation: ActivationConnection, step: str, **changed: Any) -> Any:
    """The form of a step as the page shows it, with these values typed; follows to where it leads."""
    form = client.get(url(activation, step)).context["adminform"].form
    filled = {name: form[name].value() for name in form.fields}
    return client.post(url(activation, step), tidy(filled) | tidy(changed), follow=True)


def tidy(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [getattr(one, "pk", one) for one in value] if isinstance(value, list | tuple) else value
        for name, value in values.items()
        if value is not None and value is not False and value != ""
    }


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request)) + response.content.decode()


def test_a_marketing_admin_goes_through_four_steps_and_the_activation_is_up_and_running(
    marketing: Client, practice: HeyloyaltyAccount
) -> None:
    practice.seed(3)
    vip, orders, type_ = cdp.audience("VIP"), cdp.attribute("Orders"), cdp.email_type()
    cdp.enter(vip, *cdp.people(3))
    page = marketing.get(reverse(f"{LIST}_changelist")).content.decode()
    assert "Create New Activation" in page
    add = reverse(f"{LIST}_add")
    assert f'href="{add}"' in page
    first = marketing.get(add).context["adminform"].form
    assert first["identifier_type"].value() in (type_, type_.pk)
    given = {"name": "To Heyloyalty", "identifier_type": type_.pk, "_next": "1"}
    answer = marketing.post(add, given, follow=True)
    activation = ActivationConnection.objects.get()
    assert answer.redirect_chain[-1][0].endswith("?step=heyloyalty")
    address = f"https://app.heyloyalty.com/lists/{CUSTOMERS}/members?page=2"
    typed = {"api_key": practice.api_key, "api_secret": practice.api_secret, "list_id": address}
    more = {"errors_to": "it@example.test", "api_address": practice.url, "calls_per_second": "0", "_next": "1"}
    answer = marketing.post(url(activation, "heyloyalty"), typed | more, follow=True)
    assert answer.redirect_chain[-1][0].endswith("?step=find")
    assert "Kontooplysninger" in answer.content.decode()
    activation.refresh_from_db()
    assert (activation.list_id, activation.api_secret) == (str(CUSTOMERS), practice.api_secret)
    answer = save(marketing, activation, "find", _next="1")
    assert answer.redirect_chain[-1][0].endswith("?step=attach")
    assert activation.state == "draft"
    answer = save(marketing, activation, "attach", audiences=[vip.pk], attributes=[orders.pk])
    assert "up and running" in said(answer)
    activation.refresh_from_db()
    assert activation.state == "enabled"
    assert {"VIP", "Orders"} <= {field["label"] for field in practice.list_of()["fields"].values()}
    run = portal.pull(activation, Run.objects.get(job=SYNC))
    assert (run.status, run.updated, run.requested_by.username) == ("success", 3, "marketing")  # type: ignore[union-attr]
    page = marketing.get(url(activation, "attach")).content.decode()
    assert "raptor_aud_vip" in page
    assert "3 of 3" in page


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("4711", "4711"),
        (" 4711 ", "4711"),
        ("https://app.heyloyalty.com/lists/4711", "4711"),
        ("https://app.heyloyalty.com/lists/4711/members/aacd0c54-0000?page=3", "4711"),
        ("https://app.heyloyalty.com/da/lister/4711#top", "4711"),
        ("app.heyloyalty.com/members?list_id=4711&page=2", "4711"),
        ("https://app2.heyloyalty.com/4711/", "4711"),
        ("https://app.heyloyalty.com/12/4711", ""),
        ("https://app.heyloyalty.com/", ""),
        ("my list", ""),
        ("", ""),
        ("9" * 10_000, "9" * 500),
    ],
)
def test_the_number_is_taken_out_of_the_lists_address(typed: str, number: str) -> None:
    assert list_number(typed) == number


def test_an_address_without_a_number_is_explained_and_keeps_what_was_typed(
    marketing: Client, mine: ActivationConnection
) -> None:
    page = save(marketing, mine, "heyloyalty", list_id="https://app.heyloyalty.com/").content.decode()
    assert "No List ID is found in this" in page
    assert 'value="https://app.heyloyalty.com/"' in page
    mine.refresh_from_db()
    assert mine.list_id == str(CUSTOMERS)


def test_the_lists_name_is_told_for_what_is_typed_and_keys_go_to_no_other_address(
    marketing: Client, mine: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    def asked(**typed: str) -> str:
        answer = marketing.post(reverse(f"{LIST}_list", args=[mine.pk]), typed)
        return re.sub(r"<[^>]+>", "", answer.content.decode()).strip()

    assert "The list is “Customers”." in asked(list_id="1")
    assert "The list is “Newsletter”." in asked(list_id=f"https://app.heyloyalty.com/lists/{NEWSLETTER}")
    assert "none of this number in this account" in asked(list_id="99")
    assert "Check API key and API secret" in asked(list_id="1", api_secret="wrong")
    assert "Enter the List ID" in asked()
    before = practice.call_count()
    assert "Enter API key and API secret" in asked(list_id="1", api_address=practice.url + "x")
    assert practice.call_count() == before


def test_who_has_no_access_is_told_no_list(client: Client, activation: ActivationConnection) -> None:
    user = User.objects.create_user("stranger", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    client.force_login(user)
    assert client.post(reverse(f"{LIST}_list", args=[activation.pk]), {"list_id": "1"}).status_code == 404


def test_detaching_asks_what_to_do_and_nothing_happens_before_it_is_answered(
    marketing: Client, mine: ActivationConnection
) -> None:
    vip, club = cdp.audience("VIP"), cdp.audience("Club")
    portal.attach(mine, vip, club)
    answer = save(marketing, mine, "attach", audiences=[club.pk])
    assert answer.status_code == 200
    assert "What happens to the fields of what you detach?" in answer.content.decode()
    assert "The field of “VIP”" in answer.content.decode()
    assert AttachedField.objects.filter(state="attached").count() == 2
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("choice", "state", "label", "inside"),
    [
        ("leave", "detached", "VIP", True),
        ("empty", "detached", "VIP", False),
        ("label", "removed", "Audience Removed by Raptor CDP", True),
    ],
)
def test_the_field_of_what_is_detached_is_left_emptied_or_labelled(
    marketing: Client,
    mine: ActivationConnection,
    practice: HeyloyaltyAccount,
    choice: str,
    state: str,
    label: str,
    inside: bool,
) -> None:
    practice.seed(3)
    vip, everybody = cdp.audience("VIP"), cdp.people(3)
    cdp.enter(vip, *everybody)
    portal.attach(mine, vip)
    portal.synced(mine)
    row = AttachedField.objects.get()
    save(marketing, mine, "attach", audiences=[], **{f"detach_{row.pk}": choice})
    for run in Run.objects.exclude(job="").order_by("pk"):
        portal.pull(mine, run)
    portal.drain(mine)
    row.refresh_from_db()
    assert row.state == state
    assert practice.list_of()["fields"][row.field_name]["label"] == label
    assert {bool(member["values"].get(row.field_name)) for member in practice.members()} == {inside}
    cdp.leave(vip, *everybody)
    assert not Event.objects.filter(settled_at__isnull=True).exists()


def test_the_history_tells_who_attached_and_detached_what(
    marketing: Client, mine: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    vip, club, orders = cdp.audience("VIP"), cdp.audience("Club"), cdp.attribute("Orders")
    save(marketing, mine, "attach", audiences=[vip.pk, club.pk], attributes=[orders.pk])
    portal.ensured(mine)
    row = AttachedField.objects.get(audience=vip)
    save(marketing, mine, "attach", audiences=[club.pk], **{f"detach_{row.pk}": "label"})
    save(marketing, mine, "attach", audiences=[vip.pk, club.pk])
    cdp.delete(club)
    page = marketing.get(reverse(f"{LIST}_history", args=[mine.pk]))
    lines = [(one.by, one.what) for one in page.context["page"] if "field" in one.what]
    gone = "label of field raptor_aud_%s says so"
    assert lines == [
        ("the portal", f"Audience “Club” removed: the {gone % 'club'}"),
        ("marketing", "Audience “VIP” attached: field raptor_aud_vip"),
        ("marketing", f"Audience “VIP” removed: the {gone % 'vip'}"),
        ("marketing", "Calculated attribute “Orders” attached: field raptor_att_orders"),
        ("marketing", "Audience “VIP” attached: field raptor_aud_vip"),
        ("marketing", "Audience “Club” attached: field raptor_aud_club"),
    ]


def test_the_field_limit_and_wrong_keys_are_said_on_the_page_and_nothing_is_lost(
    marketing: Client, mine: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.settings(field_limit=len(practice.list_of()["fields"]))
    vip = cdp.audience("VIP")
    answer = save(marketing, mine, "attach", audiences=[vip.pk])
    assert "Heyloyalty refused the field" in said(answer)
    assert "Not filled" in answer.content.decode()
    first_page = marketing.get(reverse("admin:index")).content.decode()
    assert "Activation: “VIP” is not filled. Heyloyalty refused the field" in first_page
    practice.settings(field_limit=0)
    ActivationConnection.objects.filter(pk=mine.pk).update(state="draft")
    practice.fault("unauthorized", times=None)
    answer = save(marketing, mine, "attach")
    assert "is not switched on" in said(answer)
    assert "Check API key and API secret" in said(answer)
    practice.clear_faults()
    assert "up and running" in said(save(marketing, mine, "attach"))
    assert AttachedField.objects.get().ready_at is not None


def test_another_list_has_its_own_members_and_gets_its_own_fields(
    marketing: Client,
    mine: ActivationConnection,
    practice: HeyloyaltyAccount,
    django_capture_on_commit_callbacks: Any,
) -> None:
    for number in (CUSTOMERS, NEWSLETTER):
        practice.save_member(list_id=number, email="ada@example.test")
    vip, ada = cdp.audience("VIP"), cdp.person("ada@example.test")
    cdp.enter(vip, ada)
    portal.attach(mine, vip)
    portal.synced(mine)
    assert Link.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        save(marketing, mine, "heyloyalty", list_id=str(NEWSLETTER))
    mine.refresh_from_db()
    portal.pull(mine, Run.objects.filter(job=SYNC).latest("pk"))
    assert practice.member("ada@example.test", NEWSLETTER)["values"].get("raptor_aud_vip")


def test_enabling_brings_up_to_date_what_changed_meanwhile(
    marketing: Client, mine: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email="ada@example.test")
    vip, ada = cdp.audience("VIP"), cdp.person("ada@example.test")
    portal.attach(mine, vip)
    marketing.post(reverse(f"{LIST}_do", args=[mine.pk, "disable"]))
    cdp.enter(vip, ada)
    marketing.post(reverse(f"{LIST}_do", args=[mine.pk, "enable"]))
    assert portal.pull(mine, Run.objects.get(job=SYNC)).updated == 1


def test_the_sidebar_has_activation_among_the_pages_of_the_platform(marketing: Client) -> None:
    groups = marketing.get(reverse("admin:index")).context["sidebar_navigation"]
    found = {str(one["title"]): [str(each["title"]) for each in one["items"]] for one in groups}
    assert "Activation" in found["Customer Data Platform"]
    assert "Heyloyalty" not in found


@pytest.mark.parametrize("step", ["general", "heyloyalty", "find", "attach"])
def test_who_may_only_look_sees_each_step_without_keys(
    client: Client, mine: ActivationConnection, practice: HeyloyaltyAccount, step: str
) -> None:
    portal.attach(mine, cdp.audience("VIP"))
    user = User.objects.create_user("looker", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=MARKETING))
    Group.objects.get(name=MARKETING).permissions.set(Permission.objects.filter(codename="view_activationconnection"))
    client.force_login(user)
    answer = client.get(url(mine, step))
    assert answer.status_code == 200
    assert practice.api_secret not in answer.content.decode()
    assert ("raptor_aud_vip" in answer.content.decode()) == (step == "attach")


# -- the other way round ------------------------------------------------------------------------------


def test_an_audience_says_which_activations_use_it_and_what_its_deletion_does_there(
    marketing: Client, mine: ActivationConnection, make_activation: MakeActivation
) -> None:
    audience = cdp.audience("Lives in Odense")
    for activation in (mine, make_activation(name="Somebody else's")):
        portal.attach(activation, audience)
    for page in ("change", "delete"):
        text = marketing.get(reverse(f"admin:cdp_audience_{page}", args=[audience.pk])).content.decode()
        assert mine.name in text
        assert "An activation you have no access to" in text
        assert "Somebody else" not in text
    assert "Audience Removed by Raptor CDP" in text


def test_a_removed_activation_uses_no_audience_any_more(marketing: Client, mine: ActivationConnection) -> None:
    vip = cdp.audience("VIP")
    portal.attach(mine, vip)
    user = User.objects.get(username="marketing")
    assert list(activations("audience", vip.pk, user))
    marketing.post(reverse(f"{LIST}_delete", args=[mine.pk]), {"post": "yes"})
    assert not list(activations("audience", vip.pk, user))


def test_saving_the_last_step_with_nothing_selected_leaves_a_draft_and_says_so(
    marketing: Client, make_activation: MakeActivation
) -> None:
    draft = make_activation(state="draft")
    draft.access_roles.set(Group.objects.filter(name=MARKETING))
    assert "nothing is selected yet" in said(save(marketing, draft, "attach"))
    draft.refresh_from_db()
    assert draft.state == "draft" and not Run.objects.exists()
