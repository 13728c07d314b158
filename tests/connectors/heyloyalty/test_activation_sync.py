"""Everybody at once: the sync after saving, the nightly comparison, and emptying a field."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.connectors.heyloyalty import sync
from integrations.connectors.heyloyalty.attached import NO, YES
from integrations.connectors.heyloyalty.models import ActivationConnection, AttachedField
from integrations.core.engine import collect
from integrations.core.engine.report import report
from integrations.core.models import Event, Run
from integrations.sources.cdp.models import IdentifierType
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import HeyloyaltyAccount


def shown(practice: HeyloyaltyAccount, name: str) -> dict[str, Any]:
    """By address what the members have in a field of the list; options by label."""
    options = practice.list_of()["fields"][name].get("options", {})
    found = {member["values"]["email"]: member["values"].get(name) for member in practice.members()}
    return {email: options.get(value, value) for email, value in found.items()}


def compared(activation: ActivationConnection) -> Run:
    return portal.pull(activation, collect.start(activation, sync.COMPARE, Run.Trigger.SCHEDULE))


def test_existing_persons_are_synced_and_the_run_says_how_far_it_is(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(30, city="Odense")
    vip, orders, everybody = cdp.audience(), cdp.attribute(), cdp.people(40)
    cdp.enter(vip, *everybody[:10])
    cdp.becomes(orders, everybody[0], number=3)
    portal.attach(activation, vip, orders)
    run = portal.synced(activation)
    assert (run.status, run.read, run.updated, run.skipped) == ("success", 40, 30, 10)
    assert run.plan["expected"] == 40
    inside = shown(practice, portal.name_of(activation, vip))
    assert [inside[cdp.email(number)] for number in (1, 10, 11, 30)] == [YES, YES, NO, NO]
    assert [email for email, value in shown(practice, portal.name_of(activation, orders)).items() if value] == [
        cdp.email(1)
    ]
    assert {member["values"]["city"] for member in practice.members()} == {"Odense"}


def test_a_sync_sets_off_no_automations(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    practice.save_list(automations=["update", "subscribe"])
    practice.seed(3)
    vip, everybody = cdp.audience(), cdp.people(3)
    portal.attach(activation, vip)
    assert portal.synced(activation).updated == 3
    assert practice.mails() == []
    cdp.enter(vip, everybody[0])
    portal.drain(activation)
    assert [mail["kind"] for mail in practice.mails()] == ["automation"]


def test_a_second_sync_sends_nothing(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    practice.seed(30)
    vip, _ = cdp.audience(), cdp.people(30)
    portal.attach(activation, vip)
    portal.synced(activation)
    before = practice.call_count()
    run = portal.synced(activation)
    assert (run.status, run.unchanged) == ("success", 30)
    assert practice.call_count() - before == 1


@pytest.mark.parametrize("number", [50, 1200])
def test_calls_and_queries_grow_with_batches(
    activation: ActivationConnection, practice: HeyloyaltyAccount, number: int
) -> None:
    practice.seed(number)
    vip, _ = cdp.audience(), cdp.people(number)
    portal.attach(activation, vip)
    run = sync.start(activation)
    before = practice.call_count()
    with CaptureQueriesContext(database) as queries:
        done = portal.pull(activation, run)
    assert (done.status, done.updated) == ("success", number)
    # Looked for before and after, a hundred a call; a file a batch.
    assert practice.call_count() - before <= 12 + number // 25
    assert len(queries) <= 200


def test_a_live_change_overtakes_a_sync(activation: ActivationConnection, practice: HeyloyaltyAccount) -> None:
    practice.seed(60)
    vip, everybody = cdp.audience(), cdp.people(60)
    portal.attach(activation, vip)
    run = sync.start(activation)
    assert run is not None
    collect.collect(run.pk)
    cdp.enter(vip, everybody[-1])
    portal.drain(activation)
    assert shown(practice, portal.name_of(activation, vip))[cdp.email(60)] == YES


def test_what_is_attached_during_a_sync_is_synced_after_it(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(3)
    vip, late, everybody = cdp.audience("VIP"), cdp.audience("Late"), cdp.people(3)
    cdp.enter(late, *everybody)
    portal.attach(activation, vip)
    first = sync.start(activation)
    assert first is not None
    collect.collect(first.pk)
    portal.drain(activation)
    portal.attach(activation, late)
    report(first.pk)
    second = Run.objects.filter(job=sync.SYNC).latest("pk")
    assert second.pk != first.pk
    assert portal.pull(activation, second).updated == 3
    assert set(shown(practice, portal.name_of(activation, late)).values()) == {YES}
    report(second.pk)
    assert Run.objects.filter(job=sync.SYNC).latest("pk") == second


def test_a_sync_that_heyloyalty_broke_off_goes_on_and_makes_the_fields_first(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(3)
    vip, _ = cdp.audience(), cdp.people(3)
    practice.fault("system_error", times=1)
    AttachedField.objects.create(
        connection=activation, audience=vip, field_name="raptor_aud_test", label="Test", format="choice"
    )
    run = sync.start(activation)
    assert portal.pull(activation, run).status == "running"
    assert portal.pull(activation, run).updated == 3


def test_persons_who_are_nowhere_are_created_by_import_when_the_activation_says_so(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    activation, vip = make_activation(create_members=True), cdp.audience()
    cdp.enter(vip, *cdp.people(40))
    portal.attach(activation, vip)
    assert portal.synced(activation).new == 40
    assert set(shown(practice, portal.name_of(activation, vip)).values()) == {YES}
    assert practice.mails() == []


def test_the_comparison_brings_who_joined_came_back_or_was_changed_and_nobody_else(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    ids = practice.seed(10)
    vip, everybody = cdp.audience(), cdp.people(12)
    cdp.enter(vip, *everybody)
    portal.attach(activation, vip)
    portal.synced(activation)
    name = portal.name_of(activation, vip)
    practice.unsubscribe(ids[0])
    cdp.leave(vip, everybody[0])
    portal.drain(activation)
    practice.resubscribe(ids[0])
    practice.save_member(ids[1], **{name: practice.option(name, NO)})
    practice.save_member(email=cdp.email(11).upper())
    practice.save_member(email="nobody@example.test")
    before = practice.call_count()
    run = compared(activation)
    assert (run.status, run.read, run.updated) == ("success", 3, 3)
    assert practice.call_count() - before <= 10
    values = shown(practice, name)
    assert [values[cdp.email(number)] for number in (1, 2, 3)] == [NO, YES, YES]
    assert values[cdp.email(11).upper()] == YES
    assert compared(activation).read == 0


def test_a_field_is_emptied_for_all_members_and_nothing_else(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(40, city="Odense")
    vip, club, everybody = cdp.audience("VIP"), cdp.audience("Club"), cdp.people(40)
    cdp.enter(vip, *everybody)
    cdp.enter(club, *everybody)
    portal.attach(activation, vip, club)
    portal.synced(activation)
    row = AttachedField.objects.get(connection=activation, audience=vip)
    AttachedField.objects.filter(pk=row.pk).update(state="detached")
    run = portal.pull(activation, sync.start_emptying(activation, row))
    assert (run.status, run.updated) == ("success", 40)
    assert set(shown(practice, row.field_name).values()) == {None}
    assert set(shown(practice, portal.name_of(activation, club)).values()) == {YES}
    assert {member["values"]["city"] for member in practice.members()} == {"Odense"}


def test_nothing_is_captured_of_persons_without_the_identifier(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    card = IdentifierType.objects.create(name="Card", key="card", kind=IdentifierType.Kind.TEXT)
    vip, ada = cdp.audience(), cdp.person("77", card)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    run = portal.synced(activation)
    assert (run.status, run.read) == ("success", 0)
    assert not Event.objects.exists()


def test_a_field_that_was_deleted_in_heyloyalty_is_filled_again(
    activation: ActivationConnection, practice: HeyloyaltyAccount
) -> None:
    practice.seed(3)
    vip, _ = cdp.audience(), cdp.people(3)
    portal.attach(activation, vip)
    portal.synced(activation)
    practice.remove_field(portal.name_of(activation, vip))
    assert portal.synced(activation).updated == 3
    assert set(shown(practice, portal.name_of(activation, vip)).values()) == {NO}
