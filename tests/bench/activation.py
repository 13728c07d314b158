"""Heyloyalty activation: the first sync of many persons at Heyloyalty's default rate.

Run by `python -m tests.bench --only activation`, which prepares the database and the environment. The practice account
refuses calls above the rate, and works imports off after a second, as it does from its first start.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import django
from django.utils import timezone

from tests.bench.first_import import run_to_end
from tests.bench.report import Figure, hand_over, progress
from tests.bench.worker import peak_mb

PERSONS = 10_000
A_SECOND, MOST_SECONDS, FEWER, MOST_MB = 5, 300, 20, 150
CHUNK = 1000


def measure(persons: int) -> list[Figure]:
    from integrations.connectors.heyloyalty import attached, sync
    from integrations.connectors.heyloyalty.connector import HeyloyaltyActivation
    from integrations.sources.cdp.models import Attribute, Audience
    from tests.sandbox_server import Sandbox

    with Sandbox(process=True) as sandbox:
        practice = sandbox.heyloyalty()
        practice.settings(calls_per_s=A_SECOND)
        practice.seed(persons)
        audience = Audience.objects.create(name="Bench", kind=Audience.Kind.FIXED)
        attribute = Attribute.objects.create(name="Orders")
        progress(f"inventing {persons} persons")
        invent(persons, audience, attribute)
        connection = connect(practice)
        attached.attach(connection, [audience, attribute])
        connector = HeyloyaltyActivation(connection)
        attached.ensure(connector, timezone.now())
        connector.close()
        base, before, refused = peak_mb(), practice.call_count(), count_refused(practice)
        progress("first sync")
        started = time.monotonic()
        run = run_to_end(sync.start(connection))
        seconds, calls = time.monotonic() - started, practice.call_count() - before
        refused = count_refused(practice) - refused
        if run.updated != persons:
            raise RuntimeError(
                f"{run.updated} of {persons} were updated, {run.unchanged} unchanged, {run.failed} failed"
            )
        check(practice, persons)
        memory = peak_mb() - base
        progress("second sync: nothing changed")
        before = practice.call_count()
        again = run_to_end(sync.start(connection))
        if again.unchanged != persons:
            raise RuntimeError(f"{again.unchanged} of {persons} were unchanged")
        idle = practice.call_count() - before
    return [
        Figure(f"first sync of {persons} persons", seconds, "s", at_most=MOST_SECONDS),
        Figure("calls", calls, "calls", note=f"{refused} refused for the rate"),
        Figure("calls a person: fewer than one each", persons / calls, "×", at_least=FEWER),
        Figure("memory", memory, "MB", at_most=MOST_MB),
        Figure("calls of a second sync", idle, "calls", at_most=2),
    ]


def invent(persons: int, audience: Any, attribute: Any) -> None:
    """Every second one is in the audience, each has a value."""
    from integrations.sources.cdp.models import AttributeValue, Identifier, IdentifierType, Membership, Person

    email = IdentifierType.objects.get(key="email")
    for start in range(1, persons + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, persons + 1))
        rows = Person.objects.bulk_create(Person() for _ in numbers)
        names = [f"member{number:06}@example.test" for number in numbers]
        Identifier.objects.bulk_create(
            Identifier(person=row, type=email, value=name, key=name) for row, name in zip(rows, names, strict=True)
        )
        Membership.objects.bulk_create(Membership(audience=audience, person=row) for row in rows[::2])
        AttributeValue.objects.bulk_create(
            AttributeValue(attribute=attribute, person=row, number=number)
            for row, number in zip(rows, numbers, strict=True)
        )


def connect(practice: Any) -> Any:
    """An enabled activation of the list of customers, at the default rate."""
    from integrations.connectors.heyloyalty.models import ActivationConnection
    from integrations.core import newcomer
    from integrations.core.models import Connection
    from integrations.sources.cdp.models import IdentifierType
    from tests.sandbox_heyloyalty import CUSTOMERS

    connection = ActivationConnection.objects.create(
        connector="heyloyalty",
        name="Benchmark",
        state=Connection.State.ENABLED,
        identifier_type=IdentifierType.objects.get(key="email"),
        api_key=practice.api_key,
        api_secret=practice.api_secret,
        api_address=practice.url,
        list_id=str(CUSTOMERS),
    )
    newcomer.complete(connection, by="bench")
    return connection


def count_refused(practice: Any) -> int:
    return sum(call["status"] == 429 for call in practice.calls())


def check(practice: Any, persons: int) -> None:
    """The list has what the platform has."""
    yes = practice.option("raptor_aud_bench", "Yes")
    for number, member in enumerate(practice.members(), 1):
        values = member["values"]
        if (values["raptor_aud_bench"] == yes, values["raptor_att_orders"]) != (number % 2 == 1, str(number)):
            raise RuntimeError(f"{number} of {persons} has other values: {values}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=PERSONS, help="how many persons")
    parser.add_argument("--runs", type=int, help="ignored: the pace is Heyloyalty's")
    options = parser.parse_args()
    django.setup()
    hand_over(measure(options.records))


if __name__ == "__main__":
    main()
