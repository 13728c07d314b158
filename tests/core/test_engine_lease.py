"""The lease, wakes and the sweep: one worker a connection, and nothing that waits is forgotten."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from integrations.core.connector import Item, Job, Outcome, Result
from integrations.core.engine import inbox
from integrations.core.engine.drain import drain
from integrations.core.engine.lease import DELIVER, Held, LeaseLost, acquire
from integrations.core.engine.settle import settle
from integrations.core.engine.sweep import sweep
from integrations.core.engine.wake import wake, wake_now
from integrations.core.mapping import Mapped
from integrations.core.models import Connection, Delivery, Event, Lease, Link, Run
from integrations.core.models.engine import EPOCH
from integrations.core.registry import connector_for
from tests.core.toy import (
    Died,
    connect,
    email,
    events,
    its_lease_runs_out,
    lead,
    leads,
    listening,
    outcomes,
    queue_up,
    toy,
    webhook,
)
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db
NEW, PENDING = Event.Outcome.NEW, Event.Outcome.PENDING


def lease_of(connection: Connection) -> Lease:
    return Lease.objects.get(connection_id=connection.pk, name=DELIVER)


def call_of(number: int) -> bytes:
    return json.dumps({"ProspectID": f"s-{number}", "EmailAddress": email(number)}).encode()


# -- the lease ----------------------------------------------------------------------------------------


def test_one_worker_holds_a_connection_at_a_time(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    held = acquire(connection.pk)
    assert held is not None
    assert acquire(connection.pk) is None
    held.release()
    again = acquire(connection.pk)
    assert again is not None
    assert again.token == held.token + 1


def test_a_connection_is_pulled_and_drained_at_the_same_time(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    assert acquire(connection.pk) is not None
    assert acquire(connection.pk, "collect:nightly") is not None


def taken_over(connection: Connection) -> tuple[Held, Held]:
    """A holder whose lease ran out, and the one who has it now."""
    late = acquire(connection.pk)
    its_lease_runs_out(connection)
    now = acquire(connection.pk)
    assert late is not None
    assert now is not None
    return late, now


def test_who_comes_late_can_not_renew_and_knows_it(account: LeadSquaredAccount) -> None:
    late, now = taken_over(connect(account))
    with pytest.raises(LeaseLost):
        late.renew()
    assert not late.alive()
    now.renew()
    assert now.alive()


def test_who_comes_late_can_not_settle(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1)])
    late, _ = taken_over(connection)
    [event] = events(connection)
    item = Item(event.pk, event.run_id, "lead", "s-1", {}, 1, True, None, False, None, mapped=Mapped({"a": "b"}))
    with pytest.raises(LeaseLost):
        settle(late, None, [Outcome(item, Result.NEW, remote_id="r-1")])
    [event] = events(connection)
    assert (event.outcome, event.tries.count(), Link.objects.count()) == (PENDING, 0, 0)


def test_who_comes_late_can_not_read_webhook_calls(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    call = webhook(connection, call_of(1))
    late, _ = taken_over(connection)
    with pytest.raises(LeaseLost):
        inbox.read_deliveries(connector_for(connection), late, seconds=1)
    call.refresh_from_db()
    assert (call.status, events(connection)) == (Delivery.Status.RECEIVED, [])


def test_who_comes_late_can_not_give_the_lease_of_another_back(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    late, _ = taken_over(connection)
    late.release(failures=9)
    assert acquire(connection.pk) is None
    assert lease_of(connection).failures == 0


def test_a_drain_leaves_a_connection_alone_that_another_one_works_on(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1)])
    acquire(connection.pk)
    before = account.call_count()
    drain(connection.pk)
    assert account.call_count() == before
    assert outcomes(connection) == [PENDING]


def test_a_drain_that_loses_its_lease_stops_without_writing(account: LeadSquaredAccount) -> None:
    connection = connect(account)

    def lose(item: Item) -> None:
        Lease.objects.filter(connection_id=connection.pk).update(until=EPOCH)
        acquire(connection.pk)

    queue_up(connection, leads(range(3)))
    with toy(prepare=listening(lose)):
        drain(connection.pk)
    assert outcomes(connection) == [PENDING] * 3
    assert acquire(connection.pk) is None, "the other one's lease stands"


def test_a_drain_gives_its_lease_back(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1)])
    drain(connection.pk)
    assert acquire(connection.pk) is not None


# -- wakes --------------------------------------------------------------------------------------------


def test_a_thousand_wakes_queue_one_task(
    account: LeadSquaredAccount, queued: Callable[[], int], django_capture_on_commit_callbacks: Any
) -> None:
    connection = connect(account)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(1000):
            wake(connection.pk)
    assert queued() == 1


def test_the_next_wake_after_a_drain_queues_a_task_again(
    account: LeadSquaredAccount, queued: Callable[[], int]
) -> None:
    connection = connect(account)
    wake_now(connection.pk)
    drain(connection.pk)
    wake_now(connection.pk)
    assert queued() == 2


def test_a_call_that_comes_while_a_drain_ends_is_not_left_for_the_sweep(
    account: LeadSquaredAccount, queued: Callable[[], int], django_capture_on_commit_callbacks: Any
) -> None:
    """The worker it wakes finds the lease taken and goes; the one who holds it has read its calls already."""
    connection = connect(account)

    def arrives(item: Item) -> None:
        webhook(connection, call_of(2))
        wake_now(connection.pk)
        drain(connection.pk)

    queue_up(connection, [lead(1)])
    with django_capture_on_commit_callbacks(execute=True), toy(prepare=listening(arrives)):
        drain(connection.pk)
    assert queued() == 2
    assert lease_of(connection).wanted
    drain(connection.pk)
    assert set(outcomes(connection)) == {NEW}
    assert account.lead_count() == 2


def test_an_ended_drain_asks_for_another_one_while_there_is_work(
    account: LeadSquaredAccount, queued: Callable[[], int], django_capture_on_commit_callbacks: Any
) -> None:
    connection = connect(account)
    account.latency(200)
    queue_up(connection, leads(range(1500)))
    with django_capture_on_commit_callbacks(execute=True), toy(concurrency=1):
        drain(connection.pk, budget=1)
    assert 0 < outcomes(connection).count(NEW) < 1500
    assert queued() == 1


# -- the sweep ----------------------------------------------------------------------------------------


@pytest.fixture
def swept(queued: Callable[[], int], django_capture_on_commit_callbacks: Any) -> Callable[[], int]:
    """Sweep once; how many tasks were queued by it."""

    def once() -> int:
        before = queued()
        with django_capture_on_commit_callbacks(execute=True):
            sweep()
        return queued() - before

    return once


def test_the_sweep_wakes_for_what_is_due_although_a_lost_wake_stands(
    account: LeadSquaredAccount, swept: Callable[[], int]
) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1)])
    Lease.objects.update_or_create(connection_id=connection.pk, name=DELIVER, defaults={"wanted": True})
    assert swept() == 1
    drain(connection.pk)
    assert outcomes(connection) == [NEW]
    assert swept() == 0


def test_the_sweep_wakes_for_calls_nobody_has_read(account: LeadSquaredAccount, swept: Callable[[], int]) -> None:
    connection = connect(account)
    webhook(connection, call_of(1))
    assert swept() == 1


@pytest.mark.parametrize(
    "lease",
    [
        {"until": timezone.now() + datetime.timedelta(hours=1)},
        {"not_before": timezone.now() + datetime.timedelta(hours=1)},
    ],
    ids=["worked on", "paused"],
)
def test_the_sweep_wakes_nobody_for_a_connection_that_is(
    account: LeadSquaredAccount, swept: Callable[[], int], lease: dict[str, Any]
) -> None:
    connection = connect(account)
    queue_up(connection, [lead(1)])
    Lease.objects.create(connection_id=connection.pk, name=DELIVER, **lease)
    assert swept() == 0


def test_the_sweep_leaves_a_disabled_connection_alone(account: LeadSquaredAccount, swept: Callable[[], int]) -> None:
    connection = connect(account, state=Connection.State.DISABLED)
    queue_up(connection, [lead(1)])
    assert swept() == 0


def test_a_worker_that_died_is_replaced_when_its_lease_has_run_out(
    account: LeadSquaredAccount, swept: Callable[[], int]
) -> None:
    connection = connect(account)

    def die(item: Item) -> None:
        raise Died

    queue_up(connection, leads(range(3)))
    with toy(prepare=listening(die)), suppress(Died):
        drain(connection.pk)
    assert swept() == 0
    its_lease_runs_out(connection)
    assert swept() == 1
    drain(connection.pk)
    assert outcomes(connection) == [NEW] * 3
    assert {event.attempts for event in events(connection)} == {2}, "it counts as one that may have got through"


def test_one_connection_that_can_not_be_read_does_not_stop_the_sweep(
    account: LeadSquaredAccount, swept: Callable[[], int]
) -> None:
    Connection.objects.create(connector="removed", name="A", state=Connection.State.ENABLED)
    connection = connect(account, name="B")
    with toy(jobs=lambda self: {"hourly": Job(every=datetime.timedelta(hours=1))}):
        sweep()
        sweep(timezone.now() + datetime.timedelta(hours=2))
    assert Run.objects.filter(connection_id=connection.pk, job="hourly").count() == 1
