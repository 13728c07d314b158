"""All benchmarks: `.venv/bin/python -m tests.bench [--only NAME] [--database sqlite|postgresql|both]`.

Medians and ratios of one process run a database; exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from tests.bench.report import Figure, handed_over, progress, show
from tests.bench.stage import ROOT, database, postgresql_answers

BENCHMARKS = {
    "delivery": "Delivery: 20 ms vendor latency, batches of 25, log rows included",
    "intake": "Webhook intake: ours against a plain view behind gunicorn's sync worker",
    "log": "Log pages over 1,000,000 events, in process",
    "dashboard": "The first page: 200 connections over 1,000,000 events, in process",
    "loyalty": "Loyalty: expiry over 1,000,000 accounts, movements in batches",
    "api": "JSON API: 10,000 movements in batches of 1,000 against one request each",
    "export": "LeadHub: the share of its allowed rate that an export uses",
    "first_import": "FlexPOS: a first import, and a five-minute run among its members",
    "activation": "Heyloyalty activation: the first sync of 10,000 persons at five calls a second",
    "cdp": "Customer data: an audience over 1,000,000 persons with 10,000,000 events",
    "contactsend": "Contacthub and Contactsend: a first sync, a look at everybody, a change on its way",
}
MODULES = {
    "delivery": "delivery",
    "intake": "intake",
    "log": "logpage",
    "dashboard": "dashboard",
    "loyalty": "loyalty",
    "api": "api",
    "export": "export",
    "first_import": "first_import",
    "activation": "activation",
    "cdp": "cdp",
    "contactsend": "contactsend",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, help="one benchmark instead of all")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument(
        "--records", type=int, help="leads to deliver, calls to take in, rows in the log, accounts, or persons"
    )
    parser.add_argument("--runs", type=int, help="how often each is measured")
    parser.add_argument("--settled", action="store_true", help="deliver also with 1,000,000 settled events")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(BENCHMARKS)
    results = [
        (f"{BENCHMARKS[name]} · {kind}", measured(name, kind, arguments(name, options)))
        for kind in databases(options.database)
        for name in chosen
    ]
    for title, figures in results:
        show(title, figures)
    missed = [figure for _, figures in results for figure in figures if not figure.met]
    print(f"\n{len(missed)} targets missed." if missed else "\nEvery target is met.")
    return 1 if missed else 0


def databases(wanted: str) -> list[str]:
    if wanted != "both":
        return [wanted]
    if not postgresql_answers():
        progress("PostgreSQL doesn't answer at 127.0.0.1:5432: SQLite only")
        return ["sqlite"]
    return ["sqlite", "postgresql"]


def arguments(name: str, options: argparse.Namespace) -> list[str]:
    given = {"--records": options.records, "--runs": options.runs}
    flags = ["--settled"] if options.settled and name == "delivery" else []
    return [*(str(part) for flag, value in given.items() if value is not None for part in (flag, value)), *flags]


def measured(name: str, kind: str, options: Sequence[str]) -> list[Figure]:
    """The figures of one benchmark in a process and a database of its own."""
    progress(f"{name} on {kind}")
    with database(kind) as environment:
        command = [sys.executable, "-m", f"tests.bench.{MODULES[name]}", *options]
        answer = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return handed_over(answer.stdout)


if __name__ == "__main__":
    sys.exit(main())
