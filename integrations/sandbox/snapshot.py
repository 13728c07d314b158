"""Keeps the practice vendors' state in one JSON file: atomic, a moment after the last change, and at exit."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

QUIET_SECONDS = 0.5
CHUNK = 500

# account path ("leadsquared/source") -> sections
State = dict[str, dict[str, Any]]


class Snapshot:
    """Writes `dump()` to `path` when told of a change. Without a path it does nothing."""

    def __init__(self, path: Path | None, dump: Callable[[], State]) -> None:
        self.path = path
        self.dump = dump
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-snapshot", daemon=True)

    def read(self) -> State:
        if self.path is None or not self.path.exists():
            return {}
        with self.path.open(encoding="utf-8") as file:
            state: State = json.load(file)
        return state

    def start(self) -> None:
        if self.path is not None:
            self._thread.start()

    def changed(self) -> None:
        self._changed.set()

    def stop(self) -> None:
        if self.path is None or not self._thread.is_alive():
            return
        self._stop.set()
        self._changed.set()
        self._thread.join()
        self.write()

    def _run(self) -> None:
        while True:
            self._changed.wait()
            if self._stop.wait(QUIET_SECONDS):
                return
            self._changed.clear()
            self.write()

    def write(self) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
        ) as file:
            file.writelines(written(self.dump()))
        Path(file.name).replace(self.path)


def written(state: State) -> Iterator[str]:
    """The JSON of a state, lists in chunks: one dumps() of 100,000 leads would hold every other thread for a second."""
    yield "{"
    for at, (name, sections) in enumerate(state.items()):
        yield f"{',' if at else ''}{json.dumps(name)}:{{"
        for number, (section, value) in enumerate(sections.items()):
            yield f"{',' if number else ''}\n{json.dumps(section)}:"
            yield from written_list(value) if isinstance(value, list) else [json.dumps(value)]
        yield "}"
    yield "}\n"


def written_list(rows: list[Any]) -> Iterator[str]:
    yield "["
    left = iter(rows)
    separator = ""
    while chunk := list(islice(left, CHUNK)):
        yield separator + json.dumps(chunk)[1:-1]
        separator = ",\n"
    yield "]"
