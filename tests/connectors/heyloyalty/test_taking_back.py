"""Who unsubscribed before we knew them, or while an import waited, is not subscribed again: it is taken back."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from integrations.connectors.heyloyalty import bulk_import, sync
from integrations.connectors.heyloyalty.attached import YES
from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.models import Event, Link
from integrations.sources.cdp.models import Audience
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import HeyloyaltyAccount

LONG_AGO = "2020-01-01 10:00:00"


def told(event: Event) -> tuple[str, str]:
    return event.outcome, event.code


def states(practice: HeyloyaltyAccount) -> list[str]:
    return [member["state"] for member in practice.members()]


def hidden(practice: HeyloyaltyAccount, count: int) -> None:
    """So many members who joined long ago and have unsubscribed."""
    for member_id in practice.seed(count, created_at=LONG_AGO):
        practice.unsubscribe(member_id)


def test_a_live_change_that_subscribes_somebody_again_is_taken_back_and_they_are_left_alone_from_then_on(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    practice.settings(unsubscribed="reactivate")
    activation = make_activation(create_members=True)
    hidden(practice, 1)
    vip, [ada] = cdp.audience(), cdp.people(1)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    [event] = portal.drain(activation)
    assert told(event) == ("skipped", "consent")
    assert "subscribed them again: the portal has unsubscribed them at once" in event.message
    assert states(practice) == ["unsubscribed"]
    before = len(practice.ledger())
    cdp.leave(vip, ada)
    assert told(portal.drain(activation)[-1]) == ("skipped", "consent")
    assert practice.ledger()[before:] == []


def test_an_import_that_subscribes_some_again_is_taken_back_for_them_alone(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    practice.settings(unsubscribed="reactivate")
    activation = make_activation(create_members=True)
    hidden(practice, 3)
    vip, everybody = cdp.audience(), cdp.people(40)
    portal.attach(activation, vip)
    cdp.enter(vip, *everybody)
    events = portal.drain(activation)
    assert [told(event) for event in events[:3]] == [("skipped", "consent")] * 3
    assert {event.outcome for event in events[3:]} == {"new"}
    assert states(practice) == ["unsubscribed"] * 3 + ["active"] * 37
    assert Link.objects.filter(connection_id=activation.pk).count() == 40
    before = len(practice.ledger())
    run = portal.synced(activation)
    assert (run.skipped, run.unchanged) == (3, 37)
    assert practice.ledger()[before:] == []


def test_what_cannot_be_taken_back_says_what_to_do_and_is_tried_again(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    practice.settings(unsubscribed="reactivate")
    activation = make_activation(create_members=True)
    hidden(practice, 1)
    vip, [ada] = cdp.audience(), cdp.people(1)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    # The upsert, the look at whom it found, and taking it back.
    practice.fault("system_error", path="members/", at=[3])
    [event] = portal.drain(activation)
    assert told(event) == ("waiting", "consent")
    assert "Unsubscribe the member in Heyloyalty." in event.message
    assert states(practice) == ["active"]
    assert [told(event) for event in portal.drain(activation)] == [("skipped", "consent")]
    assert states(practice) == ["unsubscribed"]


def test_who_has_not_confirmed_yet_is_no_such_case(
    make_activation: MakeActivation, practice: HeyloyaltyAccount
) -> None:
    activation = make_activation(create_members=True)
    practice.seed(1, created_at=LONG_AGO, opt_in=0)
    vip, [ada] = cdp.audience(), cdp.people(1)
    portal.attach(activation, vip)
    cdp.enter(vip, ada)
    assert [event.outcome for event in portal.drain(activation)] == ["updated"]
    assert states(practice) == ["pending"]


@pytest.mark.parametrize("what_import_does", ["recreate", "reactivate"])
def test_who_unsubscribes_while_the_import_waits_is_not_brought_back(
    make_activation: MakeActivation, practice: HeyloyaltyAccount, what_import_does: str
) -> None:
    practice.settings(unsubscribed=what_import_does, import_delay_s=2.5)
    activation = make_activation(create_members=True)
    first, *_rest = practice.seed(3, created_at=LONG_AGO)
    vip = cdp.audience()
    cdp.enter(vip, *cdp.people(3))
    portal.attach(activation, vip)
    leaving = threading.Thread(target=unsubscribe_when_queued, args=[practice, first])
    leaving.start()
    run = portal.pull(activation, sync.start(activation))
    leaving.join()
    assert (run.updated, run.skipped) == (2, 1)
    [member, *again] = practice.members(email=cdp.email(1))
    assert {member["state"], *(one["state"] for one in again)} == {"unsubscribed"}
    assert value_of(practice, activation, vip, 2) == YES


def unsubscribe_when_queued(practice: HeyloyaltyAccount, member_id: str) -> None:
    until = time.monotonic() + 20
    while not practice.imports() and time.monotonic() < until:
        time.sleep(0.02)
    practice.unsubscribe(member_id)


def value_of(practice: HeyloyaltyAccount, activation: Any, subject: Any, number: int) -> Any:
    name = portal.name_of(activation, subject)
    found = practice.member(cdp.email(number))["values"].get(name)
    return practice.list_of()["fields"][name]["options"].get(found)


# -- an import that is worked off after the portal stopped waiting for it ---------------------------


@pytest.fixture
def slow(practice: HeyloyaltyAccount, monkeypatch: pytest.MonkeyPatch) -> HeyloyaltyAccount:
    """Its imports take longer than the portal looks for what they did."""
    practice.settings(import_delay_s=1)
    monkeypatch.setattr(bulk_import, "PAUSES", (0.05, 0.1))
    return practice


def started(make_activation: MakeActivation, count: int) -> ActivationConnection:
    """An activation whose first sync has sent so many persons by an import that hasn't begun yet."""
    activation, vip = make_activation(create_members=True), cdp.audience()
    cdp.enter(vip, *cdp.people(count))
    portal.attach(activation, vip)
    portal.pull(activation, sync.start(activation))
    assert {told(event) for event in Event.objects.all()} == {("waiting", "importing")}
    return activation


def test_whom_a_slow_import_subscribes_again_is_found_when_it_is_looked_for_again(
    make_activation: MakeActivation, slow: HeyloyaltyAccount
) -> None:
    slow.settings(unsubscribed="reactivate")
    hidden(slow, 3)
    activation = started(make_activation, 40)
    slow.wait_for_imports()
    assert states(slow) == ["active"] * 40
    events = portal.drain(activation)
    assert [told(event) for event in events[:3]] == [("skipped", "consent")] * 3
    assert {event.outcome for event in events[3:]} == {"new"}
    assert states(slow) == ["unsubscribed"] * 3 + ["active"] * 37


def test_a_single_one_is_found_as_well(make_activation: MakeActivation, slow: HeyloyaltyAccount) -> None:
    slow.settings(unsubscribed="reactivate")
    hidden(slow, 1)
    slow.seed(2, start=100)
    activation = started(make_activation, 1)
    slow.wait_for_imports()
    assert [told(event) for event in portal.drain(activation)] == [("skipped", "consent")]
    assert states(slow) == ["unsubscribed", "active", "active"]


@pytest.mark.parametrize("what_import_does", ["recreate", "reactivate"])
def test_who_unsubscribes_before_a_slow_import_is_not_brought_back_by_it(
    make_activation: MakeActivation, slow: HeyloyaltyAccount, what_import_does: str
) -> None:
    slow.settings(unsubscribed=what_import_does)
    first, *_rest = slow.seed(3, created_at=LONG_AGO)
    activation = started(make_activation, 3)
    slow.unsubscribe(first)
    # Not worked off yet: nobody can tell what it will do.
    assert told(portal.drain(activation)[0]) == ("waiting", "importing")
    slow.wait_for_imports()
    assert told(portal.drain(activation)[0]) == ("skipped", "consent")
    assert "unsubscribed" in {member["state"] for member in slow.members(email=cdp.email(1))}
    assert "active" not in {member["state"] for member in slow.members(email=cdp.email(1))}


def test_who_has_left_before_a_later_field_is_made_is_still_known_to_be_awaited(
    make_activation: MakeActivation, slow: HeyloyaltyAccount
) -> None:
    slow.settings(unsubscribed="reactivate")
    hidden(slow, 2)
    activation = started(make_activation, 4)
    portal.attach(activation, *Audience.objects.all(), cdp.audience("Another"))
    slow.wait_for_imports()
    assert [told(event) for event in portal.drain(activation)[:2]] == [("skipped", "consent")] * 2


def test_who_unsubscribes_before_a_slow_import_is_looked_at_again_is_known_by_then(
    make_activation: MakeActivation, slow: HeyloyaltyAccount
) -> None:
    """The first try wrote nothing yet, and its look is the last that shows them."""
    slow.settings(import_delay_s=3600)
    activation = make_activation(create_members=True)
    [ada_id] = slow.seed(1, created_at=LONG_AGO)
    vip = cdp.audience()
    cdp.enter(vip, *cdp.people(1))
    portal.attach(activation, vip)
    portal.pull(activation, sync.start(activation))
    assert [told(event) for event in Event.objects.all()] == [("waiting", "importing")]
    slow.unsubscribe(ada_id)
    assert [told(event) for event in portal.drain(activation)] == [("waiting", "importing")]
    assert [told(event) for event in portal.drain(activation)] == [("skipped", "consent")]
    assert states(slow) == ["unsubscribed"]
