"""Counted: calls to the vendors and queries, for many and for nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.connectors.contactsend.jobs import FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.engine import collect
from integrations.core.engine.drain import drain
from integrations.core.models import Event, Run
from tests.connectors.contactsend.pair import connect, first_sync, from_send, settle, subscribe_to
from tests.sandbox_contacthub import ContacthubAccount
from tests.sandbox_contactsend import ContactsendAccount

pytestmark = pytest.mark.django_db
MODIFIED = "MODIFICATO"
# Who is known of it; its cursor, its run and its lease, in a transaction.
QUERIES_A_PAGE = 14


def writes(hub: ContacthubAccount, send: ContactsendAccount) -> int:
    return len(hub.ledger()) + len(send.ledger())


def test_a_first_sync_takes_two_calls_a_customer_and_its_lists(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.seed(200)
    source = connect(hub, send)
    calls, before = len(send.operations()), hub.call_count()
    first_sync(source)
    operations = Counter(send.operations(calls))
    assert (operations["findSubscribers"], operations["addSubscriber"]) == (200, 200)
    # Pages of what is there by now, the token, the userdb.
    assert sum(operations.values()) - 400 <= 10
    # Pages of 50, each asked from the last change on.
    assert hub.call_count() - before <= 8


@pytest.mark.parametrize("modified", [MODIFIED, ""])
def test_a_look_at_many_unchanged_writes_nothing_and_costs_queries_by_the_page(
    hub: ContacthubAccount, send: ContactsendAccount, modified: str
) -> None:
    source = connect(hub, send, last_modified_field=modified)
    settle(source, 1)
    counted = []
    for start in (1, 301):
        send.seed(300, start=start)
        settle(source, 1)
        found, written = Event.objects.count(), writes(hub, send)
        with CaptureQueriesContext(database) as captured:
            from_send(source)
        counted.append(len(captured))
        assert (Event.objects.count(), writes(hub, send)) == (found, written)
    assert counted[1] - counted[0] <= 3 * QUERIES_A_PAGE


def test_queries_of_a_drain_grow_with_takes_not_with_records(hub: ContacthubAccount, send: ContactsendAccount) -> None:
    source = connect(hub, send)
    subscribe_to(source)
    settle(source, 1)
    counted = {number: queries_for(source, send, number) for number in (50, 200)}
    assert counted[200] <= counted[50] + 40


def queries_for(source: ContactsendConnection, send: ContactsendAccount, number: int) -> int:
    send.seed(number, start=number * 10)
    run = collect.start(source, FROM_SEND, Run.Trigger.SCHEDULE)
    assert run is not None
    collect.collect(run.pk)
    with CaptureQueriesContext(database) as captured:
        drain(source.pk)
    return len(captured)


def test_values_that_were_lost_by_many_are_kept_with_one_query(
    hub: ContacthubAccount, send: ContactsendAccount
) -> None:
    hub.seed(40)
    for number in range(1, 41):
        send.save_subscriber(EMAIL=f"customer{number:06}@example.test", NOME="Somebody else")
    source = connect(hub, send)
    run = collect.start(source, "first sync", Run.Trigger.IMPORT)
    assert run is not None
    collect.collect(run.pk)
    with CaptureQueriesContext(database) as captured:
        drain(source.pk)
    assert Event.objects.filter(message__startswith="Both sides had changed").count() == 40
    assert sum('INSERT INTO "core_eventpayload"' in query["sql"] for query in captured) <= 10
