"""Types that merge: several waiting changes of one record become one call with the newest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors.leadsquared.connector import ACTIVITY, LEAD
from integrations.core.connector import Item, Record
from integrations.core.engine import control, queue
from integrations.core.engine.drain import drain
from integrations.core.models import Event, Link, Run
from tests.core.toy import (
    at,
    connect,
    counts,
    email,
    events,
    its_lease_runs_out,
    its_time_comes,
    lead,
    leads,
    listening,
    outcomes,
    queue_up,
    toy,
)
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db
NEW, UPDATED, SKIPPED, WAITING = (Event.Outcome[name] for name in ("NEW", "UPDATED", "SKIPPED", "WAITING"))
MERGING = (replace(LEAD, merges=True), ACTIVITY)


@pytest.fixture(autouse=True)
def merging() -> Iterator[None]:
    """Leads merge."""
    with toy(record_types=MERGING):
        yield


def versions(number: int, *names: str) -> list[Record]:
    return [lead(number, FirstName=name) for name in names]


def codes(found: list[Event]) -> list[tuple[str, str]]:
    return [(event.outcome, event.code) for event in found]


def test_a_burst_of_changes_of_one_record_is_one_call_with_the_newest(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = queue_up(connection, versions(1, "A", "B", "C", "D", "E"))
    drain(connection.pk)
    assert codes(events(connection)) == [(SKIPPED, "merged")] * 4 + [(NEW, "")]
    assert len(account.ledger()) == 1
    assert account.lead(email(1))["FirstName"] == "E"
    assert counts(run) == {"read": 5, "new": 1, "skipped": 4}
    assert (run.status, run.waiting) == (Run.Status.SUCCESS, 0)
    assert Link.objects.get().event_id == events(connection)[-1].pk


def test_the_skipped_ones_say_what_was_sent_in_their_place(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, versions(1, "A", "B"))
    drain(connection.pk)
    assert "was sent in its place" in events(connection)[0].message


def test_each_record_of_a_batch_is_merged_for_itself(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    run = queue_up(connection, [record for version in "ABC" for record in leads(range(40), FirstName=version)])
    drain(connection.pk)
    assert outcomes(connection) == [SKIPPED] * 80 + [NEW] * 40
    assert {row["FirstName"] for row in account.leads()} == {"C"}
    assert len(account.ledger()) == 40
    assert counts(run) == {"read": 120, "new": 40, "skipped": 80}


def test_more_changes_than_are_looked_at_in_one_take_arrive_in_their_order(
    account: LeadSquaredAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MERGED_AT_ONCE", 3)
    connection = connect(account)
    run = queue_up(connection, versions(1, *"ABCDEFGHIJ"))
    drain(connection.pk)
    assert account.lead(email(1))["FirstName"] == "J"
    assert len(account.ledger()) == 3
    assert counts(run) == {"read": 10, "new": 1, "updated": 2, "skipped": 7}


def test_an_older_state_that_was_captured_later_does_not_win(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    newer = replace(lead(1, FirstName="Newer"), source_time=at(2025, 3, 1, 12))
    stale = replace(lead(1, FirstName="Stale"), source_time=at(2025, 3, 1, 11))
    queue_up(connection, [newer, stale])
    drain(connection.pk)
    assert codes(events(connection)) == [(NEW, ""), (SKIPPED, "merged")]
    assert account.lead(email(1))["FirstName"] == "Newer"
    queue_up(connection, [stale])
    drain(connection.pk)
    assert codes(events(connection))[-1] == (SKIPPED, "older")
    assert len(account.ledger()) == 1


def test_changes_that_come_while_one_is_under_way_follow_it_as_one(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.latency(100)
    arrived: list[int] = []

    def heard(item: Item) -> None:
        if not arrived:
            arrived.append(item.event_id)
            queue_up(connection, versions(1, "B", "C", "D"))

    queue_up(connection, versions(1, "A"))
    with toy(record_types=MERGING, prepare=listening(heard)):
        drain(connection.pk)
    assert codes(events(connection)) == [(NEW, ""), (SKIPPED, "merged"), (SKIPPED, "merged"), (UPDATED, "")]
    assert [entry["outcome"] for entry in account.ledger()] == ["created", "updated"]
    assert account.lead(email(1))["FirstName"] == "D"


def test_a_change_that_waits_after_a_failure_is_merged_with_what_came_meanwhile(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    account.fault("system_error")
    queue_up(connection, versions(1, "A"))
    drain(connection.pk)
    assert outcomes(connection) == [WAITING]
    account.clear_faults()
    queue_up(connection, versions(1, "B", "C"))
    its_time_comes(connection)
    drain(connection.pk)
    assert codes(events(connection)) == [(SKIPPED, "merged"), (SKIPPED, "merged"), (NEW, "")]
    assert account.lead(email(1))["FirstName"] == "C"


def test_a_worker_that_died_over_a_merge_leaves_all_of_it_to_the_next(account: LeadSquaredAccount) -> None:
    class Died(BaseException):
        pass

    def die(item: Item) -> None:
        raise Died

    connection = connect(account)
    run = queue_up(connection, versions(1, "A", "B", "C"))
    with toy(record_types=MERGING, prepare=listening(die)), suppress(Died):
        drain(connection.pk)
    its_lease_runs_out(connection)
    with toy(record_types=MERGING):
        drain(connection.pk)
    assert outcomes(connection) == [SKIPPED, SKIPPED, NEW]
    assert [event.attempts for event in events(connection)] == [2, 0, 2], "what may have been sent is named"
    assert len(account.ledger()) == 1
    assert counts(run) == {"read": 3, "new": 1, "skipped": 2}


def test_a_live_change_takes_the_place_of_a_paused_exports_record(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    export = queue_up(connection, leads(range(3)), bulk=True)
    Run.objects.filter(pk=export.pk).update(trigger=Run.Trigger.EXPORT)
    export.refresh_from_db()
    control.pause(export)
    queue_up(connection, versions(1, "Live"))
    drain(connection.pk)
    assert account.lead(email(1))["FirstName"] == "Live"
    assert len(account.ledger()) == 1
    assert counts(export) == {"read": 3, "skipped": 1}
    control.resume(export)
    drain(connection.pk)
    assert len(account.ledger()) == 3
    assert counts(export) == {"read": 3, "new": 2, "skipped": 1}
    assert export.status == Run.Status.SUCCESS


def test_a_record_that_ends_where_it_was_is_not_sent(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, versions(1, "A"))
    drain(connection.pk)
    queue_up(connection, versions(1, "B", "A"))
    drain(connection.pk)
    assert codes(events(connection))[1:] == [(SKIPPED, "merged"), (Event.Outcome.UNCHANGED, "")]
    assert len(account.ledger()) == 1


def test_a_type_that_does_not_merge_sends_every_change(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, versions(1, "A", "B", "C"))
    parts: dict[str, Any] = {"record_types": (LEAD, ACTIVITY)}
    with toy(**parts):
        drain(connection.pk)
    assert outcomes(connection) == [NEW, UPDATED, UPDATED]
    assert len(account.ledger()) == 3
