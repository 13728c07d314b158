"""What django-q2 calls. Losing a task loses nothing: the minute finds what is to be done."""

from __future__ import annotations

from integrations.sources.cdp import definitions as _definitions
from integrations.sources.cdp import passing as _passing
from integrations.sources.cdp import recalculation as _recalculation
from integrations.sources.cdp import scratch as _scratch


def calculate(kind: str, pk: int) -> None:
    _scratch.calculate(kind, pk)


def every_minute() -> None:
    _definitions.recheck()
    _passing.pass_time()
    _recalculation.ask_for_unfinished()
