"""The dashboard's counters say what a scan says, whatever happens in whatever order."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.connector import Item, Outcome, Result
from integrations.core.engine import control, counts, retry
from integrations.core.engine.drain import drain
from integrations.core.engine.retention import retain
from integrations.core.models import Attempt, Connection, Event, FailureGroup, HourCount, Run
from tests.at_once import at_once
from tests.core.log_rows import make_connection, make_event
from tests.core.toy import connect, deliver, lead, leads, queue_up, retry_failed, toy
from tests.sandbox_server import LeadSquaredAccount

pytestmark = pytest.mark.django_db
at_once_works = pytest.mark.skipif(
    database.vendor == "sqlite", reason="SQLite in memory refuses where a file would wait"
)
FIELDS = ("Phone", "Mobile", "Zip")


def refusing(dice: random.Random, share: float = 0.5) -> Any:
    """A `deliver` that refuses some, each with values of its own."""

    def deliver(self: Any, record_type: str, items: Sequence[Item]) -> Iterator[Outcome]:
        for item in items:
            if dice.random() < share:
                message = f"Refused '{item.key}' {dice.randrange(999)} (field {dice.choice(FIELDS)})."
                yield Outcome(item, Result.FAILED, message, "refused")
            else:
                yield Outcome(item, Result.NEW, remote_id=item.key)

    return deliver


def groups() -> dict[tuple[int, str, str], int]:
    rows = FailureGroup.objects.values_list("connection_id", "record_type", "cause", "open")
    return {(connection_id, record_type, cause): number for connection_id, record_type, cause, number in rows}


def scanned() -> dict[tuple[int, str, str], int]:
    failed = Event.objects.filter(outcome="failed").values_list("connection_id", "record_type", "cause")
    return dict(Counter(failed))


def hours() -> tuple[int, int]:
    """(done, failed) of all hours."""
    rows = HourCount.objects.values_list("done", "failed")
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def attempted() -> tuple[int, int]:
    """The same by the attempts, and by the events that were refused as they came."""
    done = Attempt.objects.filter(outcome__in=("new", "updated", "unchanged")).count()
    refused = Event.objects.filter(code="refused", tries__isnull=True, outcome="failed").count()
    return done, Attempt.objects.filter(outcome="failed").count() + refused


# -- in any order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_counters_are_what_a_scan_says_after_any_order_of_steps(account: LeadSquaredAccount, seed: int) -> None:
    dice = random.Random(seed)
    numbers = iter(range(10_000))
    with toy(deliver=refusing(dice)):
        connections = [connect(account, name=f"Shop {number}") for number in range(2)]

        def some(connection: Connection) -> list[int]:
            ids = list(retry.failed(connection.pk).values_list("pk", flat=True))
            return dice.sample(ids, dice.randint(0, len(ids)))

        def take_in(connection: Connection) -> None:
            queue_up(connection, [lead(next(numbers)) for _ in range(dice.randint(1, 12))])

        def settle(connection: Connection) -> None:
            drain(connection.pk)

        def retry_some(connection: Connection) -> None:
            retry.retry(connection.pk, some(connection))

        def retry_many(connection: Connection) -> None:
            if ids := some(connection):
                retry.retry_all(connection.pk, ids)

        def keep_a_month(connection: Connection) -> None:
            retain(timezone.now() + datetime.timedelta(days=dice.choice((0, 60))))

        def drop_what_waits(connection: Connection) -> None:
            control.abandon(connection.pk)

        steps = [take_in, settle, settle, retry_some, retry_many, keep_a_month, drop_what_waits]
        for _ in range(25):
            dice.choice(steps)(dice.choice(connections))
            assert groups() == scanned()
        for connection in connections:
            take_in(connection)
            settle(connection)
    assert groups() == scanned() and groups()
    assert counts.recount() == 0


def test_hours_count_every_attempt(account: LeadSquaredAccount) -> None:
    with toy(deliver=refusing(random.Random(1))):
        connection = connect(account)
        deliver(connection, *leads(range(40)))
        for _ in range(3):
            retry_failed(connection)
            drain(connection.pk)
    assert hours() == attempted() and hours()[1] > 0


# -- what enters and leaves a group ---------------------------------------------------------------------------


def test_a_group_says_since_when_and_names_an_example(account: LeadSquaredAccount) -> None:
    before = timezone.now()
    with toy(deliver=refusing(random.Random(2), share=1)):
        connection = connect(account)
        first, *_, last = deliver(connection, *leads(range(30)))
    found = FailureGroup.objects.filter(connection_id=connection.pk)
    assert sum(group.open for group in found) == 30
    assert {group.text for group in found} == {f"Refused … (field {name})." for name in FIELDS}
    assert max(group.example for group in found) == last.pk
    assert all(before <= group.since <= group.last for group in found)
    assert first.cause in {group.cause for group in found}


def test_what_is_refused_as_it_comes_is_counted(account: LeadSquaredAccount) -> None:
    connection = connect(account)
    broken = [lead(number) for number in range(3)]
    broken = [type(record)(record.record_type, record.key, {}, problem="It has no key 7.") for record in broken]
    queue_up(connection, broken)
    assert groups() == scanned() and list(groups().values()) == [3]
    assert hours() == attempted() == (0, 3)


def test_a_group_goes_with_its_last_event_and_begins_anew(account: LeadSquaredAccount) -> None:
    with toy(deliver=refusing(random.Random(3), share=1)):
        connection = connect(account)
        [event] = deliver(connection, lead(1))
        old = FailureGroup.objects.get()
        retry.retry(connection.pk, [event.pk])
        assert not FailureGroup.objects.exists() and Event.objects.get().cause is None
        drain(connection.pk)
    again = FailureGroup.objects.get()
    assert again.open == 1 and again.since > old.since


@at_once_works
@pytest.mark.django_db(transaction=True)
def test_two_people_who_retry_at_once_take_it_off_once() -> None:
    connection = make_connection()
    events = [make_event(connection, "failed", code="refused", message=f"No {number}.") for number in range(40)]
    counts.recount()
    ids = [event.pk for event in events]
    at_once(*[lambda: retry.retry(connection.pk, ids[:30])] * 4)
    assert groups() == scanned() and list(groups().values()) == [10]


# -- from scratch ---------------------------------------------------------------------------------------------


def test_they_can_be_counted_from_scratch(account: LeadSquaredAccount) -> None:
    with toy(deliver=refusing(random.Random(4))):
        connection = connect(account)
        deliver(connection, *leads(range(50)))
    right = groups()
    FailureGroup.objects.filter(pk=FailureGroup.objects.order_by("pk").values("pk")[:1]).update(open=99)
    FailureGroup.objects.order_by("-pk").first().delete()  # type: ignore[union-attr]
    FailureGroup.objects.create(connection=connection, record_type="lead", cause="f" * 16, open=3)
    assert counts.recount() == 3
    assert groups() == right
    assert counts.recount() == 0


def test_failures_of_before_there_were_causes_get_one() -> None:
    connection = make_connection()
    for number in range(5):
        make_event(connection, "failed", code="refused", message=f"No {number}.")
    counts.recount()
    assert groups() == scanned() and FailureGroup.objects.get().text == "No …."


def test_old_hours_are_forgotten(account: LeadSquaredAccount) -> None:
    deliver(connect(account), *leads([1]))
    retain()
    assert HourCount.objects.exists()
    retain(timezone.now() + counts.HOURS_KEPT + datetime.timedelta(hours=2))
    assert not HourCount.objects.exists()


# -- cost -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "for_failures"), [(0.0, 0), (0.5, 1)])
def test_settling_takes_one_statement_more_and_two_when_some_failed(
    account: LeadSquaredAccount, share: float, for_failures: int
) -> None:
    with toy(deliver=refusing(random.Random(5), share)):
        connection = connect(account)
        queue_up(connection, leads(range(150)))
        with CaptureQueriesContext(database) as statements:
            drain(connection.pk)
    asked = [query["sql"] for query in statements.captured_queries]
    settled = sum('INSERT INTO "core_attempt"' in sql for sql in asked)
    assert sum("core_hourcount" in sql for sql in asked) == settled
    assert sum("core_failuregroup" in sql for sql in asked) == settled * for_failures


def test_a_run_of_the_connection_is_counted_under_it_only(account: LeadSquaredAccount) -> None:
    with toy(deliver=refusing(random.Random(6), share=1)):
        first, second = connect(account, name="A"), connect(account, name="B")
        deliver(first, *leads(range(4)))
        deliver(second, *leads(range(7)))
    assert Run.objects.count() == 2
    for connection, number in ((first, 4), (second, 7)):
        assert sum(HourCount.objects.filter(connection=connection).values_list("failed", flat=True)) == number
