"""A thread that does one kind of work in order, started by the first piece of it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Worker(Generic[T]):
    """`work` is called for each piece; once closed, what is left stays undone."""

    def __init__(self, name: str, work: Callable[[T], None]) -> None:
        self.name = name
        self.work = work
        self.closed = threading.Event()
        self._queue: queue.Queue[T | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, piece: T) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
        self._queue.put(piece)

    def close(self) -> None:
        self.closed.set()
        self._queue.put(None)

    def _run(self) -> None:
        while (piece := self._queue.get()) is not None and not self.closed.is_set():
            try:
                self.work(piece)
            except Exception:
                logger.exception("%s failed", self.name)
