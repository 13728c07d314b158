"""Figures as they are handed from a benchmark's process to the command, and printed as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured value; `at_least` or `at_most` is its target, if it has one."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    @property
    def verdict(self) -> str:
        return "" if not self.target else "met" if self.met else "MISSED"


def spread(values: Sequence[float]) -> str:
    """The median's company: smallest and largest of how many."""
    return f"{min(values):.3g}–{max(values):.3g}, {len(values)} runs"


def middle(name: str, values: Sequence[float], unit: str, **target: float) -> Figure:
    """A figure from several runs."""
    return Figure(name, median(values), unit, note=spread(values), **target)  # type: ignore[arg-type]


def progress(text: str) -> None:
    """For whoever waits; not part of the result."""
    print(f"  … {text}", file=sys.stderr, flush=True)


def hand_over(figures: Iterable[Figure]) -> None:
    """The last thing a benchmark's process prints."""
    print(json.dumps([asdict(figure) for figure in figures]))


def handed_over(output: str) -> list[Figure]:
    return [Figure(**values) for values in json.loads(output.strip().splitlines()[-1])]


def show(title: str, figures: Sequence[Figure]) -> None:
    width = max(len(figure.name) for figure in figures)
    print(f"\n{title}")
    for figure in figures:
        value = f"{figure.value:,.3g}" if abs(figure.value) < 100 else f"{figure.value:,.0f}"
        print(
            f"  {figure.name:<{width}}  {value:>8} {figure.unit:<22} {figure.target:<7} {figure.verdict:<7} "
            f"{figure.note}".rstrip()
        )
