"""A long history, written by the database itself: sync jobs of 50 events each, of busy and quiet connections."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import connection

from integrations.core.models import Event, Run
from tests.bench.stage import analyse

DAYS = 90
EVENTS_A_RUN = 50
# Rows numbered 1 and on, and a time by number.
NUMBERS = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})",
    "postgresql": "WITH n AS (SELECT i FROM generate_series(1, {count}::bigint) AS i)",
}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', {since} + i * {step}, 'unixepoch')",
    "postgresql": "to_timestamp({since} + i * {step})",
}
# In thousandths; the rest is waiting.
OUTCOMES = (("new", 300), ("updated", 420), ("unchanged", 120), ("skipped", 90), ("failed", 69))
RUNS = f"""INSERT INTO {Run._meta.db_table} (connection_id, trigger, job, status, complete, started_at, finished_at,
    read, new, updated, unchanged, skipped, failed, message, plan, reported, judged)
    {{numbers}} SELECT {{connection}}, 'webhook', '',
    CASE WHEN i % 4999 = 0 THEN 'stopped' WHEN i % 7 = 0 THEN 'failure' ELSE 'success' END,
    {{true}}, {{moment}}, {{moment}}, 50, 15, 21, 6, 4, 4, '', '{{{{}}}}', {{true}}, {{true}} FROM n"""
EVENTS = f"""INSERT INTO {Event._meta.db_table} (connection_id, run_id, record_type, key, label, source_time, priority,
    due_at, attempts, outcome, code, message, recovered, retried, created_at, settled_at)
    {{numbers}} SELECT {{connection}}, {{first_run}} + (i - 1) / 50,
    CASE WHEN i % 9 = 0 THEN 'activity' ELSE 'lead' END,
    'key-' || (i % 400000), 'person' || (i % 400000) || '@example.test', {{moment}}, 0,
    CASE WHEN {{waiting}} THEN {{moment}} END, 1, {{outcome}}, '', '', {{false}}, {{false}}, {{moment}},
    CASE WHEN NOT ({{waiting}}) THEN {{moment}} END FROM n"""


def write_history(count: int, connections: Sequence[int], *, waiting: bool = True) -> None:
    """`count` events, oldest first. The first connection has most of them; the last only some of the oldest.

    One in a thousand is `waiting`, else all are settled.
    """
    runs = count // EVENTS_A_RUN
    _insert(RUNS, runs, run="i", runs=runs, connections=connections)
    # PostgreSQL would go on checking the events' foreign keys by a plan for the few runs of before.
    analyse()
    first_run = Run.objects.latest("pk").pk - runs + 1
    _insert(
        EVENTS,
        count,
        run="((i - 1) / 50 + 1)",
        runs=runs,
        connections=connections,
        first_run=first_run,
        waiting=waiting,
    )


def _insert(
    statement: str,
    number: int,
    *,
    run: str,
    runs: int,
    connections: Sequence[int],
    first_run: int = 0,
    waiting: bool = False,
) -> None:
    draw = "(i * 7919) % 1000"
    outcome, below = "CASE", 0
    for name, share in OUTCOMES:
        below += share
        outcome += f" WHEN {draw} < {below} THEN '{name}'"
    vendor = connection.vendor
    sql = statement.format(
        numbers=NUMBERS[vendor].format(count=number),
        moment=MOMENT[vendor].format(since=time.time() - DAYS * 86400, step=DAYS * 86400 / number),
        connection=f"CASE {_cases(connections)} END".format(run=run, runs=runs),
        outcome=f"{outcome} ELSE '{'waiting' if waiting else 'failed'}' END",
        waiting=f"{draw} >= {below}" if waiting else "1 = 0",
        true="1" if vendor == "sqlite" else "true",
        false="0" if vendor == "sqlite" else "false",
        first_run=first_run,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _cases(connections: Sequence[int]) -> str:
    """Which connection a run belongs to: shares of tenths, the last one only in the oldest hundredth."""
    busy = connections[:-1] or connections
    shares = "".join(f" WHEN {{run}} % 10 >= {10 - number} THEN {pk}" for number, pk in enumerate(busy[1:], 1))
    return f"WHEN {{run}} * 100 < {{runs}} AND {{run}} % 3 = 0 THEN {connections[-1]}{shares} ELSE {busy[0]}"
