"""Entering, leaving and changed values: that field on that member, and nothing else."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.connectors.heyloyalty.attached import NO, YES
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.models import Event, Run
from integrations.sources.cdp.models import Attribute, IdentifierType
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import HeyloyaltyAccount

ADA = "ada@example.test"


def value(practice: HeyloyaltyAccount, activation: ActivationConnection, subject: Any, email: str = ADA) -> Any:
    """What the member has in the field of an audience or attribute: the label of an option, else as it is kept."""
    name = portal.name_of(activation, subject)
    found = practice.member(email)["values"].get(name)
    return practice.list_of()["fields"][name].get("options", {}).get(found, found)


def last(activation: ActivationConnection) -> Event:
    return portal.drain(activation)[-1]


def test_who_enters_and_leaves_gets_yes_and_no_in_that_field_and_nothing_else_is_touched(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email="Ada@example.test", firstname="Ada", city="Odense")
    vip, other, ada = cdp.audience("VIP"), cdp.audience("Other"), cdp.person(ADA)
    portal.attach(activation, vip, other)
    before, member = len(practice.ledger()), practice.member(ADA)["values"]
    cdp.enter(vip, ada)
    assert (last(activation).outcome, value(practice, activation, vip)) == ("updated", YES)
    cdp.leave(vip, ada)
    assert (last(activation).outcome, value(practice, activation, vip)) == ("updated", NO)
    name = portal.name_of(activation, vip)
    assert [entry["fields"] for entry in practice.ledger()[before:]] == [[name], [name]]
    after = practice.member(ADA)["values"]
    assert {key: value for key, value in after.items() if key != name} == member


def test_one_change_takes_a_look_and_a_patch(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA)
    vip, ada = cdp.audience(), cdp.person(ADA)
    portal.attach(activation, vip)
    before = practice.call_count()
    cdp.enter(vip, ada)
    portal.drain(activation)
    made = [(call["method"], call["path"].rpartition("/lists/1")[2]) for call in practice.calls()][before:]
    assert [method for method, _ in made] == ["GET", "GET", "PATCH"]
    assert [path.partition("?")[0][:9] for _, path in made] == ["", "/members", "/members/"]


@pytest.mark.parametrize(
    ("kind", "column", "shown"),
    [
        (Attribute.Kind.NUMBER, {"number": 12.5}, "13"),
        (Attribute.Kind.NUMBER, {"number": -3.0}, "-3"),
        (Attribute.Kind.TEXT, {"text": "Rød & grøn; \"x\""}, "Rød & grøn; \"x\""),
        (Attribute.Kind.YES_NO, {"number": 1.0}, YES),
        (Attribute.Kind.YES_NO, {"number": 0.0}, NO),
        (Attribute.Kind.DATE, {"moment": datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)}, "2026-05-01"),
    ],
)  # fmt: skip
def test_a_value_is_written_in_the_format_that_fits_and_emptied_when_there_is_none(
    activation: ActivationConnection, practice: HeyloyaltyAccount, kind: str, column: dict[str, Any], shown: str
) -> None:
    practice.save_member(email=ADA)
    what, ada = cdp.attribute("Ørsted's 3. værdi", kind), cdp.person(ADA)
    portal.attach(activation, what)
    cdp.becomes(what, ada, **column)
    portal.drain(activation)
    assert value(practice, activation, what) == shown
    cdp.becomes(what, ada)
    portal.drain(activation)
    assert value(practice, activation, what) is None


def test_a_value_that_does_not_fit_fails_that_record_only(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=ADA)
    practice.save_member(email="bo@example.test")
    what, ada, bo = cdp.attribute(), cdp.person(ADA), cdp.person("bo@example.test")
    portal.attach(activation, what)
    cdp.becomes(what, ada, number=1e30)
    cdp.becomes(what, bo, number=2)
    failed, fine = portal.drain(activation)
    assert (failed.outcome, fine.outcome) == ("failed", "updated")
    assert "Orders" in failed.message
    assert failed.message.endswith("press Retry.")


def test_what_is_sent_is_how_the_person_is_by_now(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=ADA)
    vip, ada = cdp.audience(), cdp.person(ADA)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    cdp.leave(vip, ada)
    first, second = portal.drain(activation)
    assert (first.outcome, second.outcome) == ("updated", "unchanged")
    assert value(practice, activation, vip) == NO


def test_a_person_with_two_addresses_is_two_members_and_changes_of_a_person_travel_together(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    work = "ada@work.test"
    for address in (ADA, work):
        practice.save_member(email=address)
    vip, club, ada = cdp.audience("VIP"), cdp.audience("Club"), cdp.person(ADA)
    second = cdp.person(work)
    second.person_id = ada.person_id
    second.save()
    portal.attach(activation, vip, club)
    cdp.enter_both((vip, club), ada)
    events = portal.drain(activation)
    assert [event.outcome for event in events] == ["updated", "updated"]
    assert [value(practice, activation, one, address) for one in (vip, club) for address in (ADA, work)] == [YES] * 4


def test_who_is_no_member_is_left_out_unless_the_activation_creates_members(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    vip, ada = cdp.audience(), cdp.person(ADA)
    careful, eager = make_activation(), make_activation(name="Creates", create_members=True)
    portal.attach(careful, vip)
    portal.attach(eager, vip)
    cdp.enter(vip, ada)
    [event] = portal.drain(careful)
    assert (event.outcome, event.code) == ("skipped", "update-only")
    assert "creates no members" in event.message
    assert practice.members() == []
    [event] = portal.drain(eager)
    assert (event.outcome, value(practice, eager, vip)) == ("new", YES)


@pytest.mark.parametrize("create_members", [False, True])
@pytest.mark.parametrize("what_upsert_does", ["recreate", "reactivate"])
def test_who_unsubscribed_is_not_written_to(
    make_activation: MakeActivation, practice: HeyloyaltyAccount, create_members: bool, what_upsert_does: str
) -> None:
    practice.settings(unsubscribed=what_upsert_does)
    activation = make_activation(create_members=create_members)
    ada_id = practice.save_member(email=ADA)
    vip, ada = cdp.audience(), cdp.person(ADA)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    portal.drain(activation)
    practice.unsubscribe(ada_id)
    before = len(practice.ledger())
    cdp.leave(vip, ada)
    event = last(activation)
    assert (event.outcome, event.code) == ("skipped", "consent")
    assert practice.ledger()[before:] == []
    assert [member["state"] for member in practice.members()] == ["unsubscribed"]


def test_who_has_another_address_on_the_list_is_found_by_the_member_that_is_known(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    ada_id = practice.save_member(email=ADA)
    vip, ada = cdp.audience(), cdp.person(ADA)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    portal.drain(activation)
    practice.save_member(ada_id, email="ada@new.test")
    cdp.leave(vip, ada)
    assert last(activation).outcome == "updated"
    assert value(practice, activation, vip, "ada@new.test") == NO


def test_many_changes_at_once_go_by_import(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    practice.seed(300, city="Odense")
    vip, everybody = cdp.audience(), cdp.people(300)
    portal.attach(activation, vip)
    before = practice.call_count()
    cdp.enter(vip, *everybody)
    run = Run.objects.get()
    portal.drain(activation)
    run.refresh_from_db()
    assert (run.status, run.read, run.updated) == ("success", 300, 300)
    assert practice.call_count() - before <= 20
    done = practice.imports()
    assert sum(one["updated"] for one in done) == 300
    assert {one["parameters"]["trigger_autoresponder"] for one in done} == {"1"}
    assert {member["values"]["city"] for member in practice.members()} == {"Odense"}
    assert {value(practice, activation, vip, cdp.email(number)) for number in (1, 150, 300)} == {YES}


def test_an_identifier_that_is_new_or_moved_gets_everything(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=ADA)
    vip, orders = cdp.audience(), cdp.attribute()
    portal.attach(activation, vip, orders)
    ada = cdp.person(ADA)
    cdp.becomes(orders, ada, number=4)
    portal.drain(activation)
    cdp.identified(ada)
    assert last(activation).outcome == "updated"
    assert [value(practice, activation, one) for one in (vip, orders)] == [NO, "4"]


def test_persons_are_recognised_by_phone_number_when_the_activation_says_so(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    phone = IdentifierType.objects.create(name="Phone", key="own_phone", kind=IdentifierType.Kind.PHONE)
    activation = make_activation(identifier_type=phone)
    practice.save_member(email=ADA, mobile="4520304050")
    vip, ada = cdp.audience(), cdp.person("+4520304050", phone)
    cdp.person(ADA)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]
    assert value(practice, activation, vip) == YES


def test_several_activations_of_one_list_and_audience_have_a_field_each(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=ADA)
    first, second = make_activation(name="First"), make_activation(name="Second")
    vip, ada = cdp.audience("VIP"), cdp.person(ADA)
    portal.attach(first, vip)
    portal.attach(second, vip)
    cdp.enter(vip, ada)
    portal.drain(first)
    assert (value(practice, first, vip), value(practice, second, vip)) == (YES, None)
    portal.drain(second)
    assert value(practice, second, vip) == YES


def test_an_activation_that_is_off_or_has_nothing_of_it_attached_gets_nothing(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    vip, other, ada = cdp.audience("VIP"), cdp.audience("Other"), cdp.person(ADA)
    portal.attach(make_activation(name="Other"), other)
    off = make_activation(name="Off")
    portal.attach(off, vip)
    off.set_state("disabled")
    cdp.enter(vip, ada)
    assert not Event.objects.exists()
    assert not Run.objects.exists()


def test_a_deleted_person_and_a_detached_field_are_left_alone(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.save_member(email=ADA)
    vip, ada, bo = cdp.audience(), cdp.person(ADA), cdp.person("bo@example.test")
    portal.attach(activation, vip)
    cdp.enter(vip, ada, bo)
    bo.person.delete()
    activation.attached.update(state="detached")
    assert [(event.outcome, event.code) for event in portal.drain(activation)] == [
        ("skipped", "filtered"),
        ("skipped", "gone"),
    ]


@pytest.mark.parametrize("number", [3, 200])
def test_queries_do_not_grow_with_the_changes(
    activation: ActivationConnection, practice: HeyloyaltyAccount, number: int
) -> None:
    vip, everybody = cdp.audience(), cdp.people(number)
    portal.attach(activation, vip)
    with CaptureQueriesContext(database) as queries:
        cdp.enter(vip, *everybody)
    announced = len(queries)
    with CaptureQueriesContext(database) as queries:
        portal.drain(activation)
    assert announced <= 25
    assert len(queries) <= 90


def test_an_import_nobody_can_be_asked_about_is_waited_for_and_not_done_again_one_by_one(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(40)
    vip, everybody = cdp.audience(), cdp.people(40)
    portal.attach(activation, vip)
    cdp.enter(vip, *everybody)
    practice.fault("system_error", path="members", at=[2, 3, 4, 5])
    assert {(event.outcome, event.code) for event in portal.drain(activation)} == {("waiting", "importing")}
    before = len(practice.ledger())
    assert {event.outcome for event in portal.drain(activation)} == {"updated"}
    assert len(practice.ledger()) == before
