"""Who unsubscribed stays so, or is created anew when that is allowed; and how the portal comes to know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine import collect
from integrations.core.models import Delivery, Event, Link, Run
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_heyloyalty import HeyloyaltyAccount

CONSENT, NEW, UPDATED = [("skipped", "consent")], [("new", "")], [("updated", "")]
NOBODY = "aacd0c54-0000-4000-8000-a1bb1703d713"


@pytest.fixture(params=[False, True], ids=["by import", "by call"])
def no(request: pytest.FixtureRequest, make_flexpos: MakeConnection) -> FlexPOSConnection:
    """A connection that doesn't bring back who unsubscribed."""
    noise = request.param
    return make_flexpos(reimport_unsubscribed=False, send_automations=noise, send_webhooks=noise)


@pytest.fixture(params=[False, True], ids=["by import", "by call"])
def yes(request: pytest.FixtureRequest, make_flexpos: MakeConnection) -> FlexPOSConnection:
    return make_flexpos(send_automations=request.param, send_webhooks=request.param)


def leave(practice: HeyloyaltyAccount, number: int = 1) -> str:
    member_id: str = practice.member(till.email(number))["id"]
    practice.unsubscribe(member_id)
    return member_id


def told(connection: FlexPOSConnection, member_id: str, type: str = "unsubscribe", /, **changes: Any) -> Delivery:
    """The list's webhook calls, as Heyloyalty words it."""
    body = {
        "member_id": member_id,
        "list_id": 1,
        "type": type,
        "signature": "0" * 32,
        "member": {"id": member_id, "fields": {"email": till.email(1)}},
    }
    return till.webhook(connection, json.dumps(body | changes).encode())


def states(practice: HeyloyaltyAccount) -> list[str]:
    return [member["state"] for member in practice.members()]


def test_no_holds_without_anybody_telling(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    leave(practice)
    assert till.deliver(no, till.customer(FirstName="Maja", minute=1)) == CONSENT
    assert states(practice) == ["unsubscribed"]


def test_no_holds_for_another_customer_with_the_same_address(
    no: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.deliver(no, till.customer())
    assert told(no, leave(practice)).status == Delivery.Status.CAPTURED
    assert till.deliver(no, till.customer(2, Email=till.email(1))) == CONSENT
    assert states(practice) == ["unsubscribed"]


def test_no_holds_for_who_was_deleted(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    Link.objects.filter(record_type="member").update(remote_id=NOBODY)
    practice.reset(data_only=True)
    assert till.deliver(no, till.customer(minute=1, FirstName="Maja")) == CONSENT


def test_who_subscribed_again_themselves_is_updated(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    told(no, leave(practice))
    practice.save_member(email=till.email(1))
    assert till.deliver(no, till.customer(FirstName="Maja", minute=1)) == UPDATED
    assert states(practice) == ["unsubscribed", "active"]


def test_yes_creates_them_anew_once(yes: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(yes, till.customer())
    told(yes, leave(practice))
    assert till.deliver(yes, till.customer(FirstName="Maja", minute=1)) == NEW
    assert states(practice) == ["unsubscribed", "active"]
    assert till.deliver(yes, till.customer(FirstName="Mia", minute=2)) == UPDATED
    assert [member["values"]["firstname"] for member in practice.members()] == ["Mette", "Mia"]


def test_an_import_with_its_own_choice_brings_back_whom_nothing_changed_of(
    no: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.deliver(no, till.customer())
    told(no, leave(practice))
    choice = {"unsubscribed": True, "opt_in": False, "automations": False}
    assert till.deliver(no, till.customer(), **choice) == NEW
    assert states(practice) == ["unsubscribed", "active"]
    told(no, practice.members()[1]["id"], "subscribe")
    assert till.deliver(no, till.customer(), **choice) == [("unchanged", "")]


def test_an_import_with_its_own_choice_holds_back_whom_the_settings_would_not(
    yes: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    till.deliver(yes, till.customer())
    leave(practice)
    choice = {"unsubscribed": False, "opt_in": False, "automations": False}
    assert till.deliver(yes, till.customer(FirstName="Maja", minute=1), **choice) == CONSENT


# -- how the portal comes to know ------------------------------------------------------------------


def test_a_call_is_not_believed_but_looked_after(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    told(no, practice.member(till.email(1))["id"])
    assert till.deliver(no, till.customer(FirstName="Maja", minute=1)) == UPDATED
    assert Link.objects.get(record_type="unsubscription").remote_id == "active"


def test_each_call_is_a_reason_to_look(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    gone = leave(practice)
    told(no, gone)
    practice.resubscribe(gone)
    told(no, gone, "subscribe")
    assert Link.objects.get(record_type="unsubscription").remote_id == "active"
    practice.unsubscribe(gone)
    told(no, gone)
    assert Link.objects.get(record_type="unsubscription").remote_id == gone


def test_a_call_can_not_speak_for_another_person(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer(1), till.customer(2))
    told(no, leave(practice, 2))
    told(no, NOBODY)
    assert not Link.objects.filter(record_type="unsubscription").exists()
    assert till.deliver(no, till.customer(FirstName="Maja", minute=1)) == UPDATED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"list_id": 2}, Delivery.Status.CAPTURED),
        ({"member_id": "../lists"}, Delivery.Status.REJECTED),
        ({"member": None}, Delivery.Status.CAPTURED),
    ],
)
def test_odd_calls_are_kept_and_harm_nobody(no: FlexPOSConnection, changes: dict[str, Any], status: str) -> None:
    assert told(no, NOBODY, **changes).status == status
    assert till.deliver(no, till.customer()) == NEW


def test_a_night_finds_who_left_unnoticed(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, *map(till.customer, range(1, 6)))
    gone = leave(practice, 3)
    run = till.pull(no, "consent")
    assert (run.status, run.read, run.new) == (Run.Status.SUCCESS, 1, 1)
    assert Link.objects.get(record_type="unsubscription").remote_id == gone
    assert till.deliver(no, till.customer(9, Email=till.email(3))) == CONSENT
    assert till.pull(no, "consent").read == 0


def test_a_night_that_broke_off_goes_on_where_it_stood(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, *map(till.customer, range(1, 61)))
    for member in practice.members():
        practice.unsubscribe(member["id"])
    practice.fault("system_error", path="members/", at=[55])
    run = till.pull(no, "consent")
    assert (run.status, run.read) == (Run.Status.RUNNING, 50)
    collect.collect(run.pk)
    till.drain(no)
    run.refresh_from_db()
    assert (run.status, run.read, run.new) == (Run.Status.SUCCESS, 60, 60)


def test_no_key_and_no_column_tells_an_address(no: FlexPOSConnection, practice: HeyloyaltyAccount) -> None:
    till.deliver(no, till.customer())
    told(no, leave(practice))
    for key in [*Event.objects.values_list("key", flat=True), *Link.objects.values_list("key", "remote_id")]:
        assert till.email(1) not in str(key)
