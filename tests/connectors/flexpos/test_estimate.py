"""What an estimate says an import would do, and what the import then does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.connectors.flexpos import estimate
from integrations.connectors.flexpos.import_start import start_estimate
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.heyloyalty.unsubscriptions import MEMBER
from integrations.core.connector import SKIP_REASONS
from integrations.core.engine import collect
from integrations.core.models import Connection, Event, Link, Run
from tests.connectors.flexpos import importing, till
from tests.connectors.flexpos.conftest import MakeConnection
from tests.sandbox_flexpos import FlexPOSAccount
from tests.sandbox_heyloyalty import HeyloyaltyAccount

CUSTOMERS = 500


@pytest.fixture
def shop(shop: FlexPOSAccount) -> FlexPOSAccount:
    """In our own time, a moment ago: what is changed at the till now is read by the next import."""
    shop.at(timezone.now() - timedelta(minutes=2))
    return shop


def agree(estimated: dict[str, Any], run: Run) -> None:
    """The import did what its estimate said."""
    assert (estimated["created"], estimated["updated"], estimated["unchanged"]) == (
        run.new, run.updated, run.unchanged)  # fmt: skip
    skipped = importing.skips(run)
    assert estimated["held_back"] == skipped.pop("consent", 0)
    assert dict(estimated["skipped"]) == {SKIP_REASONS[code]: number for code, number in skipped.items()}
    assert dict(estimated["refused"]) == importing.refusals(run)
    assert estimated["records"] == run.read


def unsubscribe(connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount, number: int) -> None:
    """So many members leave, as Heyloyalty's webhooks say, and move afterwards."""
    links = Link.objects.filter(connection_id=connection.pk, record_type=MEMBER).order_by("pk")[:number]
    for link in links:
        practice.unsubscribe(link.remote_id)
        till.webhook(connection, json.dumps(unsubscription(practice, link.remote_id)).encode())
        shop.customer(int(link.key), City="Far away")


def unsubscription(practice: HeyloyaltyAccount, member_id: str) -> dict[str, Any]:
    values = next(one["values"] for one in practice.members() if one["id"] == member_id)
    member = {"id": member_id, "fields": {name: values.get(name) for name in ("email", "mobile")}}
    return {"member_id": member_id, "list_id": 1, "type": "unsubscribe", "member": member}


def colourful(connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount) -> None:
    """Half of the customers are on the list; some have left, some have moved. Of the others some can't come."""
    shop.seed(customers=CUSTOMERS // 2)
    importing.fetch(connection)
    unsubscribe(connection, shop, practice, 5)
    known = [row["CustomerId"] for row in shop.customers() if row["Email"]]
    for customer_id in known[20:40]:
        shop.customer(customer_id, City="Somewhere else")
    shop.seed(customers=CUSTOMERS // 2, seed=2)
    fresh = [row["CustomerId"] for row in shop.customers() if row["Email"] and row["CustomerId"] not in known]
    for customer_id in fresh[:7]:
        shop.customer(customer_id, Mobile="12")
    for customer_id in fresh[7:10]:
        shop.customer(customer_id, Email="not an address")
    same = shop.customer(Email="twice@example.test", FirstName="Older")
    assert shop.customer(Email="Twice@example.test", FirstName="Newer") != same
    practice.save_member(email="here@example.test", firstname="Same")
    shop.customer(Email="here@example.test", FirstName="Same", LastName=None, Mobile=None)


@pytest.mark.parametrize("match_on", ["email", "mobile"])
@pytest.mark.parametrize("choices", [{}, {"opt_in": True}, {"automations": True}, {"unsubscribed": True}])
def test_an_estimate_of_hundreds_of_people_is_what_the_import_then_does(
    make_flexpos: MakeConnection,
    shop: FlexPOSAccount,
    practice: HeyloyaltyAccount,
    match_on: str,
    choices: dict[str, bool],
) -> None:
    connection = make_flexpos(match_on=match_on)
    colourful(connection, shop, practice)
    estimated = importing.estimate(connection, **choices)
    said = importing.result(estimated)
    assert min(said["created"], said["updated"], said["unchanged"]) > 0
    assert bool(said["held_back"]) is not choices.get("unsubscribed", False)
    assert len(said["refused"]) >= 2 and said["skipped"]
    agree(said, importing.send(importing.begin(connection, estimated)))


def test_an_estimate_with_other_choices_counts_those_who_left_as_created(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=20)
    importing.fetch(connection)
    unsubscribe(connection, shop, practice, 3)
    assert importing.result(importing.estimate(connection))["held_back"] == 3
    estimated = importing.estimate(connection, unsubscribed=True)
    said = importing.result(estimated)
    assert (said["held_back"], said["created"]) == (0, 3)
    agree(said, importing.send(importing.begin(connection, estimated)))


def test_an_estimate_sends_nothing(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=50, journals=20, tickets=20)
    practice.seed(30)
    before = (practice.ledger(), practice.mails(), practice.imports(), shop.ledger())
    run = importing.estimate(connection, orders="both", opt_in=True, automations=True)
    assert importing.result(run)["created"] > 0
    assert (practice.ledger(), practice.mails(), practice.imports(), shop.ledger()) == before
    assert {call["method"] for call in practice.calls()} == {"GET"}
    assert not Event.objects.exists()
    assert run.status == Run.Status.SUCCESS


def test_orders_are_counted_without_those_of_nobody(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    shop.seed(customers=20, journals=200, tickets=50)
    lines = sum(len(one["Lines"]) for one in shop.journals() if one["CustomerId"])
    tickets = sum(one["CustomerId"] is not None for one in shop.tickets())
    said = importing.result(importing.estimate(connection, orders="both"))
    assert dict(said["orders"]) == {"journals": lines, "tickets": tickets}


def test_without_members_the_list_is_not_read(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=20, journals=10)
    practice.seed(30)
    before = practice.call_count()
    said = importing.result(importing.estimate(connection, orders="journals", members=False))
    assert (said["created"], said["unchanged"]) == (0, 0)
    assert practice.call_count() - before <= 2
    assert shop.counts().get("v1/Customers", 0) == 0


def test_the_most_mails_are_told(connection: FlexPOSConnection, shop: FlexPOSAccount) -> None:
    shop.settings(messy_emails=False)
    shop.seed(customers=12)
    assert importing.result(importing.estimate(connection))["mails"] == 0
    assert importing.result(importing.estimate(connection, opt_in=True))["mails"] == 12
    assert importing.result(importing.estimate(connection, automations=True))["mails"] == 12


def test_an_estimate_that_was_cut_off_after_every_page_comes_to_the_same(
    connection: FlexPOSConnection,
    shop: FlexPOSAccount,
    practice: HeyloyaltyAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.seed(customers=80, journals=30)
    shop.seed(customers=1100, seed=2, start=(shop.now() - timedelta(hours=1)).isoformat())
    practice.seed(40)
    whole = importing.result(importing.estimate(connection, orders="journals"))
    monkeypatch.setattr(collect, "BUDGET", 0.0)
    monkeypatch.setattr(estimate, "PAGES_A_CHUNK", 1)
    calls = shop.call_count()
    in_parts = importing.result(importing.estimate(connection, orders="journals"))
    # A window that was left inside has its first page read once more.
    rereads = {"flexpos_calls": 0, "seconds": 0}
    assert in_parts | rereads == whole | rereads
    assert shop.counts(calls)["v1/oauth/token"] > 5  # each task signs in anew


def test_a_till_that_fails_on_the_way_costs_no_more_than_its_page(
    connection: FlexPOSConnection, shop: FlexPOSAccount
) -> None:
    shop.settings(messy_emails=False)
    shop.seed(customers=60)
    shop.fault("system_error", path="Customers", at=[3])
    run = start_estimate(connection, importing.chosen(), importing.user())
    assert run is not None
    collect.collect(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING and run.message
    read = shop.counts()["v1/Customers"]
    assert importing.result(importing.finish(run))["created"] == 60
    assert shop.counts()["v1/Customers"] < 2 * read + 3


def test_a_list_that_is_gone_stops_the_estimate_and_says_so(
    connection: FlexPOSConnection, shop: FlexPOSAccount, practice: HeyloyaltyAccount
) -> None:
    shop.seed(customers=5)
    practice.remove_list(1)
    run = start_estimate(connection, importing.chosen(), importing.user())
    assert run is not None
    collect.collect(run.pk)
    run.refresh_from_db()
    connection.refresh_from_db()
    assert "Choose another" in run.message
    assert connection.state == Connection.State.ATTENTION
