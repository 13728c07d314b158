"""Several database connections at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection as database

from integrations.core.batch import RowResult


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """The results of these jobs, each on a connection of its own, started together."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            with database.cursor():
                barrier.wait(timeout=20)
            return job()
        finally:
            database.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def outcomes(batches: list[list[RowResult]]) -> Counter[str]:
    return Counter(result.outcome for results in batches for result in results)
