"""Recording movements through the JSON API: batches of 1,000 against one request each, over HTTP to the real server.

Run by `python -m tests.bench`, which prepares the database and the environment.
"""

from __future__ import annotations

import argparse
import http.client
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import django

from tests.bench.intake import OURS, serving
from tests.bench.report import Figure, hand_over, middle, progress

CUSTOMERS = 2_000
BATCH = 1000
# One request each is measured with fewer: it's the rate that counts.
SINGLES = 1000
TARGET_RATIO = 20.0


class Till:
    """A program that uses the API over one connection; every movement it sends is a new one."""

    def __init__(self, address: str, token: str) -> None:
        target = urlsplit(address)
        self.connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.number = 0

    def movements(self, count: int) -> list[dict[str, Any]]:
        self.number += count
        return [
            {"external_id": f"bench-{n}", "customer_external_id": f"c-{n % CUSTOMERS}", "value": 10, "reason": "order"}
            for n in range(self.number - count, self.number)
        ]

    def post(self, path: str, body: Any) -> Any:
        self.connection.request("POST", f"/api/loyalty/{path}", json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")
        return json.loads(content)

    def batches(self, path: str, rows: list[Any]) -> int:
        """How many rows were created."""
        answers = (self.post(f"{path}/batch", {"rows": part}) for part in parts(rows))
        return sum(answer["counts"].get("created", 0) for answer in answers)

    def singles(self, path: str, rows: Iterable[Any]) -> int:
        return sum(self.post(path, row)["outcome"] == "created" for row in rows)


def parts(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def timed(send: Any, rows: list[Any]) -> float:
    """Rows per second. A fast run that lost some isn't one."""
    started = time.perf_counter()
    created = send("movements", rows)
    seconds = time.perf_counter() - started
    if created != len(rows):
        raise RuntimeError(f"{created} of {len(rows)} were recorded")
    return len(rows) / seconds


def measure(records: int, runs: int) -> list[Figure]:
    from integrations.core.api.tokens import new_token
    from integrations.sources.loyalty.models import Movement

    _, token = new_token("Benchmark", ["loyalty"])
    single, batched = [], []
    with serving(OURS, "") as server:
        till = Till(server.address, token)
        till.batches("customers", [{"external_id": f"c-{n}"} for n in range(CUSTOMERS)])
        for number in range(1, runs + 1):
            single.append(timed(till.singles, till.movements(SINGLES)))
            batched.append(timed(till.batches, till.movements(records)))
            progress(f"run {number}: one each {single[-1]:.0f}/s, batches of {BATCH:,} {batched[-1]:,.0f}/s")
    return [
        middle("one request each", single, "movements/s"),
        middle(f"batches of {BATCH:,}", batched, "movements/s"),
        middle("ratio", [b / a for a, b in zip(single, batched, strict=True)], "×", at_least=TARGET_RATIO),
        Figure("movements lost or doubled", abs(till.number - Movement.objects.count()), "", at_most=0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    django.setup()
    hand_over(measure(options.records, options.runs))


if __name__ == "__main__":
    main()
