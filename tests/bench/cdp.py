"""Customer data platform: an audience over 1,000,000 persons with ten events each, and one person's change.

Run by `python -m tests.bench`, which prepares the database and the environment. The events lie in the order of their
time, as they come in; the first calculation runs before anything is analysed, as after a bulk load.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import django

from tests.bench.report import Figure, hand_over, middle, progress
from tests.bench.stage import analyse

SECONDS, CHANGE_MS, MEMORY_MB = {"postgresql": 60.0, "sqlite": 300.0}, 50.0, 30
EVENTS_EACH, DAYS = 10, 360
CHANGES = 200
PERSONS = {
    "postgresql": """INSERT INTO cdp_person (id, properties, property_times, created_at, updated_at)
        SELECT i, jsonb_build_object('city', 'City ' || i %% 50, 'age', i %% 90, 'newsletter', i %% 3 = 0), '{{}}',
        now(), now() FROM generate_series(1, {persons}) AS i""",
    "sqlite": """INSERT INTO cdp_person (id, properties, property_times, created_at, updated_at)
        {numbers} SELECT i, json_object('city', 'City ' || i %% 50, 'age', i %% 90, 'newsletter',
        json(CASE WHEN i %% 3 = 0 THEN 'true' ELSE 'false' END)), '{{}}', '{now}', '{now}' FROM n""",
}
# 7,919 is prime: neighbours in time are of persons far apart.
EVENTS = {
    "postgresql": """INSERT INTO cdp_personevent (person_id, type_id, at, data)
        SELECT 1 + i * 7919 %% {persons}, CASE WHEN i %% 5 < 2 THEN {purchase} ELSE {visit} END,
        now() - interval '1 second' * ({days} * 86400.0 * (1 - i::float8 / {events})),
        jsonb_build_object('amount', i %% 1000, 'category', 'Category ' || i %% 20)
        FROM generate_series(1, {events}::bigint) AS i""",
    "sqlite": """INSERT INTO cdp_personevent (person_id, type_id, at, data)
        {numbers} SELECT 1 + i * 7919 %% {persons}, CASE WHEN i %% 5 < 2 THEN {purchase} ELSE {visit} END,
        datetime('{now}', '-' || CAST({days} * 86400.0 * (1 - CAST(i AS REAL) / {events}) AS INTEGER) || ' seconds'),
        json_object('amount', i %% 1000, 'category', 'Category ' || i %% 20) FROM n""",
}
# Two thirds: who ordered, or had a look lately, among those of age.
CONDITION = {
    "match": "all",
    "conditions": [
        {"property": "age", "is": "at_least", "value": 18},
        {
            "match": "any",
            "conditions": [
                {
                    "event": "purchase",
                    "did": True,
                    "times": {"is": "at_least", "number": 2},
                    "within_days": 180,
                    "where": [{"field": "amount", "is": "over", "value": 300}],
                },
                {
                    "match": "all",
                    "conditions": [
                        {"property": "newsletter", "is": "yes"},
                        {"event": "visit", "did": True, "within_days": 30},
                        {"event": "purchase", "did": False, "within_days": 90},
                    ],
                },
            ],
        },
    ],
}


def write_crowd(persons: int) -> tuple[Any, Any]:
    """The event types of purchases and visits."""
    from django.db import connection
    from django.utils import timezone

    from integrations.sources.cdp.models import EventType, Property
    from tests.bench.history import NUMBERS

    for key, kind in (("city", "text"), ("age", "number"), ("newsletter", "yes_no")):
        Property.objects.create(name=key.title(), key=key, kind=kind)
    fields = {"amount": "number", "category": "text"}
    types = [EventType.objects.create(key=key, fields=fields) for key in ("purchase", "visit")]
    events = persons * EVENTS_EACH
    words = {"persons": persons, "events": events, "days": DAYS, "purchase": types[0].pk, "visit": types[1].pk}
    words["now"] = f"{timezone.now():%Y-%m-%d %H:%M:%S}"
    with connection.cursor() as cursor:
        for sql, count in ((PERSONS, persons), (EVENTS, events)):
            later = without_indexes(cursor) if sql is EVENTS and connection.vendor == "postgresql" else []
            numbers = NUMBERS[connection.vendor].format(count=count)
            cursor.execute(sql[connection.vendor].format(numbers=numbers, **words).replace("%%", "%"))
            for statement in later:
                cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('cdp_person', 'id'), %s)", [persons])
    return types[0], types[1]


def without_indexes(cursor: Any) -> list[str]:
    """Load events without their indexes and checks: the statements that make them afterwards."""
    for table in ("cdp_person", "cdp_personevent"):
        cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    cursor.execute("SET session_replication_role = replica")
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname IN ('cdp_event_person', 'cdp_event_time')"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [*(definition for _, definition in found), "SET session_replication_role = DEFAULT"]


def memory() -> float:
    """MB resident at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def from_scratch(kind: str, pk: int) -> tuple[float, float]:
    """Seconds of the whole, and of the longest slice."""
    from integrations.sources.cdp import recalculation, scratch

    recalculation.from_scratch(kind, pk)
    slices, more = [], True
    while more:
        started = time.perf_counter()
        more = scratch.go_on(kind, pk)
        slices.append(time.perf_counter() - started)
    return sum(slices), max(slices)


def one_change(pk: int, **changed: Any) -> float:
    """Milliseconds of a transaction that only brings one person up to date."""
    from django.db import transaction

    from integrations.sources.cdp import recalculation

    started = time.perf_counter()
    with transaction.atomic():
        recalculation.persons_changed([pk], **changed)
    return (time.perf_counter() - started) * 1000


def measure(persons: int) -> list[Figure]:
    from django.db import connection

    from integrations.sources.cdp.models import Attribute, Audience

    progress(f"writing {persons:,} persons with {EVENTS_EACH} events each")
    purchase, visit = write_crowd(persons)
    limit = SECONDS[connection.vendor] * persons / 1_000_000
    audience = Audience.objects.create(name="Benchmark", condition=CONDITION)
    progress("from scratch, nothing analysed")
    fresh, slowest = from_scratch("audience", audience.pk)
    before = memory()
    unanalysed = singles(persons, purchase, visit)
    audience.refresh_from_db()
    analyse()
    Audience.objects.filter(pk=audience.pk).update(condition=CONDITION)
    progress("from scratch, analysed")
    again, _ = from_scratch("audience", audience.pk)
    analysed = singles(persons, purchase, visit)
    attribute = Attribute.objects.create(
        name="Spent", event_type=purchase, aggregate="sum", field="amount", within_days=180
    )
    progress("an attribute from scratch")
    summed, _ = from_scratch("attribute", attribute.pk)
    note = f"{audience.size:,} entered"
    return [
        Figure("audience from scratch, nothing analysed", fresh, "s", at_most=limit, note=note),
        Figure("longest slice", slowest, "s"),
        Figure("audience from scratch again, analysed", again, "s", at_most=limit),
        Figure("attribute from scratch", summed, "s"),
        Figure("memory beyond that of the first", memory() - before, "MB", at_most=MEMORY_MB, note=f"{memory():.0f}"),
        middle("one person's change, nothing analysed", unanalysed, "ms", at_most=CHANGE_MS),
        middle("one person's change, analysed", analysed, "ms", at_most=CHANGE_MS),
    ]


def singles(persons: int, purchase: Any, visit: Any) -> list[float]:
    step = max(1, persons // CHANGES)
    found = []
    for pk in range(1, persons, step):
        found.append(one_change(pk, event_types=[purchase.pk, visit.pk], properties=["age", "city"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000, help="persons, with ten events each")
    parser.add_argument("--runs", type=int, help="not used: each is measured once")
    options = parser.parse_args()
    django.setup()
    hand_over(measure(options.records))


if __name__ == "__main__":
    main()
