"""What django-q2 calls. Arguments are ids only; losing a task loses nothing."""

from __future__ import annotations

from integrations.core.alerts import mail as _mail
from integrations.core.engine import collect as _collect
from integrations.core.engine import drain as _drain
from integrations.core.engine import erase as _erase
from integrations.core.engine import report as _report
from integrations.core.engine import retention as _retention
from integrations.core.engine import sweep as _sweep


def drain(connection_id: int) -> None:
    _drain.drain(connection_id)


def collect(run_id: int) -> None:
    _collect.collect(run_id)


def report(run_id: int) -> None:
    _report.report(run_id)


def mail_alerts(connection_id: int) -> None:
    _mail.send_due(connection_id)


def erase(erasure_id: int) -> None:
    _erase.erase(erasure_id)


def load_file(import_id: int) -> None:
    # Here, as the library that reads the files takes memory, and most workers never need it.
    from integrations.core.imports.work import work

    work(import_id)


def sweep() -> None:
    _sweep.sweep()


def retain() -> None:
    _retention.retain()
