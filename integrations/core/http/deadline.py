"""A total deadline for a call. A socket's own timeout starts anew with every byte; this one doesn't.

One watchdog thread per process shuts the socket of a call that outlives its deadline; the reading thread then sees
the end of the stream. Registering a call costs a heap push; finished calls are thrown away when their time comes.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count


class Ticket:
    """One call's right to a socket until `deadline` (time.monotonic)."""

    __slots__ = ("_done", "_lock", "_sock", "alive", "deadline", "expired", "reused")

    def __init__(self, deadline: float, alive: Callable[[], bool]) -> None:
        self.deadline = deadline
        self.alive = alive  # whether the worker may still send
        self.expired = False
        self.reused = False  # the call went out on a kept-alive connection, which the other side may have just closed
        self._done = False
        self._sock: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether nothing is left to guard."""
        return self._done or self.expired

    def hold(self, sock: socket.socket) -> None:
        """Note the socket the call now uses. Raises TimeoutError when the deadline has already passed."""
        with self._lock:
            self._sock = sock
            if not self.expired:
                return
        _shut(sock)
        raise TimeoutError("the call's deadline has passed")

    def detach(self) -> None:
        """The socket goes back to the pool: from now on it is safe from this call's deadline."""
        with self._lock:
            self._sock = None

    def finish(self) -> None:
        """The call is over. The watchdog keeps the ticket until its time comes, but not the records `alive` knows."""
        with self._lock:
            self._done = True
            self._sock = None
            self.alive = _nobody

    def expire(self) -> None:
        with self._lock:
            if self._done:
                return
            self.expired = True
            sock, self._sock = self._sock, None
            if sock is not None:
                _shut(sock)


def _nobody() -> bool:
    return False


def _shut(sock: socket.socket) -> None:
    # The plain socket's method: SSLSocket.shutdown would drop the TLS object from under the reading thread. The
    # descriptor is closed by its owner, as closing it here could hit whoever got the same number next.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Watchdog:
    """Expires tickets at their deadline, from one daemon thread that starts with the first ticket."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._tickets: list[tuple[float, int, Ticket]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def add(self, ticket: Ticket) -> None:
        with self._changed:
            sooner = not self._tickets or ticket.deadline < self._tickets[0][0]
            heapq.heappush(self._tickets, (ticket.deadline, next(self._numbers), ticket))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call-deadlines", daemon=True)
                self._thread.start()
            elif sooner:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._next().expire()

    def _next(self) -> Ticket:
        """Wait for the next ticket whose time has come."""
        with self._changed:
            while True:
                while self._tickets and self._tickets[0][2].over:
                    heapq.heappop(self._tickets)
                wait = self._tickets[0][0] - time.monotonic() if self._tickets else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._tickets)[2]
                self._changed.wait(wait)


class _Current(threading.local):
    ticket: Ticket | None = None


current = _Current()  # the call of this thread; the connection that carries it looks here
_watchdog = Watchdog()


def _after_fork() -> None:
    # The parent's thread does not exist here, and its lock may be held for ever.
    global _watchdog
    _watchdog = Watchdog()


os.register_at_fork(after_in_child=_after_fork)


@contextlib.contextmanager
def deadline(seconds: float, alive: Callable[[], bool] = lambda: True) -> Iterator[Ticket]:
    """Bound every connection used inside the block, in this thread, to `seconds` in total; `alive` is asked before
    anything leaves."""
    ticket = Ticket(time.monotonic() + seconds, alive)
    _watchdog.add(ticket)
    current.ticket = ticket
    try:
        yield ticket
    finally:
        current.ticket = None
        ticket.finish()
