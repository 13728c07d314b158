"""Fields of the list: made once, found by name, labelled, and what is said when they can't be had."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.heyloyalty.attached import NO, YES, fields_of
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.errors import ConfigurationError
from integrations.core.models import Event, Run
from integrations.sources.cdp.models import Attribute, Audience, RaptorSettings
from integrations.sources.cdp.raptor.pulling import pull
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import CUSTOMERS, NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import Sandbox

REMOVED = "Audience Removed by Raptor CDP"


def field(practice: HeyloyaltyAccount, activation: ActivationConnection, subject: Any) -> Any:
    return practice.list_of()["fields"][portal.name_of(activation, subject)]


def test_an_audience_is_a_yes_or_no_with_its_name_as_label_and_an_attribute_has_the_format_that_fits(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    kinds = {"text": "text", "number": "number", "yes_no": "choice", "date": "date"}
    attributes = {kind: cdp.attribute(f"An attribute: {kind}", kind) for kind in kinds}
    test = cdp.audience("Test")
    assert portal.attach(activation, test, *attributes.values()) == []
    made = field(practice, activation, test)
    assert (made["name"], made["label"], made["format"], list(made["options"].values())) == (
        "raptor_aud_test",
        "Test",
        "choice",
        [YES, NO],
    )
    assert {kind: field(practice, activation, one)["format"] for kind, one in attributes.items()} == kinds


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Æblekage & Øl på Ås!", "raptor_aud_aeblekage_and_oel_paa_aas"),
        ("»50% rabat« – 2026", "raptor_aud_50_rabat_2026"),
        ("日本", "raptor_aud"),
        ("x" * 120, "raptor_aud_" + "x" * 39),
    ],
)
def test_a_name_of_any_letters_gets_a_safe_field_name_and_stays_the_label(
    activation: ActivationConnection, practice: HeyloyaltyAccount, name: str, safe: str
) -> None:
    audience = cdp.audience(name)
    portal.attach(activation, audience)
    made = field(practice, activation, audience)
    assert (made["name"], made["label"]) == (safe, name)


def test_fields_are_made_by_one_call_once_and_found_again_when_renamed_in_heyloyalty(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    first, second = cdp.audience("First"), cdp.audience("Second")
    before = practice.call_count()
    portal.attach(activation, first, second)
    assert practice.call_count() - before == 2
    name = portal.name_of(activation, first)
    practice.save_list(fields=[{"name": name, "label": "What we call it"}])
    fields = set(practice.list_of()["fields"])
    portal.attach(activation, first, second)
    assert set(practice.list_of()["fields"]) == fields
    assert field(practice, activation, first)["label"] == "What we call it"


def test_the_label_follows_the_name(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    vip = cdp.audience("VIP")
    portal.attach(activation, vip)
    cdp.rename(vip, "Very important")
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]
    made = field(practice, activation, vip)
    assert (made["name"], made["label"], list(made["options"].values())) == (
        "raptor_aud_vip",
        "Very important",
        [YES, NO],
    )


def test_deleting_an_audience_sets_its_label_and_stops_its_sync(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email="ada@example.test")
    vip, club, ada = cdp.audience("VIP"), cdp.audience("Club"), cdp.person("ada@example.test")
    portal.attach(activation, vip, club)
    name = portal.name_of(activation, vip)
    cdp.enter(vip, ada)
    cdp.delete(vip)
    changed, labelled = portal.drain(activation)
    assert (changed.outcome, labelled.outcome) == ("skipped", "updated")
    assert practice.list_of()["fields"][name]["label"] == REMOVED
    cdp.enter(club, ada)
    portal.synced(activation)
    assert set(practice.member("ada@example.test")["values"]) == {"email", portal.name_of(activation, club)}


def test_an_audience_that_raptor_deleted_gets_its_label_by_pulling_alone(
    activation: ActivationConnection, practice: HeyloyaltyAccount, sandbox: Sandbox
) -> None:
    raptor = sandbox.raptor()
    raptor.settings(calls_per_s=0)
    cats = raptor.audience("Cat owners")
    settings = RaptorSettings.load()
    settings.pull, settings.base_url, settings.api_key = True, raptor.url, raptor.api_key
    settings.activation_id = "act-77"
    settings.save()
    pull()
    audience = Audience.objects.get(external_id=cats)
    portal.attach(activation, audience)
    name = portal.name_of(activation, audience)
    raptor.delete_audience(cats)
    pull()
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]
    assert practice.list_of()["fields"][name]["label"] == REMOVED


@pytest.mark.parametrize("off", [False, True])
def test_the_label_of_a_deleted_audience_is_set_when_heyloyalty_or_the_activation_is_back(
    activation: ActivationConnection, practice: HeyloyaltyAccount, off: bool
) -> None:
    vip = cdp.audience("VIP")
    portal.attach(activation, vip)
    name = portal.name_of(activation, vip)
    if off:
        activation.set_state("disabled")
    else:
        practice.fault("system_error", path="lists", times=1)
    cdp.delete(vip)
    [event] = portal.drain(activation)
    assert event.settled_at is None
    activation.set_state("enabled")
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]
    assert practice.list_of()["fields"][name]["label"] == REMOVED


def test_an_audience_that_is_attached_again_gets_its_field_back(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    vip = cdp.audience("VIP")
    portal.attach(activation, vip)
    name = portal.name_of(activation, vip)
    activation.attached.update(state="removed", label=REMOVED)
    practice.save_list(fields=[{"name": name, "label": REMOVED}])
    portal.attach(activation, vip)
    assert (portal.name_of(activation, vip), field(practice, activation, vip)["label"]) == (name, "VIP")


def test_at_the_field_limit_each_field_says_why_and_the_others_are_made(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.settings(field_limit=len(practice.list_of()["fields"]) + 1)
    first, second = cdp.audience("First"), cdp.audience("Second")
    [refused] = portal.attach(activation, first, second)
    assert (refused.label, refused.ready_at) == ("Second", None)
    assert "at most" in refused.problem
    assert refused.problem.endswith("save again.")
    practice.settings(field_limit=0)
    assert portal.attach(activation, second) == []


def test_an_attribute_whose_type_no_longer_fits_stops_alone_and_gets_a_new_field_when_attached_again(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email="ada@example.test")
    what, vip, ada = cdp.attribute("Orders"), cdp.audience("VIP"), cdp.person("ada@example.test")
    portal.attach(activation, what, vip)
    cdp.becomes(what, ada, number=4)
    portal.drain(activation)
    Attribute.objects.filter(pk=what.pk).update(kind=Attribute.Kind.TEXT)
    what.refresh_from_db()
    cdp.becomes(what, ada, text="many")
    cdp.enter(vip, ada)
    assert [event.outcome for event in portal.drain(activation)] == ["updated", "skipped", "updated"]
    old = portal.name_of(activation, what)
    [row] = [row for row in portal.ensured(activation) if row.attribute_id]
    assert "Detach it and attach it again" in row.problem
    assert portal.attach(activation, what) == []
    portal.synced(activation)
    values = practice.member("ada@example.test")["values"]
    assert (values[old], values[portal.name_of(activation, what)]) == ("4", "many")


def test_a_list_without_the_identifier_field_is_named_and_what_arrives_waits(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    practice.save_list(None, name="Bare", fields=[{"name": "mobile"}])
    bare = practice.lists()[-1]["id"]
    activation, vip = make_activation(list_id=str(bare)), cdp.audience()
    with pytest.raises(ConfigurationError, match="no field email"):
        portal.attach(activation, vip)
    run = portal.synced(activation)
    activation.refresh_from_db()
    assert (activation.state, run.status) == ("attention", "running")
    assert "choose another person identifier" in activation.state_reason


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"api_secret": "wrong"}, "Check API key and API secret"),
        ({"list_id": "4711"}, "none of this number in this account"),
        ({"list_id": ""}, "No List ID is entered"),
    ],
)
def test_wrong_settings_need_attention_and_nothing_is_lost(
    activation: ActivationConnection, practice: HeyloyaltyAccount, wrong: dict[str, str], said: str
) -> None:
    practice.save_member(email="ada@example.test")
    vip, ada = cdp.audience(), cdp.person("ada@example.test")
    portal.attach(activation, vip)
    right = {name: getattr(activation, name) for name in wrong}
    for name, value in wrong.items():
        setattr(activation, name, value)
    activation.save()
    cdp.enter(vip, ada)
    [event] = portal.drain(activation)
    activation.refresh_from_db()
    assert (event.outcome, activation.state) == ("waiting", "attention")
    assert said in activation.state_reason
    for name, value in right.items():
        setattr(activation, name, value)
    activation.save()
    activation.set_state("enabled")
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]


def test_a_field_somebody_deleted_in_heyloyalty_is_named_and_made_anew(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email="ada@example.test")
    vip, ada = cdp.audience(), cdp.person("ada@example.test")
    portal.attach(activation, vip)
    practice.remove_field(portal.name_of(activation, vip))
    cdp.enter(vip, ada)
    [event] = portal.drain(activation)
    assert (event.outcome, event.code) == ("waiting", "configuration")
    assert "somebody deleted it" in event.message
    activation.set_state("enabled")
    portal.ensured(activation)
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]


def test_another_connection_to_another_list_uses_the_same_names(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    vip = cdp.audience("VIP")
    first, second = make_activation(), make_activation(name="Two", list_id=str(NEWSLETTER))
    third = make_activation(name="Three", list_id=str(CUSTOMERS))
    for one in (first, second, third):
        portal.attach(one, vip)
    names = [portal.name_of(one, vip) for one in (first, second, third)]
    assert names == ["raptor_aud_vip", "raptor_aud_vip", "raptor_aud_vip_2"]
    assert [len(fields_of(one.pk)) for one in (first, second, third)] == [1, 1, 1]
    assert not Event.objects.exists()
    assert not Run.objects.exists()
