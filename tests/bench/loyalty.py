"""Loyalty: who loses points on a date, over 1,000,000 accounts, and movements in batches against one at a time.

Run by `python -m tests.bench`, which prepares the database and the environment.
"""

from __future__ import annotations

import argparse
import datetime
import resource
import time

import django

from tests.bench.report import Figure, hand_over, middle, progress
from tests.bench.stage import analyse

DATE, LATER = datetime.date(2027, 5, 1), datetime.date(2027, 6, 1)
LIMIT_SECONDS = {"sqlite": 5.0, "postgresql": 2.0}
MEMORY_MB = 10
BATCHES, BATCH, SINGLE = 10, 1000, 300
# Every account has points that expire on DATE, some that expire later, and some that never do.
CUSTOMERS = """INSERT INTO loyalty_customer
    (id, email, email_key, first_name, last_name, registered, created_at, updated_at)
    {numbers} SELECT i, 'bench' || i || '@example.test', 'bench' || i || '@example.test', '', '', {false},
    '2026-01-01 00:00:00', '2026-01-01 00:00:00' FROM n"""
ACCOUNTS = """INSERT INTO loyalty_account (customer_id, balance, next_expiry_points, revision)
    {numbers} SELECT i, 60, 0, 1 FROM n"""
MOVEMENTS = """INSERT INTO loyalty_movement (account_id, value, reason, moved_at, expires_on, remaining, created_at)
    {numbers}
    SELECT i, {points}, 'order', '2026-01-01 00:00:00', {expires_on}, {points}, '2026-01-01 00:00:00' FROM n"""


def write_accounts(count: int) -> None:
    from django.db import connection

    from tests.bench.history import NUMBERS

    numbers = NUMBERS[connection.vendor].format(count=count)
    false = "0" if connection.vendor == "sqlite" else "false"
    earned = ((10, f"DATE '{DATE}'"), (20, f"DATE '{LATER}'"), (30, "NULL"))
    with connection.cursor() as cursor:
        for sql in (CUSTOMERS, ACCOUNTS):
            cursor.execute(sql.format(numbers=numbers, false=false))
        for points, expires_on in earned:
            date = expires_on.removeprefix("DATE ") if connection.vendor == "sqlite" else expires_on
            cursor.execute(MOVEMENTS.format(numbers=numbers, points=points, expires_on=date))
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('loyalty_customer', 'id'), %s)", [count])


def memory() -> float:
    """MB resident at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def select(date: datetime.date, expected: int) -> float:
    """Seconds until everybody who loses points on that date was seen."""
    from integrations.sources.loyalty.expiry import expiring

    started = time.perf_counter()
    seen = sum(1 for _ in expiring(date))
    if seen != expected:
        raise RuntimeError(f"{seen} of {expected} accounts came")
    return time.perf_counter() - started


def measure_expiry(accounts: int, runs: int) -> list[Figure]:
    from django.db import connection

    progress(f"writing {accounts:,} accounts")
    write_accounts(accounts)
    analyse()
    select(LATER + datetime.timedelta(days=1), 0)
    before = memory()
    times = [select(DATE, accounts) for _ in range(runs)]
    grown = memory() - before
    return [
        middle("expiry selection, everybody loses some", times, "s", at_most=LIMIT_SECONDS[connection.vendor]),
        Figure("memory it took", grown, "MB", at_most=MEMORY_MB, note=f"of {memory():.0f} MB resident"),
    ]


def measure_batches(runs: int) -> list[Figure]:
    from integrations.sources.loyalty.batch import MovementRow
    from integrations.sources.loyalty.models import Customer
    from integrations.sources.loyalty.movements import record_movements

    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:BATCH])
    singles, batches = [], []
    for run in range(runs):
        started = time.perf_counter()
        for number in range(SINGLE):
            record_movements([MovementRow(5, customer_id=ids[number], external_id=f"single-{run}-{number}")])
        singles.append(SINGLE / (time.perf_counter() - started))
        started = time.perf_counter()
        for batch in range(BATCHES):
            rows = [MovementRow(5, customer_id=pk, external_id=f"batch-{run}-{batch}-{pk}") for pk in ids]
            record_movements(rows)
        batches.append(BATCHES * BATCH / (time.perf_counter() - started))
    ratios = [batch / single for batch, single in zip(batches, singles, strict=True)]
    return [
        middle("movements, one at a time", singles, "records/s"),
        middle("movements, a thousand at a time", batches, "records/s"),
        middle("ratio", ratios, "×"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    django.setup()
    hand_over([*measure_expiry(options.records, options.runs), *measure_batches(options.runs)])


if __name__ == "__main__":
    main()
